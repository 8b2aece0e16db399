/// A column of the comparison. Every output has the same columns under the same keys.
public struct Column: Codable, Sendable {
  /// The four tables of a terminal.
  public enum Group: String, Codable, Sendable, CaseIterable {
    case wire = "On the wire"
    case device = "On the device"
    case air = "In the air, and out of the battery"
    case server = "On the server"
  }

  public var key: String
  public var title: String
  public var unit: String
  public var group: Group
  /// What the number means, for the page and the documentation.
  public var meaning: String

  init(_ key: String, _ title: String, _ unit: String, _ group: Group, _ meaning: String) {
    self.key = key
    self.title = title
    self.unit = unit
    self.group = group
    self.meaning = meaning
  }

  /// The columns that `keys` names, separated by commas, in their order.
  public static func named(_ keys: String) throws(BudgetError) -> [Column] {
    var columns: [Column] = []
    for key in keys.split(separator: ",", omittingEmptySubsequences: false) {
      guard let column = all.first(where: { $0.key == key }) else {
        throw .field(
          "columns", problem: "\"\(key)\" is unknown", allowed: all.map(\.key).joined(separator: ", "))
      }
      columns.append(column)
    }
    return columns
  }

  /// Its heading where tables are not divided into groups: some titles need their group to be understood.
  var heading: String {
    let title = group == .server ? "server: \(self.title)" : self.title
    return unit.isEmpty ? title : "\(title), \(unit)"
  }

  public static let all: [Column] = [
    Column("handshake_bytes", "handshake", "B", .wire, "All bytes of the handshake's frames, both ways."),
    Column("device_bytes", "device sends", "B", .wire, "Bytes that the device sends in a handshake."),
    Column("server_bytes", "server sends", "B", .wire, "Bytes that the server sends in a handshake."),
    Column("frames_up", "frames up", "", .wire, "Link frames that the device sends in a handshake."),
    Column("frames_down", "frames down", "", .wire, "Link frames that the device receives in a handshake."),
    Column("round_trips", "round trips", "", .wire, "Exchanges before the device may send its first message."),
    Column(
      "message_bytes", "message", "B", .wire,
      "One application message with everything around it but the link's own."),
    Column(
      "rotation_bytes", "rotation", "B", .wire,
      "Frames of a key rotation over the network, the new handshake included."),
    Column("cpu_ms", "CPU", "ms", .device, "Processor time of a handshake."),
    Column("cpu_mj", "CPU", "mJ", .device, "Energy of that time."),
    Column("flash_bytes", "flash", "B", .device, "Program size of the scheme's firmware image."),
    Column("ram_bytes", "RAM", "B", .device, "Static RAM and peak stack of the scheme's firmware image."),
    Column("device_storage", "stored", "B", .device, "Keys, counters and certificates that the device keeps."),
    Column("airtime_up_ms", "sends", "ms", .air, "Airtime of the device in a handshake."),
    Column("airtime_down_ms", "receives", "ms", .air, "Airtime of the server in a handshake."),
    Column("silence_s", "silence", "s", .air, "Silence that the duty cycle imposes on the device in a handshake."),
    Column("first_message_s", "ready after", "s", .air, "From power-up until the first message may leave."),
    Column("radio_mj", "radio", "mJ", .air, "Energy of the device's radio in a handshake."),
    Column("handshake_mj", "handshake", "mJ", .air, "Energy of a handshake: processor and radio."),
    Column("message_mj", "message", "mJ", .air, "Energy of one application message."),
    Column(
      "security_share", "security", "%", .air,
      "Share of a day's energy that handshakes and message protection take."),
    Column("battery_days", "battery", "days", .air, "How long the battery lasts, its self-discharge included."),
    Column("server_us", "handshake", "us", .server, "Processor time of the server in a handshake."),
    Column("readmission_s", "whole fleet", "s", .server, "One core of this machine takes the whole fleet back."),
    Column("server_storage", "per device", "B", .server, "What the server keeps for each device."),
  ]
}

/// One scheme in one budget: a number, with its origin, for each column that has one.
public struct Row: Sendable {
  public var profile: SchemeProfile
  public var values: [String: Quantity]
  public var verdict: Verdict

  public func value(_ key: String) -> Double? { values[key]?.value }
}
