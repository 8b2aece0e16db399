// SPDX-License-Identifier: Apache-2.0

import Device
import DeviceHost
import Foundation
import Records
import Wire

/// One line of an agent's standard output: what has happened.
struct AgentEvent: Encodable, Sendable {
  enum Kind: String, Encodable, Sendable {
    case ready, connected, interrupted, refused
    case message, report, request, presence
    case sent, answer, failed, error, status
  }

  var event: Kind
  var ref: String?
  var handle: UInt64?
  var address: String?
  var role: String?
  var server: String?
  var from: String?
  var system: UInt32?
  var generation: UInt16?
  var messageId: String?
  var requestId: String?
  var route: ReceivedMessage.Route?
  var outcome: Delivery.Outcome?
  var sequence: UInt64?
  /// Since 1970, by the server's clock.
  var milliseconds: UInt64?
  var attempt: Int?
  var hopByHop: Bool?
  var wantsReply: Bool?
  var seconds: Int?
  var what: String?
  var line: Int?
  var reason: String?
  var hint: String?
  var connected: Bool?
  var unacknowledged: Int?
  var sending: Int?
  /// The message, when it is text.
  var text: String?
  /// The message in base64, when it is not.
  var data: String?

  init(_ event: Kind, ref: String? = nil) {
    self.event = event
    self.ref = ref
  }

  /// Takes a body, as text if it is.
  mutating func take(_ body: [UInt8]) {
    text = String(validating: body, as: UTF8.self)
    if text == nil { data = Data(body).base64EncodedString() }
  }

  /// One line, without its end.
  var encoded: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let json = try? encoder.encode(self) else { return [] }
    return Array(Terminal.printable(json: String(decoding: json, as: UTF8.self)).utf8)
  }
}

extension AgentEvent {
  init(_ status: ClientStatus) {
    switch status {
    case .connected(let address, let server):
      self.init(.connected)
      self.address = address.description
      self.server = server
    case .interrupted(let error):
      self.init(.interrupted)
      explain(Failure(error))
    case .refused(let from, let error):
      self.init(.refused)
      self.from = from.description
      explain(Failure(.device(error)))
    }
  }

  /// What could not be done, and why.
  init(_ kind: Kind, ref: String?, _ error: any Error) {
    self.init(kind, ref: ref)
    switch error {
    case let error as DeviceHostError: explain(Failure(error))
    case let error as Failure: explain(error)
    default: reason = "it was given up"
    }
  }

  private mutating func explain(_ failure: Failure) {
    reason = failure.message
    hint = failure.hint
  }
}
