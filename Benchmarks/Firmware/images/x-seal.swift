// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Credentials
import Device
import Noise
import CountersignCrypto
import Wire
import Records

/// A message of 64 bytes to a device that is asleep: its certificate verified, then Noise_X.
///
/// The page: the identity, then the recipient's certificate (116).
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

private func session() {
  var identity = DeviceIdentity()
  load(&identity)
  guard let mine = identity.certificate,
    let recipient = try? Certificate(decoding: Storage.bytes(DeviceIdentity.encodedLength, 116))
  else { fail(2) }
  measure("verify") { () throws(CredentialsError) in try identity.trust.verify(recipient, isInitiator: false) }
  let text = Bytes<64>()
  let length = measure("write-1") { () throws(DeviceError) in
    let id = try identity.nextMessageID()
    var target = frame.mutableBytes
    return try SealedMessage.seal(
      text.bytes, id: id, from: identity.slotA.key, certificate: mine, to: recipient, into: &target)
  }
  send(length)
  identity.clear()
}
