// SPDX-License-Identifier: Apache-2.0

/// A column of the comparison. Every output has the same columns under the same keys.
public enum Column: String, Codable, Sendable, CaseIterable {
  case handshakeBytes = "handshake_bytes"
  case deviceBytes = "device_bytes"
  case serverBytes = "server_bytes"
  case framesUp = "frames_up"
  case framesDown = "frames_down"
  case roundTrips = "round_trips"
  case messageBytes = "message_bytes"
  case rotationBytes = "rotation_bytes"
  case cpuMs = "cpu_ms"
  case cpuMj = "cpu_mj"
  case flashBytes = "flash_bytes"
  case ramBytes = "ram_bytes"
  case deviceStorage = "device_storage"
  case airtimeUpMs = "airtime_up_ms"
  case airtimeDownMs = "airtime_down_ms"
  case silenceS = "silence_s"
  case firstMessageS = "first_message_s"
  case radioMj = "radio_mj"
  case handshakeMj = "handshake_mj"
  case messageMj = "message_mj"
  case securityShare = "security_share"
  case batteryDays = "battery_days"
  case serverUs = "server_us"
  case readmissionS = "readmission_s"
  case fleetAirH = "fleet_air_h"
  case serverStorage = "server_storage"

  /// The four tables of a terminal.
  public enum Group: String, Codable, Sendable, CaseIterable {
    case wire = "On the wire"
    case device = "On the device"
    case air = "In the air, and out of the battery"
    case server = "On the server"
  }

  /// What tables and the documentation say of a column.
  struct Label: Sendable {
    var title: String
    var unit: String
    var group: Group
    var meaning: String

    fileprivate init(_ group: Group, _ title: String, _ unit: String, _ meaning: String) {
      self.title = title
      self.unit = unit
      self.group = group
      self.meaning = meaning
    }
  }

  var label: Label {
    switch self {
    case .handshakeBytes: Label(.wire, "handshake", "B", "All bytes of the handshake's frames, both ways.")
    case .deviceBytes: Label(.wire, "device sends", "B", "Bytes that the device sends in a handshake.")
    case .serverBytes: Label(.wire, "server sends", "B", "Bytes that the server sends in a handshake.")
    case .framesUp: Label(.wire, "frames up", "", "Link frames that the device sends in a handshake.")
    case .framesDown: Label(.wire, "frames down", "", "Link frames that the device receives in a handshake.")
    case .roundTrips: Label(.wire, "round trips", "", "Exchanges before the device may send its first message.")
    case .messageBytes:
      Label(.wire, "message", "B", "One application message with everything around it but the link's own.")
    case .rotationBytes:
      Label(.wire, "rotation", "B", "Frames of a key rotation over the network, the new handshake included.")
    case .cpuMs: Label(.device, "CPU", "ms", "Processor time of a handshake.")
    case .cpuMj: Label(.device, "CPU", "mJ", "Energy of that time.")
    case .flashBytes: Label(.device, "flash", "B", "Program of a complete device, or at least that of its handshake.")
    case .ramBytes:
      Label(.device, "RAM", "B", "Static RAM and peak stack of a complete device, or at least of its handshake.")
    case .deviceStorage: Label(.device, "stored", "B", "Keys, counters and certificates that the device keeps.")
    case .airtimeUpMs: Label(.air, "sends", "ms", "Airtime of the device in a handshake.")
    case .airtimeDownMs: Label(.air, "receives", "ms", "Airtime of the server in a handshake.")
    case .silenceS: Label(.air, "silence", "s", "Silence that the duty cycle imposes on the device in a handshake.")
    case .firstMessageS: Label(.air, "ready after", "s", "From power-up until the first message may leave.")
    case .radioMj: Label(.air, "radio", "mJ", "Energy of the device's radio in a handshake.")
    case .handshakeMj: Label(.air, "handshake", "mJ", "Energy of a handshake: processor and radio.")
    case .messageMj: Label(.air, "message", "mJ", "Energy of one application message.")
    case .securityShare:
      Label(.air, "security", "%", "Share of a day's energy that handshakes and message protection take.")
    case .batteryDays: Label(.air, "battery", "days", "How long the battery lasts, its self-discharge included.")
    case .serverUs: Label(.server, "handshake", "us", "Processor time of the server in a handshake.")
    case .readmissionS: Label(.server, "whole fleet", "s", "One core of this machine takes the whole fleet back.")
    case .fleetAirH:
      Label(.server, "fleet's air", "h", "Hours in which one transmitter answers the whole fleet, its duty cycle kept.")
    case .serverStorage: Label(.server, "per device", "B", "What the server keeps for each device.")
    }
  }

  /// The columns that `keys` names, separated by commas, in their order.
  public static func named(_ keys: String) throws(BudgetError) -> [Column] {
    var columns: [Column] = []
    for key in keys.split(separator: ",", omittingEmptySubsequences: false) {
      guard let column = Column(rawValue: String(key)) else {
        throw .field(
          "columns", problem: "\"\(key)\" is unknown", allowed: allCases.map(\.rawValue).joined(separator: ", "))
      }
      columns.append(column)
    }
    return columns
  }

  /// Its heading in the table of its group.
  var shortHeading: String { label.unit.isEmpty ? label.title : "\(label.title), \(label.unit)" }

  /// Its heading where tables are not divided into groups: some titles need their group to be understood.
  public var heading: String { label.group == .server ? "server: \(shortHeading)" : shortHeading }

  public var meaning: String { label.meaning }
}
