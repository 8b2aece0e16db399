import Credentials
import Device
import DeviceHost
import Foundation
import Relay
import Strangers

/// Prints messages as they come: one line each, in words or as JSON.
final class MessagePrinter {
  private let isJSON: Bool
  private(set) var count = 0
  /// Nobody who does not read standard error keeps messages waiting.
  private let notes = LogOutput(STDERR_FILENO) { "countersign: \($0) lines were dropped, for nobody read them\n" }
  private let strangers = Sampler(perSecond: 5)

  init(isJSON: Bool) {
    self.isJSON = isJSON
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

  func show(_ message: ReceivedMessage) {
    count += 1
    let text = String(validating: message.body, as: UTF8.self)
    if isJSON {
      let line = Line(
        from: message.from.device.description, system: message.from.system.rawValue, generation: message.generation,
        messageId: message.id.description, route: message.route, bytes: message.body.count, text: text,
        data: text == nil ? Data(message.body).base64EncodedString() : nil)
      try? printJSON(line)
    } else {
      let mark = message.route == .hopByHop ? "(hop-by-hop) " : ""
      printLine(
        "\(message.from.device)  \(mark)\(text.map(Self.onOneLine) ?? "(\(message.body.count) bytes that are not text)")"
      )
    }
  }

  /// Another device's words must neither look like a second message nor steer the terminal.
  static func onOneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      let steers =
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        // The joiner of letters and emoji is of this category too, and harmless.
        case .format: scalar != "\u{200d}"
        default: false
        }
      if steers {
        line += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  func refused(from sender: DeviceAddress, _ error: DeviceError) {
    note("refused a message from \(sender): \(Failure(.device(error)).message)")
  }

  /// Says something that is not a message, on standard error.
  func note(_ text: String) {
    notes.write("countersign: \(text)\n")
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
