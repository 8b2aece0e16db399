// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging

/// Writes each log event as one JSON object on one line: `time`, `level`, `event`, and the event's own keys.
///
/// Keys in use: `system`, `device`, `session`, `generation`, `epoch`, `sessions`, `reason`, `endpoint`, `address`, `count`, `lines`,
/// and reasons as keys of their counts. A device is named once it has authenticated. Keys and messages are never given to a
/// logger.
public struct JSONLinesHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  private let output: LogOutput

  /// - Parameter output: where the lines go; see ``output(to:)``.
  public init(level: Logger.Level = .info, output: LogOutput) {
    logLevel = level
    self.output = output
  }

  /// The writer of lines to a descriptor, shared by all handlers whose lines go there.
  public static func output(to descriptor: Int32) -> LogOutput {
    LogOutput(descriptor) { count in
      "{\"time\":\"\(timestamp())\",\"level\":\"warning\",\"event\":\"lines_dropped\",\"lines\":\"\(count)\"}\n"
    }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var line =
      "{\"time\":\"\(Self.timestamp())\",\"level\":\"\(event.level)\",\"event\":\(Self.quoted("\(event.message)"))"
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += ",\(Self.quoted(key)):\(Self.quoted("\(value)"))"
    }
    output.write(line + "}\n")
  }

  /// RFC 3339 in UTC with milliseconds.
  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
