// SPDX-License-Identifier: Apache-2.0

/// How long a link transmits. Pure formulas; docs/reference/formulas.md gives each one's source and check value.
enum Airtime {
  /// LoRa, in ms (Semtech AN1200.13; SX1276 data sheet, section 4.1.1.7), with 8 symbols of preamble, coding rate 4/5, a header
  /// and a CRC.
  ///
  /// - Parameter payload: bytes of the physical payload, LoRaWAN's 13 included.
  static func lora(payload: Formula, spreadingFactor: Formula, bandwidthKhz: Formula) -> Formula {
    let symbol = Formula.exp2(spreadingFactor) / bandwidthKhz
    // Low data rate optimisation is mandatory when a symbol lasts longer than 16 ms.
    let optimised: Formula = symbol > 16
    let bits = 8 * payload - 4 * spreadingFactor + 44
    let blocks = Formula.ceil(bits / (4 * (spreadingFactor - 2 * optimised)))
    return (20.25 + Formula.max(blocks * 5, 0)) * symbol
  }

  /// A link that sends bit after bit, in ms: IEEE 802.15.4 at 250 kbit/s, BLE at 1 Mbit/s, NB-IoT, LTE-M, Ethernet.
  static func serial(bytes: Formula, rateKbps: Formula) -> Formula { 8 * bytes / rateKbps }

  /// Wi-Fi, one OFDM frame of `bytes` with MAC header and FCS, in ms (IEEE 802.11-2016, 17.4.3): 20 us of preamble and
  /// signal, then symbols of 4 us for 16 service bits, the frame and 6 tail bits.
  static func wifi(bytes: Formula, rateKbps: Formula) -> Formula {
    let bitsPerSymbol = rateKbps * 4 / 1_000
    return (20 + 4 * Formula.ceil((22 + 8 * bytes) / bitsPerSymbol)) / 1_000
  }

  /// Silence after `airtime`, in the same unit, where every transmission is paid for at once: at 1 %, 99 times as long.
  static func silence(after airtime: Formula, dutyCycle: Formula) -> Formula { airtime * (1 / dutyCycle - 1) }

  /// Waiting while `airtime` is sent, where a band's share is counted over a window: what does not fit one window goes into the
  /// next. All in one unit.
  static func waiting(for airtime: Formula, dutyCycle: Formula, window: Formula) -> Formula {
    Formula.max(Formula.ceil(airtime / (window * dutyCycle)) - 1, 0) * window * (1 - dutyCycle)
  }
}

/// One direction of the budget's radio.
struct Link {
  /// How many frames a message takes: one, or pieces that each carry a fragment header.
  let frames: Formula
  /// Airtime of a message, all its frames and the link's own bytes, in ms.
  let airtime: Formula

  static let up = Link(
    payload: .named("radio.frame_payload"), factor: .named("radio.spreading_factor"),
    bandwidth: .named("radio.bandwidth_khz"))
  /// The other way has frames of its own where the radio says so.
  static let down = Link(
    payload: .first(.named("radio.down_frame_payload"), .named("radio.frame_payload")),
    factor: .first(.named("radio.down_spreading_factor"), .named("radio.spreading_factor")),
    bandwidth: .first(.named("radio.down_bandwidth_khz"), .named("radio.bandwidth_khz")))

  private init(payload: Formula, factor: Formula, bandwidth: Formula) {
    let header = Formula.named("radio.fragment_header")
    let isSplit: Formula = Formula.bytes > payload
    let pieces = Formula.ceil(Formula.bytes / (payload - header))
    frames = .choose(isSplit, pieces, else: 1)
    let frame = Self.frame(factor, bandwidth)
    let full = frame.on(payload)
    let last = Formula.bytes - (pieces - 1) * (payload - header) + header
    let split = (pieces - 1) * full + frame.on(last)
    airtime = .choose(isSplit, split, else: frame) * .first(.named("radio.repetitions"), 1)
  }

  /// Airtime of one frame with `bytes` of ours, fragment header included.
  private static func frame(_ factor: Formula, _ bandwidth: Formula) -> Formula {
    let bytes = Formula.bytes + .named("radio.frame_overhead")
    let rate = Formula.named("radio.rate_kbps")
    let lora = Airtime.lora(payload: bytes, spreadingFactor: factor, bandwidthKhz: bandwidth)
    return .first(
      .only("radio.technology", is: Technology.lorawan.rawValue, lora),
      .only("radio.technology", is: Technology.wifi.rawValue, Airtime.wifi(bytes: bytes, rateKbps: rate)),
      Airtime.serial(bytes: bytes, rateKbps: rate))
  }
}
