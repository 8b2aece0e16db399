// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

extension [UInt8] {
  /// Lower-case hexadecimal digits.
  var hexadecimal: String {
    let digits = Array<UInt8>("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The first bytes as digits, and how many there are in all.
  var digest: String {
    count <= 24 ? hexadecimal : [UInt8](prefix(24)).hexadecimal + "... (\(count) bytes)"
  }

  static func random(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableBytes
    fillWithRandomBytes(&span)
    return bytes
  }

  func contains(sequence: [UInt8]) -> Bool {
    guard !sequence.isEmpty, count >= sequence.count else { return sequence.isEmpty }
    return (0...count - sequence.count).contains { self[$0..<$0 + sequence.count].elementsEqual(sequence) }
  }

  var text: String { String(decoding: self, as: UTF8.self) }
}

extension Bytes {
  var array: [UInt8] { [UInt8](copying: bytes) }
}

extension Certificate {
  /// The form that a handshake carries.
  var handshakeBytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: encodedHandshakeLength)
    var span = bytes.mutableBytes
    encodeForHandshake(into: &span)
    return bytes
  }

  /// The standalone form.
  var standaloneBytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension DeviceAddress {
  var words: String { "device \(device.rawValue) of system \(system.rawValue)" }
}

/// A key of the server as bytes: an object's property lends no span, an argument does.
func keyBytes(of key: borrowing SecretBytes<32>) -> [UInt8] { [UInt8](copying: key.bytes) }
func keyBytes(of key: borrowing X25519.PrivateKey) -> [UInt8] { [UInt8](copying: key.secretBytes) }

/// A record that a device sends, as bytes.
func encoded(_ record: borrowing DeviceRecord) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: record.encodedLength)
  var span = bytes.mutableBytes
  _ = record.encode(into: &span)
  return bytes
}

/// A record that the server sends, as bytes.
func encoded(_ record: borrowing ServerRecord) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: record.encodedLength)
  var span = bytes.mutableBytes
  _ = record.encode(into: &span)
  return bytes
}

/// HKDF keys of the derived schemes, as arrays.
enum Derivation {
  static func system(_ system: SystemID, master: [UInt8]) throws -> [UInt8] {
    var key = SecretBytes<32>()
    DerivedKeys<Hash.SHA256>.system(system, root: try SecretBytes<32>(copying: master), into: &key)
    return [UInt8](copying: key.bytes)
  }

  /// The first key of a system whose devices all share it.
  static func shared(_ system: SystemID, master: [UInt8]) throws -> [UInt8] {
    let system = try SecretBytes<32>(copying: try self.system(system, master: master))
    var key = SecretBytes<32>()
    DerivedKeys<Hash.SHA256>.shared(generation: 1, system: system, into: &key)
    return [UInt8](copying: key.bytes)
  }

  static func device(
    _ address: DeviceAddress, generation: Generation, rotationInput: [UInt8] = [], master: [UInt8]
  ) throws -> [UInt8] {
    let system = try SecretBytes<32>(copying: try system(address.system, master: master))
    var key = SecretBytes<32>()
    DerivedKeys<Hash.SHA256>.device(
      address.device, generation: generation, rotationInput: rotationInput.bytes, system: system, into: &key)
    return [UInt8](copying: key.bytes)
  }

  /// The key of the ratchet's pseudonyms, fixed at assembly.
  static func name(for address: DeviceAddress, master: [UInt8]) throws -> [UInt8] {
    try device(address, generation: 1, master: master)
  }

  static func ratchet(_ key: [UInt8], steps: UInt32 = 1) throws -> [UInt8] {
    var key = try SecretBytes<32>(copying: key)
    for _ in 0..<steps { DerivedKeys<Hash.SHA256>.ratchet(&key) }
    return [UInt8](copying: key.bytes)
  }

  static func publicKey(_ privateKey: [UInt8]) throws -> X25519.PublicKey {
    try X25519.PrivateKey(copying: privateKey).publicKey
  }
}
