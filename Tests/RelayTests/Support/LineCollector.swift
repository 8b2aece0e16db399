// SPDX-License-Identifier: Apache-2.0

import Logging

/// Every event as a line.
struct LineCollector: LogHandler {
  var logLevel = Logger.Level.trace
  var metadata: Logger.Metadata = [:]
  private let lines: Locked<[String]>

  init(_ lines: Locked<[String]>) { self.lines = lines }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    lines.value.append("\(event.message)" + pairs.joined())
  }
}
