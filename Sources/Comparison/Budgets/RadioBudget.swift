// SPDX-License-Identifier: Apache-2.0

/// Which airtime formula a link follows.
public enum Technology: String, Codable, Sendable, CaseIterable {
  case ble
  case ieee802154
  case lorawan
  case nbIot = "nb-iot"
  case lteM = "lte-m"
  case wifi
  case ethernet
}

/// What a link carries and costs.
public struct RadioBudget: Codable, Equatable, Sendable {
  public var id: String
  public var title: String
  public var technology: Technology
  public var txMa: Constant
  public var rxMa: Constant
  public var volts: Constant
  /// Bytes of ours that fit one frame.
  public var framePayload: Constant
  /// Bytes of the link around ours in every frame that is sent.
  public var frameOverhead: Constant
  /// Bytes that each piece spends on being a piece, when a message needs several frames.
  public var fragmentHeader: Constant
  /// Raw rate; LoRaWAN computes its own.
  public var rateKbps: Constant?
  public var spreadingFactor: Constant?
  public var bandwidthKhz: Constant?
  /// The share of time in which the device may transmit; nil is all of it.
  public var dutyCycle: Constant?
  /// Over how long that share is counted; nil is that every transmission is paid for with silence at once.
  public var dutyWindowS: Constant?
  /// The server's way, where it differs.
  public var downFramePayload: Constant?
  public var downSpreadingFactor: Constant?
  public var downBandwidthKhz: Constant?
  public var downDutyCycle: Constant?
  /// How often the link layer sends everything (NB-IoT).
  public var repetitions: Constant?
  /// Time the receiver is on after each frame sent, for the answer that may come (LoRaWAN's windows).
  public var listenMs: Constant?
  /// Time the receiver is on to get the link up and down, once for every handshake and every message.
  public var wakeMs: Constant?

  init(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    id = try reader.string("id")
    title = try reader.string("title")
    technology = try reader.choice("technology")
    txMa = try reader.constant("tx_ma", in: 0...10_000, unit: "mA")
    rxMa = try reader.constant("rx_ma", in: 0...10_000, unit: "mA")
    volts = try reader.constant("volts", in: 0.5...60, unit: "V")
    framePayload = try reader.constant("frame_payload", in: 8...65_535, unit: "bytes")
    frameOverhead = try reader.constant("frame_overhead", in: 0...1_000, unit: "bytes")
    fragmentHeader = try reader.constant("fragment_header", in: 0...7, unit: "bytes")
    rateKbps = try reader.optionalConstant("rate_kbps", in: 0.01...100_000_000, unit: "kbit/s")
    spreadingFactor = try reader.optionalConstant("spreading_factor", in: 6...12, unit: "")
    bandwidthKhz = try reader.optionalConstant("bandwidth_khz", in: 7.8...500, unit: "kHz")
    dutyCycle = try reader.optionalConstant("duty_cycle", in: 0.0001...1, unit: "of the time")
    dutyWindowS = try reader.optionalConstant("duty_window_s", in: 1...86_400, unit: "s")
    downFramePayload = try reader.optionalConstant("down_frame_payload", in: 8...65_535, unit: "bytes")
    downSpreadingFactor = try reader.optionalConstant("down_spreading_factor", in: 6...12, unit: "")
    downBandwidthKhz = try reader.optionalConstant("down_bandwidth_khz", in: 7.8...500, unit: "kHz")
    downDutyCycle = try reader.optionalConstant("down_duty_cycle", in: 0.0001...1, unit: "of the time")
    repetitions = try reader.optionalConstant("repetitions", in: 1...2_048, unit: "times")
    listenMs = try reader.optionalConstant("listen_ms", in: 0...600_000, unit: "ms")
    wakeMs = try reader.optionalConstant("wake_ms", in: 0...600_000, unit: "ms")
    try reader.finish()
    if technology == .lorawan {
      guard let factor = spreadingFactor?.value, factor == factor.rounded() else {
        throw .field("\(path).spreading_factor", problem: "is needed for lorawan", allowed: "6, 7, 8, 9, 10, 11, 12")
      }
      guard downSpreadingFactor.map({ $0.value == $0.value.rounded() }) ?? true else {
        throw .field("\(path).down_spreading_factor", problem: "is not whole", allowed: "6, 7, 8, 9, 10, 11, 12")
      }
      guard bandwidthKhz != nil else {
        throw .field("\(path).bandwidth_khz", problem: "is needed for lorawan", allowed: "125, 250, 500")
      }
    } else if rateKbps == nil {
      throw .field("\(path).rate_kbps", problem: "is missing", allowed: "a number from 0.01 to 100000000 kbit/s")
    }
  }
}
