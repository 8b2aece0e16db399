// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Noise
import CountersignCrypto
import Schemes

/// Noise_NNpsk0 to the server under the derived key.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

private func session() {
  var psk = SecretBytes<32>()
  psk.copy(from: Provision.symmetricKey.bytes)
  var handshake = Initiator(.derivedKeyEphemeral, pattern: .NNpsk0)
  var keys = SessionKeys()
  let length = measure("write-1") { () throws(SchemesError) in
    let pseudonym = Pseudonym<Hash.SHA256>.make(for: 3, key: psk)
    var target = frame.mutableBytes
    try handshake.setPSK(psk)
    return try handshake.writeHello(hint: pseudonym.bytes.extracting(0..<RoutingHint.length), into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), keys: &keys)
  }
  handshake.close()
  psk.wipe()
  exchange(&keys)
}
