// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Noise
import CountersignCrypto
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
  var psk = SecretBytes<32>()
  psk.copy(from: Provision.symmetricKey.bytes)
  var handshake = Initiator(.hybridIKpsk2, pattern: .IKpsk2)
  var keys = SessionKeys()
  handshake.setStatic(key, server: Provision.serverKey)
  handshake.setStaticSharedSecret(shared)
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    try handshake.setPSK(psk)
    return try handshake.writeHello(into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), keys: &keys)
  }
  handshake.close()
  key.wipe()
  shared.wipe()
  psk.wipe()
  exchange(&keys)
}
