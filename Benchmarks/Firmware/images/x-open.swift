// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Wire

/// Opens a message of 64 bytes that was sealed while this device slept, and verifies its sender's certificate.
///
/// The page: the identity, then the sender's address: system (4), device (8).
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

/// What a frame has beyond the 80 bytes of keys and tags.
nonisolated(unsafe) private var text = Bytes<176>()

private func session() {
  var identity = DeviceIdentity()
  load(&identity)
  let opened = open(identity)
  measure("verify") { () throws(CredentialsError) in
    try identity.trust.verify(opened.certificate, isInitiator: true)
  }
  identity.clear()
  text.bytes.extracting(0..<opened.textLength).withUnsafeBytes { report("text", $0.baseAddress, $0.count) }
}

/// Not inlined: what opening needs has to be free again when the certificate is verified.
@inline(never)
private func open(_ identity: borrowing DeviceIdentity) -> SealedMessage.Opened {
  var reader = ByteReader(Storage.bytes(DeviceIdentity.encodedLength, 12))
  guard let mine = identity.certificate, let sender = try? DeviceAddress(&reader) else { fail(2) }
  let length = receive()
  return measure("read-1") { () throws(DeviceError) in
    var target = text.mutableBytes
    return try SealedMessage.open(
      frame.bytes.extracting(0..<length), from: sender, with: identity.slotA.key, certificate: mine, into: &target)
  }
}
