// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto
  import IdentityEncryption
  import TestSeed
  import Testing

  @Suite("Sealing to an identity")
  final class SealingTests {
    let master = try! issuer()

    @Test("what is sealed is opened, whatever its length")
    func lengths() throws {
      var generator = SeededGenerator(for: "lengths")
      let device = try master.deviceKey(identity())
      for length in [0, 1, 63, 64, 65, 1_000, 64_000] {
        let text = generator.bytes(length)
        let data = generator.bytes(length % 7)
        let message = try sealed(text, to: identity(), under: master.publicKey, data)
        #expect(message.count == length + 96)
        #expect(try device.opened(message, data) == text)
      }
    }

    @Test("one byte more than the limit is refused, on both sides")
    func tooLong() throws {
      let text = [UInt8](repeating: 0, count: 64_001)
      #expect(throws: IBEError.messageTooLong(limit: 64_000)) {
        try sealed(text, to: identity(), under: master.publicKey)
      }
      // Sealed by someone who keeps to no limit.
      var key = SecretBytes<32>()
      var message = [UInt8](repeating: 0, count: text.count + IBE.overhead)
      var target = message.mutableBytes
      IBE.encapsulate(to: identity(), under: master.publicKey, key: &key, into: &target)
      var body = target.suffix(from: IBE.encapsulationLength)
      Cipher.ChaChaPoly.seal(text.bytes, into: &body, key: key.bytes, nonce: 0, authenticating: RawSpan())
      let device = try master.deviceKey(identity())
      #expect(throws: IBEError.cannotOpen) { try device.opened(message) }
    }

    @Test("no two messages have anything in common")
    func fresh() throws {
      let text = [UInt8](repeating: 0, count: 100)
      let first = try sealed(text, to: identity(), under: master.publicKey)
      let second = try sealed(text, to: identity(), under: master.publicKey)
      #expect(first[..<48] != second[..<48] && first[48..<80] != second[48..<80] && first[80...] != second[80...])
    }

    @Test("another id, another system, another range of epochs, another issuer: none of them opens it")
    func wrongIdentity() throws {
      let text: [UInt8] = [1, 2, 3]
      let message = try sealed(text, to: identity(), under: master.publicKey)
      let others = [
        identity(device: 0x0011_2233_4455_6676), identity(system: 2), identity(epochs: 10...21),
        identity(epochs: 11...20), identity(epochs: 21...30),
      ]
      for other in others {
        let device = try master.deviceKey(other)
        #expect(throws: IBEError.cannotOpen) { try device.opened(message) }
      }
      let device = try issuer(0x4A).deviceKey(identity())
      #expect(throws: IBEError.cannotOpen) { try device.opened(message) }
      #expect(try master.deviceKey(identity()).opened(message) == text)
    }

    @Test(
      "what was changed in any byte does not open, and leaves nothing of the text"
    )
    func tampered() throws {
      var generator = SeededGenerator(for: "tampered")
      let text = generator.bytes(40)
      let data = generator.bytes(5)
      let device = try master.deviceKey(identity())
      let message = try sealed(text, to: identity(), under: master.publicKey, data)
      for index in message.indices {
        var changed = message
        changed[index] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        var output = [UInt8](repeating: 0, count: 40)
        var target = output.mutableBytes
        #expect(throws: IBEError.cannotOpen) {
          try device.open(changed.bytes, authenticating: data.bytes, into: &target)
        }
        #expect(output == [UInt8](repeating: 0, count: 40))
      }
      // The three flags of U, of which the sign leads to another point of the group.
      for bit in 5...7 {
        var changed = message
        changed[0] ^= 1 << UInt8(bit)
        #expect(throws: IBEError.cannotOpen) { try device.opened(changed, data) }
      }
      #expect(throws: IBEError.cannotOpen) { try device.opened(message, data + [0]) }
      #expect(throws: IBEError.cannotOpen) { try device.opened(message, []) }
      #expect(throws: IBEError.cannotOpen) { try device.opened(message + [0], data) }
      #expect(throws: IBEError.cannotOpen) { try device.opened([UInt8](message.dropLast()), data) }
      for length in [0, 47, 48, 79, 80, 95] {
        #expect(throws: IBEError.cannotOpen) { try device.opened([UInt8](message.prefix(length)), data) }
      }
      #expect(try device.opened(message, data) == text)
    }

    @Test("noise, and messages changed in any way, never open and never trap")
    func mutations() throws {
      var generator = SeededGenerator(for: "mutations")
      let device = try master.deviceKey(identity())
      let message = try sealed(generator.bytes(30), to: identity(), under: master.publicKey)
      for _ in 0..<150 {
        let changed = generator.mutate(message)
        if changed == message { continue }
        #expect(throws: IBEError.cannotOpen) { try device.opened(changed) }
      }
    }
  }

  @Suite("Keys of identities")
  final class DeviceKeyTests {
    let master = try! issuer()

    @Test("a key is accepted for its identity and its issuer, and for no other")
    func checked() throws {
      let key = master.extracted(identity())
      let publicKey = master.publicKey
      let another = try issuer(0x4A).publicKey
      #expect(throws: Never.self) { _ = try IBE.DeviceKey(decoding: key.bytes, of: identity(), from: publicKey) }
      #expect(throws: IBEError.wrongDeviceKey) {
        _ = try IBE.DeviceKey(decoding: key.bytes, of: identity(), from: another)
      }
      for other in [identity(device: 1), identity(system: 9), identity(epochs: 10...19)] {
        #expect(throws: IBEError.wrongDeviceKey) {
          _ = try IBE.DeviceKey(decoding: key.bytes, of: other, from: publicKey)
        }
      }
    }

    @Test("a flipped bit in any byte of a key is noticed")
    func tampered() throws {
      var generator = SeededGenerator(for: "tampered key")
      let key = master.extracted(identity())
      for index in key.indices {
        var changed = key
        changed[index] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        #expect(throws: IBEError.self) {
          _ = try IBE.DeviceKey(decoding: changed.bytes, of: identity(), from: master.publicKey)
        }
      }
      var negative = key
      negative[0] ^= 0x20
      #expect(throws: IBEError.wrongDeviceKey) {
        _ = try IBE.DeviceKey(decoding: negative.bytes, of: identity(), from: master.publicKey)
      }
      for other in [key + [0], [], [UInt8](key.prefix(48)), [UInt8](key.prefix(95))] {
        #expect(throws: IBEError.invalidPoint) {
          _ = try IBE.DeviceKey(decoding: other.bytes, of: identity(), from: master.publicKey)
        }
      }
    }

    @Test("what was wiped opens nothing")
    func wiped() throws {
      var device = try master.deviceKey(identity())
      let message = try sealed([1], to: identity(), under: master.publicKey)
      device.wipe()
      #expect(throws: IBEError.cannotOpen) { try device.opened(message) }
    }
  }
#endif
