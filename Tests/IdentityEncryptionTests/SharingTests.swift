// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto
  import IdentityEncryption
  import TestSeed
  import Testing

  /// Shares as their holders would have them, and what they give for one identity.
  struct Holders {
    var shares: [[UInt8]] = []
    var partialKeys: [[UInt8]] = []
    var commitments: IBE.Commitments

    init(_ master: borrowing IBE.MasterKey, threshold: Int, among count: Int) throws {
      var shares: [[UInt8]] = []
      var partialKeys: [[UInt8]] = []
      commitments = try master.split(threshold: threshold, among: count) { share in
        var encoded = SecretBytes<33>()
        share.encode(into: &encoded)
        shares.append([UInt8](copying: encoded.bytes))
        var key = SecretBytes<96>()
        share.extract(identity(), into: &key)
        partialKeys.append([UInt8](copying: key.bytes))
      }
      self.shares = shares
      self.partialKeys = partialKeys
    }

    func combined(_ holders: [UInt8]) throws -> [UInt8] {
      var combination = try IBE.Combination(of: identity(), under: commitments, from: holders)
      for holder in holders { try combination.add(partialKeys[Int(holder) - 1], from: holder) }
      var key = SecretBytes<96>()
      try combination.finish(into: &key)
      return [UInt8](copying: key.bytes)
    }
  }

  @Suite("Issuing by several holders")
  final class SharingTests {
    let master = try! issuer()

    @Test("any holders of enough shares, in any order, issue the key that the master key would")
    func combinations() throws {
      let holders = try Holders(master, threshold: 3, among: 4)
      let expected = master.extracted(identity())
      for chosen: [UInt8] in [[1, 2, 3], [1, 2, 4], [4, 3, 1], [2, 4, 3]] {
        #expect(try holders.combined(chosen) == expected)
      }
      #expect(holders.commitments.threshold == 3 && holders.commitments.masterPublicKey == master.publicKey)
    }

    @Test("255 holders")
    func many() throws {
      let holders = try Holders(master, threshold: 2, among: 255)
      #expect(try holders.combined([255, 128]) == master.extracted(identity()))
      let share = holders.shares[254]
      #expect(throws: Never.self) { _ = try IBE.Share(decoding: share.bytes, under: holders.commitments) }
    }

    @Test("shares are new each time, and no share is the master key")
    func fresh() throws {
      let first = try Holders(master, threshold: 2, among: 3)
      let second = try Holders(master, threshold: 2, among: 3)
      #expect(Set(first.shares + second.shares).count == 6)
      #expect(first.commitments != second.commitments)
      #expect(!first.partialKeys.contains(master.extracted(identity())))
    }

    @Test("a holder notices a share that is not the one that everybody sees the commitment to")
    func wrongShare() throws {
      var generator = SeededGenerator(for: "wrong share")
      let holders = try Holders(master, threshold: 2, among: 3)
      let commitments = holders.commitments
      for share in holders.shares {
        #expect(throws: Never.self) { _ = try IBE.Share(decoding: share.bytes, under: commitments) }
        var changed = share
        changed[Int.random(in: 2...32, using: &generator)] ^= 1
        #expect(throws: IBEError.wrongShare(holder: share[0])) {
          _ = try IBE.Share(decoding: changed.bytes, under: commitments)
        }
        changed = share
        changed[0] = 77
        #expect(throws: IBEError.wrongShare(holder: 77)) {
          _ = try IBE.Share(decoding: changed.bytes, under: commitments)
        }
        changed[0] = 0
        #expect(throws: IBEError.wrongShare(holder: 0)) {
          _ = try IBE.Share(decoding: changed.bytes, under: commitments)
        }
        let other = try Holders(master, threshold: 2, among: 3).commitments
        #expect(throws: IBEError.wrongShare(holder: share[0])) {
          _ = try IBE.Share(decoding: share.bytes, under: other)
        }
      }
    }

    @Test("a share of 0, one that is not below the order, and other lengths are refused")
    func invalidShare() throws {
      let commitments = try Holders(master, threshold: 2, among: 2).commitments
      let order: [UInt8] = [
        0x73, 0xED, 0xA7, 0x53, 0x29, 0x9D, 0x7D, 0x48, 0x33, 0x39, 0xD8, 0x08, 0x09, 0xA1, 0xD8, 0x05, 0x53, 0xBD,
        0xA4, 0x02, 0xFF, 0xFE, 0x5B, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01,
      ]
      let zero = [UInt8](repeating: 0, count: 32)
      let ones = [UInt8](repeating: 0xFF, count: 32)
      let refused: [[UInt8]] = [[1] + order, [1] + zero, [1] + ones, [], [1], [1] + zero.dropLast(), [1] + order + [0]]
      for encoded in refused {
        #expect(throws: IBEError.invalidScalar) { _ = try IBE.Share(decoding: encoded.bytes, under: commitments) }
      }
    }

    @Test("who gives a wrong part of a key is named, and it is not added")
    func wrongPartialKey() throws {
      var generator = SeededGenerator(for: "wrong partial key")
      let holders = try Holders(master, threshold: 3, among: 5)
      let commitments = holders.commitments
      var otherKey = SecretBytes<96>()
      let fourth = holders.shares[3]
      try IBE.Share(decoding: fourth.bytes, under: commitments).extract(identity(epochs: 10...21), into: &otherKey)
      var flipped = holders.partialKeys[3]
      flipped[Int.random(in: 1..<96, using: &generator)] ^= 1
      let wrong = [
        holders.partialKeys[2], flipped, [UInt8](copying: otherKey.bytes), master.extracted(identity()), [], [0xC0],
        [0xC0] + [UInt8](repeating: 0, count: 95),
      ]
      var combination = try IBE.Combination(of: identity(), under: commitments, from: [5, 4, 1])
      try combination.add(holders.partialKeys[4], from: 5)
      for part in wrong {
        do {
          try combination.add(part, from: 4)
          Issue.record("a wrong part was added")
        } catch { #expect(error == .wrongPartialKey(holder: 4)) }
        #expect(throws: IBEError.wrongPartialKey(holder: 4)) {
          try commitments.check(part.bytes, of: identity(), from: 4)
        }
      }
      try combination.add(holders.partialKeys[0], from: 1)
      try combination.add(holders.partialKeys[3], from: 4)
      var key = SecretBytes<96>()
      try combination.finish(into: &key)
      #expect([UInt8](copying: key.bytes) == master.extracted(identity()))
    }

    @Test("too few, too many, twice the same, or someone else")
    func wrongHolders() throws {
      let holders = try Holders(master, threshold: 2, among: 3)
      let commitments = holders.commitments
      for chosen: [UInt8] in [[], [1], [1, 1], [1, 2, 3], [0, 1]] {
        #expect(throws: IBEError.wrongHolders(threshold: 2)) {
          _ = try IBE.Combination(of: identity(), under: commitments, from: chosen)
        }
      }
      var combination = try IBE.Combination(of: identity(), under: commitments, from: [1, 2])
      var key = SecretBytes<96>()
      try combination.add(holders.partialKeys[0], from: 1)
      for (part, holder) in [(0, 1), (2, 3)] {
        do {
          try combination.add(holders.partialKeys[part], from: UInt8(holder))
          Issue.record("added")
        } catch { #expect(error == .wrongHolders(threshold: 2)) }
      }
      do {
        try combination.finish(into: &key)
        Issue.record("finished")
      } catch { #expect(error == .wrongHolders(threshold: 2)) }
      for (threshold, count) in [(1, 3), (0, 3), (4, 3), (2, 1), (2, 256), (-1, 2), (256, 256)] {
        #expect(throws: IBEError.invalidThreshold) {
          try master.split(threshold: threshold, among: count) { _ in Issue.record("a share was given") }
        }
      }
    }

    @Test("commitments of other lengths are refused")
    func commitmentLengths() throws {
      let bytes = try Holders(master, threshold: 2, among: 2).commitments.bytes
      let tooMany = [UInt8]((0..<256).flatMap { _ in bytes.prefix(48) })
      for other in [tooMany, bytes + [0], [], [UInt8](bytes.prefix(48)), [UInt8](bytes.prefix(95))] {
        #expect(throws: IBEError.invalidThreshold) { try IBE.Commitments(decoding: other.bytes) }
      }
    }
  }
#endif
