import CountersignCrypto
import Schemes

/// `broadcast`: not a handshake but the nearest thing it has, the header that hands every device a new system key.
struct BroadcastProbe: SchemeProbe {
  /// 2^14 devices, the first that hold the standard fleet of 10,000.
  static let height = 14
  static let revokedCount = 100
  static let device = 4_321

  let facts: SchemeFacts
  private let tree: SubsetDifference
  private let revoked: Set<Int>
  private let receiver: SubsetDifference.Receiver

  init(_ facts: (_ labels: Int) -> SchemeFacts) {
    tree = SubsetDifference(height: Self.height, root: .random())
    receiver = tree.receiver(Self.device)
    // Spread as far as they can be: what a header costs at its worst is what it must be planned for.
    revoked = Set((0..<Self.revokedCount).map { $0 * (1 << Self.height) / Self.revokedCount })
    self.facts = facts(receiver.labelCount)
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
