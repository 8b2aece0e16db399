// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Schemes

/// `broadcast`: not a handshake but the nearest thing it has, the header that hands every device a new system key.
struct BroadcastProbe: SchemeProbe {
  /// The deepest tree that there is room for.
  static let heights = 1...24
  static let revokedCount = 100

  let facts: SchemeFacts
  private let tree: SubsetDifference
  private let revoked: Set<Int>
  private let receiver: SubsetDifference.Receiver

  /// - Parameters:
  ///   - fleetSize: how many devices it reaches: the smallest tree that holds them is taken.
  ///   - facts: what is known of it, for so many devices in the tree, so many of them revoked, and so many labels on each.
  init(fleetSize: Double, _ facts: (_ devices: Int, _ revoked: Int, _ labels: Int) -> SchemeFacts) {
    let height = Self.heights.first { Double(1 << $0) >= fleetSize } ?? Self.heights.upperBound
    let devices = 1 << height
    tree = SubsetDifference(height: height, root: .random())
    // The last device stays; the revoked are spread as far as they can be: what a header costs at its worst is what it must
    // be planned for.
    receiver = tree.receiver(devices - 1)
    let count = min(Self.revokedCount, devices / 2)
    revoked = Set((0..<count).map { $0 * devices / count })
    self.facts = facts(devices, count, receiver.labelCount)
  }

  func run(_ trace: inout HandshakeTrace) throws { try deliver(Hash.SHA256.self, &trace) }
  func count(_ trace: inout HandshakeTrace) throws { try deliver(CountingHash.self, &trace) }

  private func deliver<H: Hash.Function>(_: H.Type, _ trace: inout HandshakeTrace) throws {
    let systemKey = SecretBytes<32>.random()
    trace.turn(.server)
    let header = tree.header(for: systemKey, revoked: revoked, H.self)
    trace.sent(header.count * SubsetDifference.Entry.encodedLength)
    trace.turn(.device)
    var opened = SecretBytes<32>()
    let isOpen = receiver.open(header, into: &opened, H.self)
    trace.end()
    guard isOpen, constantTimeEquals(opened.bytes, systemKey.bytes) else { throw SchemesError.authenticationFailed }
  }
}
