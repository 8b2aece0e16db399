// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

extension GroupKey {
  /// 25 decimal digits in five groups, which a person compares on every machine before the key is used. They cover the key, the shares
  /// and the ceremony's transcript, and with it every party's static key.
  ///
  /// Nobody can search for two ceremonies with one fingerprint, because each party is held to its announcement before it sees the
  /// others': a party in the middle has one chance in 10^25 each time.
  public var fingerprint: String {
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold fingerprint")
    hash.update(encoded.bytes)
    let digest = hash.digest()
    // The first 16 bytes modulo 10^25, five digits at a time from the end.
    var number = (0..<16).map { UInt32(digest[$0]) }
    var groups: [String] = []
    for _ in 0..<5 {
      var rest: UInt32 = 0
      for index in number.indices {
        let dividend = rest << 8 | number[index]
        number[index] = dividend / 100_000
        rest = dividend % 100_000
      }
      let digits = String(rest)
      groups.append(String(repeating: "0", count: 5 - digits.count) + digits)
    }
    return groups.reversed().joined(separator: " ")
  }
}
