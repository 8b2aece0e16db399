// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto
  import IdentityEncryption
  import TestSupport
  import Testing

  @Suite("Nothing is allocated", .enabled(if: Allocations.canBeCounted, "a sanitizer has malloc for itself"))
  struct AllocationTests {
    private func count(_ body: () throws -> Void) throws -> Int {
      // The first run pays what happens once in a process.
      _ = try Allocations.count(body)
      return try Allocations.count(body)
    }

    @Test("by issuing a key, checking it, sealing and opening")
    func messages() throws {
      let master = try issuer()
      let encoded = master.publicKey.bytes
      let text = [UInt8](repeating: 1, count: 1_000)
      var message = [UInt8](repeating: 0, count: text.count + IBE.overhead)
      var opened = text
      let target = identity()
      let allocations = try count {
        let publicKey = try IBE.MasterPublicKey(decoding: encoded.bytes)
        var key = SecretBytes<96>()
        master.extract(target, into: &key)
        let device = try IBE.DeviceKey(decoding: key.bytes, of: target, from: publicKey)
        var output = message.mutableBytes
        try IBE.seal(text.bytes, to: target, under: publicKey, authenticating: RawSpan(), into: &output)
        var input = opened.mutableBytes
        try device.open(message.bytes, authenticating: RawSpan(), into: &input)
      }
      #expect(allocations == 0 && opened == text)
    }
  }
#endif
