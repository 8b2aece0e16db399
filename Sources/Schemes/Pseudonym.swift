// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// A name for a device that changes with every epoch: Trunc64(PRF(K_device, epoch)). It lets the server find the key of a
/// device that has no public key to hide behind, without letting an eavesdropper follow the device over epochs.
public enum Pseudonym<H: Hash.Function> {
  public static var length: Int { 8 }

  public static func make(for epoch: Epoch, key: borrowing SecretBytes<32>) -> Bytes<8> {
    var code = SecretBytes<64>()
    defer { code.wipe() }
    var bytes = code.mutableBytes
    var mac = Hash.HMAC<H>(key: key.bytes)
    mac.updateLabel("countersign-v1 pseudonym")
    var encoded = Bytes<2>()
    encoded[0] = UInt8(truncatingIfNeeded: epoch >> 8)
    encoded[1] = UInt8(truncatingIfNeeded: epoch)
    mac.update(encoded.bytes)
    mac.finalize(into: &bytes)
    var result = Bytes<8>()
    var target = result.mutableBytes
    copyBytes(bytes.bytes.extracting(0..<8), to: &target)
    return result
  }
}

extension Hash.HMAC {
  mutating func updateLabel(_ label: StaticString) {
    update(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
  }
}
