// SPDX-License-Identifier: Apache-2.0

import Credentials
import Records
import Synchronization
import Wire

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
  case unknownChannel = "unknown_channel"

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
      case .unknownChannel: .unknownChannel
      }
  }
}

/// What the server counts; ``exposition`` is what Prometheus reads.
package final class RelayMetrics: Sendable {
  package let connections = AtomicCount()
  package let unauthenticated = AtomicCount()
  let sessions = AtomicCount()
  let handshakes = LabelledCounter<HandshakeResult>()
  let closures = Mutex<[String: Int]>([:])
  package let acceptFailures = AtomicCount()
  let framesRouted = AtomicCount()
  let framesUnreachable = AtomicCount()
  package let framesDropped = AtomicCount()
  let throttled = LabelledCounter<Budget>()
  package let bytesReceived = AtomicCount()
  package let bytesSent = AtomicCount()
  let deposits = LabelledCounter<DepositResult>()
  let mailboxCommits = AtomicCount()
  let suspensions = AtomicCount()
  let wakeUps = LabelledCounter<WakeUpResult>()
  let wakeUpCommits = AtomicCount()
  let reports = LabelledCounter<ReportResult>()
  let reportsDone = AtomicCount()
  let reportsReturned = AtomicCount()
  let reportsExpired = AtomicCount()
  let queued = AtomicCount()
  let leased = AtomicCount()
  let deadLetters = AtomicCount()
  let channelsOpened = AtomicCount()
  let requests = LabelledCounter<RequestResult>()
  let presenceDropped = AtomicCount()
  let mailDelivered = AtomicCount()
  let mailExpired = AtomicCount()
  let mailWithheld = AtomicCount()
  let mailWaiting = AtomicCount()
  let certificatesIssued = Mutex<[SystemID: Int]>([:])
  let misissuances = AtomicCount()
  let promotions = AtomicCount()
  let admissionCommits = AtomicCount()
  let revocations = AtomicCount()
  let revocationPropagation = SecondsHistogram()
  let epoch = AtomicCount()

  /// Lines that the log has lost so far.
  let droppedLines: @Sendable () -> Int

  package init(droppedLines: @escaping @Sendable () -> Int = { 0 }) {
    self.droppedLines = droppedLines
  }

  func countClosure(_ reason: CloseReason) { closures.withLock { $0[reason.label, default: 0] += 1 } }

  func countCertificate(_ system: SystemID) { certificatesIssued.withLock { $0[system, default: 0] += 1 } }
}
