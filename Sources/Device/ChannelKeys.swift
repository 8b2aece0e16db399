// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records

/// The keys that follow from a channel's opening, on both sides.
enum ChannelKeys {
  /// D = HMAC(X, "requests").
  static func requests(export: borrowing SecretBytes<32>, into key: inout SecretBytes<32>) {
    derive(from: export, "requests", RawSpan(), into: &key)
  }

  /// The key under which one instance seals its requests: HMAC(D, instance).
  static func instance(_ instance: InstanceID, requests: borrowing SecretBytes<32>, into key: inout SecretBytes<32>) {
    derive(from: requests, "", instance.bytes, into: &key)
  }

  /// K'_0 = HMAC(X, "wake" || T).
  static func wake(_ session: Bytes<8>, export: borrowing SecretBytes<32>, into key: inout SecretBytes<32>) {
    derive(from: export, "wake", session.bytes, into: &key)
  }

  @inline(never)
  private static func derive(
    from secret: borrowing SecretBytes<32>, _ label: StaticString, _ rest: RawSpan, into key: inout SecretBytes<32>
  ) {
    var code = Hash.HMAC<Hash.SHA256>(key: secret.bytes)
    code.update(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
    code.update(rest)
    var target = key.mutableBytes
    code.finalize(into: &target)
  }
}
