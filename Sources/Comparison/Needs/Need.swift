// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A question to an architect whose answer excludes schemes. Which, is decided by rows of the executed matrix and by nothing else.
public enum Need: String, Codable, Sendable, CaseIterable {
  case isolation
  case past
  case healing
  case rootPast = "root-past"
  case rootIdentity = "root-identity"
  case privacy
  case evidence
  case offline
  case hosted
  case quantum
  case untracked
  case clones

  /// One device taken apart is what this is all about: it is asked of every scheme.
  public static let always: [Need] = [.isolation]

  /// The question, as the page asks it.
  public var question: String {
    switch self {
    case .isolation: "Must one device, taken apart, leave the others safe?"
    case .past: "Must what a stolen device said before stay closed?"
    case .healing: "Must a new key lock out whoever copied the old one?"
    case .rootPast: "Stolen master key: must what was recorded before stay closed?"
    case .rootIdentity: "Stolen master key: must the thief still not pass for a device?"
    case .privacy: "Do devices write to each other what the server must not read?"
    case .evidence: "Must a server that lies about a device's key leave proof?"
    case .offline: "Must devices verify each other without the server?"
    case .hosted: "Does somebody else run the server?"
    case .quantum: "Must recordings stay closed to a later quantum computer?"
    case .untracked: "Must nobody on the wire tell one device from another?"
    case .clones: "Must a copy that runs beside the original be noticed?"
    }
  }

  /// The attacks that must not succeed.
  public var rows: [String] {
    switch self {
    case .isolation: ["memory-reads-others", "memory-poses-as-another"]
    case .past: ["memory-reads-own-past", "memory-reads-last-session"]
    case .healing: ["memory-reads-own-future", "memory-outlives-rotation"]
    case .rootPast: ["root-reads-past", "server-reads-past"]
    case .rootIdentity: ["root-poses-as-device", "server-poses-as-device"]
    case .privacy: ["relay-reads-conversations"]
    case .evidence: ["false-certificate"]
    case .offline: ["issuing-key-fools-peer", "old-key-meets-peer"]
    case .hosted: ["relay-reads-conversations", "false-certificate"]
    case .quantum: ["quantum-reads"]
    case .untracked: ["tracks-within-epoch", "tracks-across-epochs"]
    case .clones: ["clone-beside-original"]
    }
  }

  /// Whether a scheme that has nothing of what the rows are about lacks what is needed.
  public var mustApply: Bool { self == .offline }

  /// Whether devices speak to each other, so that a complete device is one that can.
  public var meansPeers: Bool { [.privacy, .offline, .hosted].contains(self) }

  /// The needs of these names, and those that are always asked; in their order, each once.
  public static func named(_ names: [String]) throws(BudgetError) -> [Need] {
    var asked = always
    for name in names {
      guard let need = Need(rawValue: name) else {
        throw .field(
          "need", problem: "\"\(name)\" is unknown", allowed: allCases.map(\.rawValue).joined(separator: ", "))
      }
      asked.append(need)
    }
    return allCases.filter(asked.contains)
  }
}

extension ExecutedMatrix {
  /// The first row that keeps a scheme from meeting a need; nil when it meets it.
  func obstacle(_ need: Need, on scheme: SchemeID) -> Attack? {
    need.rows.compactMap(attack).first { row in
      guard let outcome = row.outcomes[scheme.name] else { return true }
      return outcome == .succeeded || need.mustApply && outcome == .notApplicable
    }
  }

  /// The first need that a scheme does not meet, and the row that says so.
  func unmet(_ needs: [Need], on scheme: SchemeID) -> (need: Need, row: Attack)? {
    for need in needs {
      if let row = obstacle(need, on: scheme) { return (need, row) }
    }
    return nil
  }
}
