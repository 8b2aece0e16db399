// SPDX-License-Identifier: Apache-2.0

/// How a fleet behaves.
public struct Usage: Codable, Equatable, Sendable {
  public var handshakesPerDay: Double
  public var messagesPerDay: Double
  public var messageBytes: Double
  public var fleetSize: Double

  static let handshakesRange = 0.0...86_400.0
  static let messagesRange = 0.0...8_640_000.0
  static let messageBytesRange = 0.0...65_000.0
  static let fleetRange = 1.0...1_000_000_000.0

  public static let standard = Usage(handshakesPerDay: 1, messagesPerDay: 24, messageBytes: 32, fleetSize: 10_000)

  /// From a budget file; what is absent keeps its value.
  mutating func read(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    handshakesPerDay = try reader.number(
      "handshakes_per_day", in: Self.handshakesRange, unit: "a day", default: handshakesPerDay)
    messagesPerDay = try reader.number(
      "messages_per_day", in: Self.messagesRange, unit: "a day", default: messagesPerDay)
    messageBytes = try reader.number(
      "message_bytes", in: Self.messageBytesRange, unit: "bytes", default: messageBytes)
    fleetSize = try reader.number("fleet_size", in: Self.fleetRange, unit: "devices", default: fleetSize)
    try reader.finish()
  }
}

/// What a scheme must keep to, to fit.
public struct Limits: Codable, Equatable, Sendable {
  /// The share of the device's flash and RAM that security may take.
  public var memoryShare: Double
  /// From power-up until the first message may leave.
  public var firstMessageSeconds: Double
  /// How long the battery must last.
  public var batteryDays: Double
  /// How long one core of the server may need to take the whole fleet back.
  public var readmissionSeconds: Double

  static let shareRange = 0.01...1.0
  static let secondsRange = 0.001...1_000_000.0
  static let daysRange = 0.0...100_000.0

  public static let standard = Limits(
    memoryShare: 0.5, firstMessageSeconds: 600, batteryDays: 365, readmissionSeconds: 60)

  mutating func read(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    memoryShare = try reader.number("memory_share", in: Self.shareRange, unit: "of the memory", default: memoryShare)
    firstMessageSeconds = try reader.number(
      "first_message_seconds", in: Self.secondsRange, unit: "s", default: firstMessageSeconds)
    batteryDays = try reader.number("battery_days", in: Self.daysRange, unit: "days", default: batteryDays)
    readmissionSeconds = try reader.number(
      "readmission_seconds", in: Self.secondsRange, unit: "s", default: readmissionSeconds)
    try reader.finish()
  }
}
