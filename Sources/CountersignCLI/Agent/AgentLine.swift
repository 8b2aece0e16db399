// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import Records
import Wire

/// One line of an agent's standard input: what its program wants.
struct AgentLine: Sendable {
  enum Verb: String, CaseIterable, Sendable {
    case send, report, acknowledge, release, request, reply, replay, status
  }

  let verb: Verb
  /// Whatever the program wants to find again in the answer.
  var ref: String?
  var to: String?
  var body: [UInt8]?
  var handle: UInt64?
  var timeout: Duration?
  var untilDone = false
  var waits = false
  var wantsNoReply = false
  var toDeadLetters = false
  var requestID: RequestID?
  var sequence: UInt64?

  /// What is wrong with a line, and what would be right.
  struct Malformed: Error {
    let reason: String
    let hint: String
    var ref: String?
  }

  /// Fields that each verb takes beside `do` and `ref`.
  private static let fields: [Verb: Set<String>] = [
    .send: ["to", "text", "data", "timeout"],
    .report: ["to", "text", "data", "timeout", "until_done"],
    .acknowledge: ["handle"],
    .release: ["handle", "dead_letter"],
    .request: ["to", "text", "data", "timeout", "waits", "no_reply", "request_id"],
    .reply: ["handle", "text", "data"],
    .replay: ["sequence"],
    .status: [],
  ]

  private static var verbs: String { Verb.allCases.map(\.rawValue).joined(separator: ", ") }

  init(parsing line: [UInt8]) throws(Malformed) {
    let fields: Fields
    do { fields = try JSONDecoder().decode(Fields.self, from: Data(line)) } catch {
      throw Malformed(
        reason: "this line is not a JSON object of strings, numbers and booleans",
        hint: #"Write one object on each line, for example {"do":"status"}"#)
    }
    guard let word = fields.values["do"]?.text else {
      throw Malformed(
        reason: "the field do is missing", hint: "Give one of \(Self.verbs).", ref: fields.values["ref"]?.text)
    }
    guard let verb = Verb(rawValue: word) else {
      throw Malformed(
        reason: "there is nothing called \(word.prefix(40)) to do", hint: "Give one of \(Self.verbs).",
        ref: fields.values["ref"]?.text)
    }
    self.verb = verb
    ref = fields.values["ref"]?.text
    try take(fields.values)
  }

  private mutating func take(_ values: [String: Value]) throws(Malformed) {
    let known = Self.fields[verb] ?? []
    for (name, value) in values where name != "do" && name != "ref" {
      guard known.contains(name) else {
        throw malformed(
          "\(verb.rawValue) takes no field \(name.prefix(40))",
          known.isEmpty ? "It takes none but ref." : "It takes \(known.sorted().joined(separator: ", ")).")
      }
      switch name {
      case "to": to = try text(value, name)
      case "text": body = Array(try text(value, name).utf8)
      case "data":
        guard let data = Data(base64Encoded: try text(value, name)) else {
          throw malformed("data is not base64", "Encode the bytes in base64, or give text.")
        }
        body = [UInt8](data)
      case "timeout":
        guard let seconds = value.number, seconds > 0, seconds <= 86_400 else {
          throw malformed("timeout is not a number of seconds", "Give a number above 0, at most 86400.")
        }
        timeout = .seconds(seconds)
      case "handle": handle = try whole(value, name)
      case "sequence": sequence = try whole(value, name)
      case "until_done": untilDone = try flag(value, name)
      case "waits": waits = try flag(value, name)
      case "no_reply": wantsNoReply = try flag(value, name)
      case "dead_letter": toDeadLetters = try flag(value, name)
      case "request_id":
        let digits = try text(value, name)
        guard digits.utf8.count == 16, let id = UInt64(digits, radix: 16) else {
          throw malformed("request_id is not 16 hexadecimal digits", "Leave it out, and one is drawn.")
        }
        requestID = id
      default: break
      }
    }
    if values["text"] != nil, values["data"] != nil {
      throw malformed("there are text and data", "Give one of the two.")
    }
    try checkComplete()
  }

  private func checkComplete() throws(Malformed) {
    if [.send, .report, .request, .reply].contains(verb), body == nil {
      throw malformed("\(verb.rawValue) needs text or data", #"Add "text":"…", or "data" with bytes in base64."#)
    }
    if [.send, .request].contains(verb), to == nil {
      throw malformed("\(verb.rawValue) needs to", #"Add "to" with the device's id, 16 hexadecimal digits."#)
    }
    if [.acknowledge, .release, .reply].contains(verb), handle == nil {
      throw malformed("\(verb.rawValue) needs handle", "Give the handle of the line that brought it.")
    }
    if verb == .replay, sequence == nil {
      throw malformed("replay needs sequence", "Give the first sequence to get again.")
    }
  }

  func malformed(_ reason: String, _ hint: String) -> Malformed { Malformed(reason: reason, hint: hint, ref: ref) }

  private func text(_ value: Value, _ name: String) throws(Malformed) -> String {
    guard let text = value.text else { throw malformed("\(name) is not a string", "Put it in quotation marks.") }
    return text
  }

  private func whole(_ value: Value, _ name: String) throws(Malformed) -> UInt64 {
    guard let number = value.whole else {
      throw malformed("\(name) is not a whole number", "Give it as it was printed.")
    }
    return number
  }

  private func flag(_ value: Value, _ name: String) throws(Malformed) -> Bool {
    guard case .flag(let flag) = value else {
      throw malformed("\(name) is neither true nor false", "Give one of the two.")
    }
    return flag
  }

  // MARK: JSON

  private enum Value: Decodable {
    case text(String)
    case whole(UInt64)
    case number(Double)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let whole = try? container.decode(UInt64.self) {
        self = .whole(whole)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var whole: UInt64? { if case .whole(let whole) = self { whole } else { nil } }

    var number: Double? {
      switch self {
      case .whole(let whole): Double(whole)
      case .number(let number): number
      default: nil
      }
    }
  }

  private struct Fields: Decodable {
    let values: [String: Value]

    init(from decoder: any Decoder) throws {
      values = try decoder.singleValueContainer().decode([String: Value].self)
    }
  }
}
