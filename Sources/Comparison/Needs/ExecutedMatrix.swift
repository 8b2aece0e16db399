// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes

/// What came of the attacks of `countersign matrix`, as the repository holds it: a test runs them and holds every cell to this.
public struct ExecutedMatrix: Codable, Equatable, Sendable {
  public enum Outcome: String, Codable, Sendable, CaseIterable {
    case succeeded
    case failed
    /// It got somewhere, and left a trace.
    case detected
    /// The scheme has nothing that the attack is about.
    case notApplicable = "not-applicable"

    /// As a word of a table.
    public var word: String {
      switch self {
      case .succeeded: "open"
      case .failed: "closed"
      case .detected: "detected"
      case .notApplicable: "-"
      }
    }

    /// As the start of a clause.
    fileprivate var clause: String {
      switch self {
      case .succeeded: "these succeed"
      case .failed: "these fail"
      case .detected: "these leave a trace"
      case .notApplicable: "nothing applies"
      }
    }
  }

  public struct Attack: Codable, Equatable, Sendable {
    public var name: String
    /// What the attacker has and, after a colon, what it wants.
    public var title: String
    public var outcomes: [String: Outcome]

    var has: String { title.split(separator: ": ", maxSplits: 1).first.map(String.init) ?? title }
    var wants: String { title.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? title }
  }

  /// In the order of the matrix.
  public var attacks: [Attack]

  public static let shipped: ExecutedMatrix = {
    do {
      return try JSONDecoder().decode(ExecutedMatrix.self, from: Data(PackageResources.matrix_json))
    } catch { preconditionFailure("the program's own matrix.json: \(error)") }
  }()

  public func attack(_ name: String) -> Attack? { attacks.first { $0.name == name } }

  /// What came of an attack on a scheme; nil when it was not run on it.
  public func outcome(_ attack: String, on scheme: SchemeID) -> Outcome? { self.attack(attack)?.outcomes[scheme.name] }

  /// Whether any attack was run on the scheme.
  public func hasCells(of scheme: SchemeID) -> Bool { attacks.contains { $0.outcomes[scheme.name] != nil } }
}

extension ExecutedMatrix {
  /// What an attacker gets from a scheme, for a review: a sentence for each thing that it may have, and the command that shows it.
  public func paragraph(on scheme: SchemeID) -> String {
    guard hasCells(of: scheme) else {
      return "No attack was run on \(scheme.name): nothing is known of what it withstands."
    }
    var holders: [String] = []
    for attack in attacks where !holders.contains(attack.has) { holders.append(attack.has) }
    var sentences: [String] = []
    for has in holders {
      let parts = [Outcome.succeeded, .detected, .failed].compactMap { outcome -> String? in
        let wants = attacks.filter { $0.has == has && $0.outcomes[scheme.name] == outcome }.map(\.wants)
        return wants.isEmpty ? nil : "\(outcome.clause): \(wants.joined(separator: "; "))"
      }
      if !parts.isEmpty { sentences.append("Given \(has), \(parts.joined(separator: "; "))") }
    }
    return sentences.joined(separator: ". ") + ". Shown by: countersign matrix --scheme \(scheme.name)"
  }
}
