// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto
  import Foundation
  import IdentityEncryption
  import TestSeed
  import Wire

  func hex(_ span: RawSpan) -> String {
    [UInt8](copying: span).map { String(format: "%02x", $0) }.joined()
  }

  func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
  }

  /// An issuer whose seed is 32 times this byte.
  func issuer(_ seed: UInt8 = 0x49) throws -> IBE.MasterKey {
    let bytes = [UInt8](repeating: seed, count: 32)
    return try IBE.MasterKey(seed: bytes.bytes)
  }

  func identity(
    system: UInt32 = 1, device: UInt64 = 0x0011_2233_4455_6677, epochs: ClosedRange<Epoch> = 10...20
  ) -> IBE.Identity {
    IBE.Identity(DeviceAddress(system: SystemID(system), device: DeviceID(device)), epochs: epochs)
  }

  extension IBE.MasterKey {
    func extracted(_ identity: IBE.Identity) -> [UInt8] {
      var key = SecretBytes<96>()
      extract(identity, into: &key)
      return [UInt8](copying: key.bytes)
    }

    func deviceKey(_ identity: IBE.Identity) throws(IBEError) -> IBE.DeviceKey {
      let encoded = extracted(identity)
      return try IBE.DeviceKey(decoding: encoded.bytes, of: identity, from: publicKey)
    }
  }

  func sealed(
    _ text: [UInt8], to identity: IBE.Identity, under issuer: IBE.MasterPublicKey, _ data: [UInt8] = []
  ) throws -> [UInt8] {
    var message = [UInt8](repeating: 0, count: text.count + IBE.overhead)
    var target = message.mutableBytes
    try IBE.seal(text.bytes, to: identity, under: issuer, authenticating: data.bytes, into: &target)
    return message
  }

  extension IBE.Combination {
    mutating func add(_ partialKey: [UInt8], from holder: UInt8) throws(IBEError) {
      try add(partialKey.bytes, from: holder)
    }
  }

  extension IBE.DeviceKey {
    func opened(_ message: [UInt8], _ data: [UInt8] = []) throws -> [UInt8] {
      var text = [UInt8](repeating: 0, count: max(0, message.count - IBE.overhead))
      var target = text.mutableBytes
      try open(message.bytes, authenticating: data.bytes, into: &target)
      return text
    }

    func decapsulated(_ encapsulation: [UInt8]) throws -> String {
      var key = SecretBytes<32>()
      try decapsulate(encapsulation.bytes, into: &key)
      return hex(key.bytes)
    }
  }
#endif
