// SPDX-License-Identifier: Apache-2.0

import Records

/// What became of a report; the label `result`.
enum ReportResult: String, CaseIterable, Sendable {
  case accepted
  /// Accepted before.
  case repeated
  /// The queue is full, or the sender has had its share.
  case later
  case unknownRecipient = "unknown_recipient"
  case unknownChannel = "unknown_channel"
  case tooLong = "too_long"
  case unavailable
  case mayOnlyRenew = "may_only_renew"
  case impossibleNumber = "impossible_number"

  init(_ refusal: ServerRecord.Refusal) {
    self =
      switch refusal {
      case .unknownRecipient: .unknownRecipient
      case .quotaExceeded: .later
      case .unknownChannel, .staleCertificate: .unknownChannel
      case .tooLong: .tooLong
      case .unavailable: .unavailable
      case .mayOnlyRenew: .mayOnlyRenew
      case .impossibleNumber: .impossibleNumber
      }
  }
}

/// What became of a request of an application; the label `result`.
enum RequestResult: String, CaseIterable, Sendable {
  case stored
  case given
  case asleep
  case unknown
  case expired
  case tooMany = "too_many"
  case taken

  init(_ state: RequestState) {
    self =
      switch state {
      case .stored: .stored
      case .given: .given
      case .asleep: .asleep
      case .unknown: .unknown
      case .expired: .expired
      case .tooMany: .tooMany
      case .taken: .taken
      }
  }
}
