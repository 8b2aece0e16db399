// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a budget, a results file or an option: always which field, and what it may be.
public enum BudgetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is missing, unreadable or larger than 1 MiB.
  case unreadable(file: String, reason: String)
  /// The bytes are not JSON.
  case notJSON(file: String, reason: String)
  /// A field is missing, of the wrong type, out of range or unknown.
  case field(String, problem: String, allowed: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .notJSON(let file, let reason): "\(file) is not JSON: \(reason)"
    case .field(let name, let problem, let allowed): "\(name): \(problem); allowed: \(allowed)"
    }
  }
}
