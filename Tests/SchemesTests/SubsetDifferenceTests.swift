// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import TestSeed
import Testing

@testable import Schemes

@Suite("Broadcast encryption by subset difference")
struct SubsetDifferenceTests {
  @Test("Exactly the devices that are not revoked open the key", arguments: [0, 1, 2, 5, 15, 16])
  func everyDevice(_ revokedCount: Int) {
    let tree = SubsetDifference(height: 4, root: .random())
    let receivers = (0..<16).map { tree.receiver($0) }
    var generator = SeededGenerator(for: "revoked devices")
    for _ in 0..<20 {
      let revoked = Set((0..<16).shuffled(using: &generator).prefix(revokedCount))
      let systemKey = SecretBytes<32>.random()
      let header = tree.header(for: systemKey, revoked: revoked)
      #expect(header.count <= max(2 * revokedCount - 1, 1))
      for device in 0..<16 {
        var opened = SecretBytes<32>()
        let isOpen = receivers[device].open(header, into: &opened)
        #expect(isOpen == !revoked.contains(device))
        let isSame = constantTimeEquals(opened.bytes, systemKey.bytes)
        #expect(isSame == isOpen)
      }
    }
  }

  @Test("A revoked device holds no label of any subset in the header, however it looks")
  func labels() {
    let tree = SubsetDifference(height: 6, root: .random())
    let revoked: Set = [3, 17, 40, 41, 63]
    let header = tree.header(for: .random(), revoked: revoked)
    for device in revoked {
      let receiver = tree.receiver(device)
      for entry in header {
        for label in receiver.labels.values {
          var key = SecretBytes<32>()
          key.copy(from: label.bytes)
          var opened = [UInt8](repeating: 0, count: 32)
          var target = opened.mutableBytes
          #expect(throws: CryptoError.self) {
            try Cipher.ChaChaPoly.open(
              entry.sealed.bytes, into: &target, key: key.bytes, nonce: 0, authenticating: RawSpan())
          }
        }
      }
    }
  }

  /// Naor, Naor, Lotspiech: (log2 N)(log2 N + 1) / 2 + 1 labels; about 1.25 r subsets on average.
  @Test("Labels and subsets are as many as the paper says")
  func sizes() {
    let tree = SubsetDifference(height: 20, root: .random())
    #expect(tree.receiver(77).labelCount == 211)
    var generator = SeededGenerator(for: "many revoked devices")
    let revoked = Set((0..<1_000).map { _ in Int.random(in: 0..<1 << 20, using: &generator) })
    let ratio = Double(tree.cover(revoked: revoked).count) / Double(revoked.count)
    #expect(ratio > 1.15 && ratio < 1.35, "\(ratio)")
  }
}
