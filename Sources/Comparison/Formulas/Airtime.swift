/// How long a link transmits. Pure functions; docs/reference/formulas.md gives each one's source and check value.
public enum Airtime {
  /// LoRa, in ms (Semtech AN1200.13; SX1276 data sheet, section 4.1.1.7).
  ///
  /// - Parameter payload: bytes of the physical payload, LoRaWAN's 13 included.
  public static func lora(
    payload: Double, spreadingFactor: Double, bandwidthKhz: Double, preamble: Double = 8, codingRate: Double = 1,
    hasCRC: Bool = true, hasHeader: Bool = true
  ) -> Double {
    var symbol = 1.0
    for _ in 0..<Int(spreadingFactor) { symbol *= 2 }
    symbol /= bandwidthKhz
    // Low data rate optimisation is mandatory when a symbol lasts longer than 16 ms.
    let optimised = symbol > 16 ? 1.0 : 0.0
    let bits = 8 * payload - 4 * spreadingFactor + 28 + (hasCRC ? 16 : 0) - (hasHeader ? 0 : 20)
    let blocks = (bits / (4 * (spreadingFactor - 2 * optimised))).rounded(.up)
    let symbols = 8 + max(blocks * (codingRate + 4), 0)
    return (preamble + 4.25 + symbols) * symbol
  }

  /// A link that sends bit after bit, in ms: IEEE 802.15.4 at 250 kbit/s, BLE at 1 Mbit/s, NB-IoT, Ethernet.
  public static func serial(bytes: Double, rateKbps: Double) -> Double {
    8 * bytes / rateKbps
  }

  /// Wi-Fi, one OFDM frame of `bytes` with MAC header and FCS, in ms (IEEE 802.11-2016, 17.4.3): 20 us of preamble and
  /// signal, then symbols of 4 us for 16 service bits, the frame and 6 tail bits.
  public static func wifi(bytes: Double, rateKbps: Double) -> Double {
    let bitsPerSymbol = rateKbps * 4 / 1_000
    return (20 + 4 * ((16 + 8 * bytes + 6) / bitsPerSymbol).rounded(.up)) / 1_000
  }

  /// Silence that a duty cycle imposes after `airtime`, in the same unit: at 1 %, 99 times as long.
  public static func silence(after airtime: Double, dutyCycle: Double) -> Double {
    airtime * (1 / dutyCycle - 1)
  }
}

extension RadioBudget {
  /// How many frames a message of `bytes` takes: one, or pieces that each carry a fragment header.
  public func frames(_ bytes: Double) -> Double {
    if bytes <= framePayload.value { return 1 }
    return (bytes / (framePayload.value - fragmentHeader.value)).rounded(.up)
  }

  /// Airtime of a message of `bytes`, all its frames and the link's own bytes, in ms.
  public func airtime(_ bytes: Double) -> Double {
    let count = frames(bytes)
    let header = count > 1 ? fragmentHeader.value : 0
    let full = framePayload.value - header
    let last = bytes - (count - 1) * full
    return ((count - 1) * frameAirtime(full + header) + frameAirtime(last + header)) * (repetitions?.value ?? 1)
  }

  /// Airtime of one frame with `payload` bytes of ours, fragment header included.
  func frameAirtime(_ payload: Double) -> Double {
    let bytes = payload + frameOverhead.value
    switch technology {
    case .lorawan:
      return Airtime.lora(
        payload: bytes, spreadingFactor: spreadingFactor?.value ?? 12, bandwidthKhz: bandwidthKhz?.value ?? 125)
    case .wifi: return Airtime.wifi(bytes: bytes, rateKbps: rateKbps?.value ?? 6_000)
    case .ble, .ieee802154, .nbIot, .ethernet:
      return Airtime.serial(bytes: bytes, rateKbps: rateKbps?.value ?? 1)
    }
  }

  /// Constants that airtime depends on.
  var airtimeConstants: [Constant?] {
    [framePayload, frameOverhead, fragmentHeader, rateKbps, spreadingFactor, bandwidthKhz, repetitions]
  }

  /// The name of the airtime formula in docs/reference/formulas.md.
  var airtimeFormula: String {
    switch technology {
    case .lorawan: "lora-airtime"
    case .wifi: "wifi-airtime"
    case .ble, .ieee802154, .nbIot, .ethernet: "serial-airtime"
    }
  }
}
