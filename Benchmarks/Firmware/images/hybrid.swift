import CFirmware
import Noise
import Primitives
import Schemes

/// Noise_IKpsk2 to the server; the pre-shared key is the derived key.
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
  var psk = SymmetricKey()
  psk.copy(from: Provision.symmetricKey.bytes)
  guard var handshake = try? HybridHandshake(role: .initiator) else { fail(2) }
  var sending = CipherState<ChaChaPoly>()
  var receiving = CipherState<ChaChaPoly>()
  handshake.setStaticSharedSecret(shared)
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    return try handshake.writeHello(key: key, psk: psk, serverKey: Provision.serverKey, into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), sending: &sending, receiving: &receiving)
  }
  handshake.close()
  key.wipe()
  shared.wipe()
  psk.wipe()
  exchange(&sending, &receiving)
}
