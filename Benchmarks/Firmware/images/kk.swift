// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Noise
import CountersignCrypto
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
  var handshake = initiator()
  var keys = SessionKeys()
  handshake.setStatic(key, server: Provision.serverKey)
  handshake.setStaticSharedSecret(shared)
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    let hint = RoutingHint.bytes(of: key.publicKey)
    return try handshake.writeHello(hint: hint.bytes, into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), keys: &keys)
  }
  handshake.close()
  key.wipe()
  shared.wipe()
  exchange(&keys)
}

/// Not inlined: the pattern's place on the stack is free again afterwards.
@inline(never)
private func initiator() -> Initiator { Initiator(.compactKK, pattern: .KK) }
