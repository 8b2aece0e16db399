import CFirmware
import Noise
import Primitives
import Schemes

/// Noise_NNpsk0 to the server under the derived key.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

private func session() {
  var psk = SymmetricKey()
  psk.copy(from: Provision.symmetricKey.bytes)
  guard var handshake = try? EphemeralHandshake(role: .initiator) else { fail(2) }
  var sending = CipherState<ChaChaPoly>()
  var receiving = CipherState<ChaChaPoly>()
  let length = measure("write-1") { () throws(SchemesError) in
    let pseudonym = Pseudonym<SHA256>.make(for: 3, key: psk)
    var target = frame.mutableBytes
    return try handshake.writeHello(key: psk, pseudonym: pseudonym, into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), sending: &sending, receiving: &receiving)
  }
  handshake.close()
  psk.wipe()
  exchange(&sending, &receiving)
}
