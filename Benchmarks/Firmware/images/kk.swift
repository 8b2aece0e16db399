import CFirmware
import Noise
import Primitives
import Schemes

/// Noise_KK to the server, behind a routing hint: the smallest frames with public keys.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

private func session() {
  var key = X25519.PrivateKey()
  Provision.load(&key)
  var shared = SecretBytes<32>()
  Provision.agree(key, into: &shared)
  var handshake = CompactHandshake(role: .initiator)
  var sending = CipherState<ChaChaPoly>()
  var receiving = CipherState<ChaChaPoly>()
  handshake.setStaticSharedSecret(shared)
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    return try handshake.writeHello(key: key, serverKey: Provision.serverKey, into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), sending: &sending, receiving: &receiving)
  }
  handshake.close()
  key.wipe()
  shared.wipe()
  exchange(&sending, &receiving)
}
