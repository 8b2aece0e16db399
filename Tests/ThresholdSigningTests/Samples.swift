// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

@testable import ThresholdSigning

extension Participant {
  static func number(_ number: UInt16) -> Participant { Participant(number)! }
}

extension String {
  var hex: [UInt8] {
    let digits = Array(utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
  }

  func fixedBytes<let count: Int>() throws -> Bytes<count> { try Bytes(copying: hex) }

  func scalar() throws -> SecretScalar {
    let scalar = SecretScalar()
    try scalar.value.load(hex.bytes)
    return scalar
  }
}

extension NonceCommitments {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension SignatureShare {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }

  /// The same with another number than its signer's.
  func adding(_ number: UInt64) throws -> SignatureShare {
    let sum = SecretScalar()
    let summand = SecretScalar()
    try sum.value.load(z.bytes)
    summand.value.set(number)
    sum.value.add(summand.value)
    return try SignatureShare(participant: participant, z: Bytes(copying: sum.value))
  }
}

/// Encodings that are no point of the prime-order group, or the neutral one.
enum BadPoint: String, CaseIterable {
  case neutral = "0100000000000000000000000000000000000000000000000000000000000000"
  case neutralNotCanonical = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
  case neutralWithSign = "0100000000000000000000000000000000000000000000000000000000000080"
  case order2 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
  case order4 = "0000000000000000000000000000000000000000000000000000000000000000"
  case order8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
  case order8too = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
  /// -B + (0, -1): a libsodium without the correction of CVE-2025-69277 takes it for a point of the group.
  case order2L = "9599999999999999999999999999999999999999999999999999999999999999"
  case notOnTheCurve = "0200000000000000000000000000000000000000000000000000000000000000"
  case allOnes = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

  var bytes: [UInt8] { rawValue.hex }
}

/// A number below L and the same plus L.
func addingOrder(_ bytes: [UInt8]) -> [UInt8] {
  let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010".hex
  var carry: UInt16 = 0
  return zip(bytes, order).map { a, b in
    let sum = UInt16(a) + UInt16(b) + carry
    carry = sum >> 8
    return UInt8(truncatingIfNeeded: sum)
  }
}

extension CeremonyParty {
  /// What it will announce, before it may be told.
  var announcementForTests: [UInt8] { own!.encoded }

  func shareForTests(_ receiver: Participant) throws -> [UInt8] {
    let value = SecretScalar()
    polynomial!.addValue(at: receiver, to: &value.value)
    return [UInt8](copying: Bytes<32>(copying: value.value).bytes)
  }
}

extension String {
  /// A small number as 32 bytes, little-endian.
  var padded: String { self + String(repeating: "00", count: 32 - count / 2) }
}
