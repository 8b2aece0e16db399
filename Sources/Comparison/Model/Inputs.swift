// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the formulas of one scheme in one budget are evaluated over, by the names that budget files and the JSON output use.
struct Inputs: Equatable, Sendable {
  var numbers: [String: Figure] = [:]
  var texts: [String: String] = [:]
  /// The lengths of the messages that go up and down in a handshake, and of a rotation's.
  var messages: [String: [Double]] = [:]

  /// Adds every number and text of a value under `name`, each by its path in the value's JSON.
  mutating func add(_ value: some Encodable, as name: String) {
    do {
      let json = try Report.encoder().encode(value)
      add(try JSONDecoder().decode(JSONValue.self, from: json), as: name)
    } catch { preconditionFailure("a checked budget has only finite numbers: \(error)") }
  }

  private mutating func add(_ value: JSONValue, as name: String) {
    switch value {
    case .number(let number): numbers[name] = Figure(value: number)
    case .string(let text): texts[name] = text
    case .object(let fields):
      if case .number(let number)? = fields["value"], case .array(let doubts)? = fields["doubts"] {
        numbers[name] = Figure(value: number, doubts: Set(doubts.compactMap(Doubt.init)))
      } else {
        for (field, value) in fields { add(value, as: "\(name).\(field)") }
      }
    case .null, .bool, .array: break
    }
  }

  /// What the scheme was measured to be.
  mutating func add(_ profile: SchemeProfile) {
    add(profile, as: "profile")
    messages["up"] = profile.bytes(from: .device)
    messages["down"] = profile.bytes(from: .server)
    messages["rotation"] = profile.rotation?.map(\.bytes)
  }
}

extension Doubt {
  fileprivate init?(_ value: JSONValue) {
    guard case .string(let text) = value else { return nil }
    self.init(rawValue: text)
  }
}
