// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Testing
import Wire

@Suite("Keys derived from the root")
struct DerivedKeysTests {
  typealias Keys = DerivedKeys<Hash.SHA256>

  private func device(_ id: UInt64, _ generation: Generation, _ rotation: [UInt8] = []) throws -> [UInt8] {
    let system = try SecretBytes<32>(copying: [UInt8](repeating: 1, count: 32).bytes)
    var key = SecretBytes<32>()
    Keys.device(DeviceID(id), generation: generation, rotationInput: rotation.bytes, system: system, into: &key)
    return [UInt8](copying: key.bytes)
  }

  @Test("Device, generation, rotation input and system each change the key")
  func separation() throws {
    let input = [UInt8](repeating: 9, count: 32)
    let keys = [
      try device(1, 1), try device(2, 1), try device(1, 2), try device(1, 1, input), try device(1, 1, [9]),
    ]
    #expect(Set(keys).count == keys.count)
    #expect(try device(1, 1) == device(1, 1))
    var a = SecretBytes<32>()
    var b = SecretBytes<32>()
    let root = SecretBytes<32>.random()
    Keys.system(SystemID(1), root: root, into: &a)
    Keys.system(SystemID(2), root: root, into: &b)
    let isSame = constantTimeEquals(a.bytes, b.bytes)
    #expect(!isSame)
  }

  /// RFC 7914, section 11: PBKDF2-HMAC-SHA-256 of "passwd", "salt", 1 iteration. Our input is a key of 32 bytes, and HMAC pads
  /// shorter keys with zeros, so the published password stands with zeros behind it.
  @Test("PBKDF2 equals the published vectors")
  func pbkdf2() throws {
    var password = Array("passwd".utf8)
    password += [UInt8](repeating: 0, count: 32 - password.count)
    let system = try SecretBytes<32>(copying: password.bytes)
    var key = SecretBytes<32>()
    Keys.stretched(system: system, salt: Array("salt".utf8).bytes, iterations: 1, into: &key)
    #expect(
      [UInt8](copying: key.bytes).prefix(8) == [0x55, 0xAC, 0x04, 0x6E, 0x56, 0xE3, 0x08, 0x9F])
    var long = Array("Password".utf8)
    long += [UInt8](repeating: 0, count: 32 - long.count)
    let second = try SecretBytes<32>(copying: long.bytes)
    Keys.stretched(system: second, salt: Array("NaCl".utf8).bytes, iterations: 80_000, into: &key)
    #expect(
      [UInt8](copying: key.bytes).prefix(8) == [0x4D, 0xDC, 0xD8, 0xF6, 0x0B, 0x98, 0xBE, 0x21])
  }

  @Test("A pseudonym changes with the epoch and with the key")
  func pseudonym() {
    let key = SecretBytes<32>.random()
    let names = (0..<50).map { Pseudonym<Hash.SHA256>.make(for: Epoch($0), key: key) }
    #expect(Set(names).count == 50)
    #expect(names[3] == Pseudonym<Hash.SHA256>.make(for: 3, key: key))
    #expect(names[3] != Pseudonym<Hash.SHA256>.make(for: 3, key: .random()))
  }

  @Test("A ratchet catches up over lost frames, never goes back, and does not follow for ever")
  func ratchet() throws {
    let start = SecretBytes<32>.random()
    var server = RatchetState(key: start)
    var device = SecretBytes<32>()
    device.copy(from: start.bytes)
    for _ in 0..<5 { Keys.ratchet(&device) }
    var found = SecretBytes<32>()
    try server.key(at: 5, Hash.SHA256.self, into: &found)
    var isSame = constantTimeEquals(found.bytes, device.bytes)
    #expect(isSame)
    // Nothing has been confirmed: the same hello can be answered again.
    try server.key(at: 5, Hash.SHA256.self, into: &found)
    server.confirm(5, key: found)
    #expect(throws: SchemesError.staleCounter) { try server.key(at: 5, Hash.SHA256.self, into: &found) }
    #expect(throws: SchemesError.counterTooFarAhead) {
      try server.key(at: 5 + RatchetState.stepsAtOnce + 1, Hash.SHA256.self, into: &found)
    }
    #expect(throws: SchemesError.counterTooFarAhead) { try server.key(at: .max, Hash.SHA256.self, into: &found) }
    Keys.ratchet(&device)
    try server.key(at: 6, Hash.SHA256.self, into: &found)
    isSame = constantTimeEquals(found.bytes, device.bytes)
    #expect(isSame)

    // Step by step, as far as it takes.
    let far = 6 + RatchetState.stepsAtOnce + 10
    for _ in 6..<far { Keys.ratchet(&device) }
    var place = RatchetState(copying: server)
    place.advance(by: 11, Hash.SHA256.self)
    #expect(place.step == 16)
    try place.key(at: far, Hash.SHA256.self, into: &found)
    isSame = constantTimeEquals(found.bytes, device.bytes)
    #expect(isSame)
  }
}
