// SPDX-License-Identifier: Apache-2.0

extension Budget {
  /// The numbers of a budget that options may replace, by the options' names.
  public enum Field: String, Sendable, CaseIterable {
    case handshakesPerDay = "handshakes-per-day"
    case messagesPerDay = "messages-per-day"
    case messageBytes = "message-bytes"
    case fleetSize = "fleet-size"
    case memoryShare = "memory-share"
    case firstMessageSeconds = "first-message-seconds"
    case batteryDays = "battery-days"
    case readmissionSeconds = "readmission-seconds"

    var path: WritableKeyPath<Budget, Double> {
      switch self {
      case .handshakesPerDay: \.usage.handshakesPerDay
      case .messagesPerDay: \.usage.messagesPerDay
      case .messageBytes: \.usage.messageBytes
      case .fleetSize: \.usage.fleetSize
      case .memoryShare: \.limits.memoryShare
      case .firstMessageSeconds: \.limits.firstMessageSeconds
      case .batteryDays: \.limits.batteryDays
      case .readmissionSeconds: \.limits.readmissionSeconds
      }
    }

    var range: ClosedRange<Double> {
      switch self {
      case .handshakesPerDay: Usage.handshakesRange
      case .messagesPerDay: Usage.messagesRange
      case .messageBytes: Usage.messageBytesRange
      case .fleetSize: Usage.fleetRange
      case .memoryShare: Limits.shareRange
      case .firstMessageSeconds, .readmissionSeconds: Limits.secondsRange
      case .batteryDays: Limits.daysRange
      }
    }

    /// What it counts, in words.
    var unit: String {
      switch self {
      case .handshakesPerDay, .messagesPerDay: "a day"
      case .messageBytes: "bytes"
      case .fleetSize: "devices"
      case .memoryShare: "of the memory"
      case .firstMessageSeconds, .readmissionSeconds: "s"
      case .batteryDays: "days"
      }
    }

    /// Whether half of one makes no sense.
    var isWhole: Bool { self == .messageBytes || self == .fleetSize }
  }

  /// Replaces one number by what `text` says.
  public mutating func set(_ field: Field, to text: String) throws(BudgetError) {
    guard let number = Double(text) else {
      throw .field(
        field.rawValue, problem: "\"\(text)\" is not a number", allowed: FieldReader.describe(field.range, field.unit))
    }
    self[keyPath: field.path] = number
  }

  /// Checks every number again: a file's and an option's alike.
  public func validate() throws(BudgetError) {
    for field in Field.allCases {
      let number = self[keyPath: field.path]
      let allowed = FieldReader.describe(field.range, field.unit)
      _ = try FieldReader.check(number, name: field.rawValue, in: field.range, allowed: allowed)
      if field.isWhole, number != number.rounded() {
        throw .field(field.rawValue, problem: "\(number) is not a whole number", allowed: "a whole number, \(allowed)")
      }
    }
  }
}
