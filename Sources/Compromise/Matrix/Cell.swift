// SPDX-License-Identifier: Apache-2.0

import Schemes

/// What came of an attack.
public enum Outcome: String, Codable, Sendable, CaseIterable {
  /// The attacker got what it wanted, and nobody could tell.
  case succeeded
  /// It did not.
  case failed
  /// It got somewhere, and left a trace that the owner, the server or a device is shown.
  case detected
  /// The scheme has nothing that this attack is about.
  case notApplicable = "not-applicable"
  /// The attack did not run to its end: a fault of the matrix, which no expected table allows.
  case broken
}

/// One attack on one scheme, as it ran.
public struct Cell: Codable, Sendable {
  public let scheme: SchemeID
  public let attack: String
  public let outcome: Outcome
  /// Why, in a sentence.
  public let explanation: String
  /// The transcript, the error, or what was recovered.
  public let evidence: String
  public let milliseconds: Double
}

/// What an attack returns.
struct Finding {
  let outcome: Outcome
  let explanation: String
  let evidence: String

  init(_ outcome: Outcome, _ explanation: String, _ evidence: String) {
    self.outcome = outcome
    self.explanation = explanation
    self.evidence = evidence
  }

  /// Succeeded or failed, each with its sentence.
  init(_ isSuccess: Bool, if success: String, else failure: String, _ evidence: String) {
    self.init(isSuccess ? .succeeded : .failed, isSuccess ? success : failure, evidence)
  }

  static func notApplicable(_ why: String) -> Finding { Finding(.notApplicable, why, "") }
}
