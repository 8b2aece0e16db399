import Credentials
import Device
import Synchronization

/// What became of a handshake; the label `result`.
enum HandshakeResult: Hashable, Sendable {
  case accepted
  case refused(AdmissionRefusal)
  case overloaded
  case timeout
}

extension HandshakeResult: CaseIterable, RawRepresentable {
  static let allCases: [Self] = [.accepted] + AdmissionRefusal.allCases.map(Self.refused) + [.overloaded, .timeout]

  var rawValue: String {
    switch self {
    case .accepted: "accepted"
    case .refused(let refusal): refusal.rawValue
    case .overloaded: "overloaded"
    case .timeout: "timeout"
    }
  }

  init?(rawValue: String) {
    guard let result = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = result
  }
}

/// What became of a deposit; the label `result`.
enum DepositResult: String, CaseIterable, Sendable {
  case accepted
  /// Accepted before.
  case repeated
  case unknownRecipient = "unknown_recipient"
  case quotaExceeded = "quota_exceeded"
  case staleCertificate = "stale_certificate"
  case tooLong = "too_long"
  case unavailable
  case mayOnlyRenew = "may_only_renew"
  case impossibleNumber = "impossible_number"

  init(_ refusal: ServerRecord.Refusal) {
    self =
      switch refusal {
      case .unknownRecipient: .unknownRecipient
      case .quotaExceeded: .quotaExceeded
      case .staleCertificate: .staleCertificate
      case .tooLong: .tooLong
      case .unavailable: .unavailable
      case .mayOnlyRenew: .mayOnlyRenew
      case .impossibleNumber: .impossibleNumber
      }
  }
}

/// What the server counts; ``exposition`` is what Prometheus reads.
final class RelayMetrics: Sendable {
  let connections = Gauge()
  let unauthenticated = Gauge()
  let sessions = Gauge()
  let handshakes = LabelledCounter<HandshakeResult>()
  let closures = Mutex<[String: Int]>([:])
  let acceptFailures = Gauge()
  let framesRouted = Gauge()
  let framesUnreachable = Gauge()
  let framesDropped = Gauge()
  let throttled = LabelledCounter<Budget>()
  let bytesReceived = Gauge()
  let bytesSent = Gauge()
  let deposits = LabelledCounter<DepositResult>()
  let mailboxCommits = Gauge()
  let mailDelivered = Gauge()
  let mailExpired = Gauge()
  let mailWithheld = Gauge()
  let mailWaiting = Gauge()
  let certificatesIssued = Mutex<[SystemID: Int]>([:])
  let misissuances = Gauge()
  let promotions = Gauge()
  let admissionCommits = Gauge()
  let revocations = Gauge()
  let revocationPropagation = SecondsHistogram()
  let epoch = Gauge()

  /// Lines that the log has lost so far.
  let droppedLines: @Sendable () -> Int

  init(droppedLines: @escaping @Sendable () -> Int = { 0 }) {
    self.droppedLines = droppedLines
  }

  func countClosure(_ reason: CloseReason) { closures.withLock { $0[reason.label, default: 0] += 1 } }

  func countCertificate(_ system: SystemID) { certificatesIssued.withLock { $0[system, default: 0] += 1 } }
}
