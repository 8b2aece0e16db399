// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Relay
import RelayServer
import Strangers
import Wire

/// Prints messages as they come: one line each, in words or as JSON.
final class MessagePrinter {
  private let isJSON: Bool
  /// The device's own system, whose devices are named by their ids alone, as `--to` takes them.
  private let system: SystemID
  /// Where each message is acknowledged; nil when printing it is enough.
  private let acknowledgements: InputLines?
  private(set) var count = 0
  /// A reader of standard error that does not read must not keep messages waiting.
  private let notes = LogOutput(STDERR_FILENO) { "countersign: \($0) lines were dropped, for nobody read them\n" }
  private let strangers = Sampler(perSecond: 5)

  init(isJSON: Bool, system: SystemID, acknowledgements: InputLines? = nil) {
    self.isJSON = isJSON
    self.system = system
    self.acknowledgements = acknowledgements
  }

  private struct Line: Encodable {
    let from: String
    let system: UInt32
    let generation: UInt16
    let messageId: String
    let route: ReceivedMessage.Route
    let bytes: Int
    /// The message, when it is text.
    let text: String?
    /// The message in base64, when it is not.
    let data: String?
  }

  /// Prints a message. Once this returns, the message is acknowledged, so it does not return if the reader has gone.
  func show(_ message: ReceivedMessage) {
    print(message)
    if let acknowledgements {
      awaitAcknowledgement(of: message.id.description, acknowledgements)
    } else if !waitForReader(of: STDOUT_FILENO) {
      flush()
      Failure(
        .ioError, "nobody reads standard output any more: message \(message.id) was not taken",
        hint: "It comes again next time."
      ).printAndExit()
    }
    count += 1
  }

  private func awaitAcknowledgement(of id: String, _ lines: InputLines) {
    while let line = lines.next(while: { true }) {
      let word = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
      if word == id { return }
      note("\"\(word)\" is not the message that waits to be acknowledged, \(id)")
    }
    flush()
    Failure(
      .ioError, "standard input ended before message \(id) was acknowledged", hint: "It comes again next time."
    ).printAndExit()
  }

  private func print(_ message: ReceivedMessage) {
    let text = String(validating: message.body, as: UTF8.self)
    if isJSON {
      let line = Line(
        from: message.from.device.description, system: message.from.system.rawValue, generation: message.generation,
        messageId: message.id.description, route: message.route, bytes: message.body.count, text: text,
        data: text == nil ? Data(message.body).base64EncodedString() : nil)
      try? printJSON(line)
    } else {
      let mark = message.route == .hopByHop ? "(hop-by-hop) " : ""
      let sender = message.from.system == system ? "\(message.from.device)" : "\(message.from)"
      printLine(
        "\(sender)  \(mark)\(text.map(Terminal.onOneLine) ?? "(\(message.body.count) bytes that are not text)")"
      )
    }
  }

  func refused(from sender: DeviceAddress, _ error: DeviceError) {
    note("refused a message from \(sender): \(Failure(.device(error)).message)")
  }

  /// Says something that is not a message, on standard error.
  func note(_ text: String) {
    notes.write("countersign: \(Terminal.onOneLine(text))\n")
  }

  /// Says what a stranger did, as long as there are not too many of them.
  func noteStranger(_ text: String) {
    guard strangers.admits("") else { return }
    let untold = strangers.takeUntold().values.reduce(0, +)
    note(text + (untold > 0 ? " (and \(untold) more)" : ""))
  }

  /// Waits until what was said is out, unless nobody reads it.
  func flush() { notes.flush() }
}
