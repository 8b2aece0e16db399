// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import FleetSupport
import CountersignCrypto
import TestSeed
import Wire

/// A master key that no test shares with another.
final class Master {
  let key: MasterKey

  init(_ seed: UInt8 = 0x4D) throws {
    let bytes = [UInt8](repeating: seed, count: 32)
    key = try MasterKey(seed: bytes.bytes)
  }

  var publicKey: MasterPublicKey { key.publicKey }

  func fields(
    system: UInt32 = 1, device: UInt64 = 0x0011_2233_4455_6677, generation: Generation = 1, lastEpoch: Epoch = 20
  ) -> CertificateFields {
    key.fields(
      for: DeviceAddress(system: SystemID(system), device: DeviceID(device)), generation: generation,
      lastEpoch: lastEpoch)
  }

  func injected(_ fields: CertificateFields? = nil) throws -> IdentityCredential {
    var privateKey = X25519.PrivateKey()
    return try key.issueInjected(fields ?? self.fields(), into: &privateKey)
  }
}

extension IdentityCredential {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension BlindedCredential {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension MisissuanceEvidence {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension Edwards25519.Scalar {
  static func drawn(_ generator: inout SeededGenerator) -> Edwards25519.Scalar {
    let wide = generator.bytes(64)
    var scalar = Edwards25519.Scalar()
    scalar.reduce(wide.bytes)
    return scalar
  }

  static func number(_ value: UInt8) -> Edwards25519.Scalar {
    var wide = [UInt8](repeating: 0, count: 64)
    wide[0] = value
    var scalar = Edwards25519.Scalar()
    scalar.reduce(wide.bytes)
    return scalar
  }

  /// -1, that is L - 1.
  static var minusOne: Edwards25519.Scalar {
    let bytes: [UInt8] = [
      0xEC, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0,
      0,
      0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    var scalar = Edwards25519.Scalar()
    try! scalar.load(bytes.bytes)
    return scalar
  }

  mutating func subtract(_ other: borrowing Edwards25519.Scalar) {
    var negative = Edwards25519.Scalar.minusOne
    negative.multiply(by: other)
    add(negative)
  }

  /// The inverse by Fermat's little theorem: the power L - 2.
  var inverse: Edwards25519.Scalar {
    var exponent = Edwards25519.Scalar.minusOne
    let one = Edwards25519.Scalar.number(1)
    exponent.subtract(one)
    let bits = [UInt8](copying: exponent.bytes)
    var result = Edwards25519.Scalar.number(1)
    for index in (0..<253).reversed() {
      var square = Edwards25519.Scalar()
      square.copy(from: result)
      result.multiply(by: square)
      if bits[index / 8] >> UInt8(index % 8) & 1 == 1 { result.multiply(by: self) }
    }
    return result
  }

  var array: [UInt8] { [UInt8](copying: bytes) }
}
