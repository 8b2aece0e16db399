// SPDX-License-Identifier: Apache-2.0

/// The model: every number of a comparison, as a formula over what was measured and a budget. The page evaluates the same list.
extension CostModel {
  static let list = wire + device + air + day + server + limits
  static let definitions = Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0) })

  private static func named(_ name: String) -> Formula { .named(name) }

  @DefinitionList private static var wire: [Definition] {
    Definition(
      .handshakeBytes, .live("length of the real frames", Formula.sum("up", .bytes) + Formula.sum("down", .bytes)))
    Definition(.deviceBytes, .live("length of the real frames", .sum("up", .bytes)))
    Definition(.serverBytes, .live("length of the real frames", .sum("down", .bytes)))
    Definition(.framesUp, .computed("frames", .sum("up", Link.up.frames)))
    Definition(.framesDown, .computed("frames", .sum("down", Link.down.frames)))
    Definition(
      .roundTrips, .live("number of the real frames", .ceil((Formula.sum("up", 1) + Formula.sum("down", 1)) / 2)))
    Definition(
      .messageBytes,
      .live("length of a real sealed message", named("usage.message_bytes") + named("profile.message_overhead")))
    Definition(
      .rotationBytes,
      .live("length of the real frames", Formula.column(.handshakeBytes) + Formula.sum("rotation", .bytes)))
  }

  // MARK: On the device

  private static let clock = named("device.clock_mhz")
  /// The device's own X25519 where the budget names one, else that of the firmware that was measured.
  private static let base = Formula.first(named("device.x25519_cycles"), named("core.x25519_base"))
  private static let multiplication = Formula.first(named("device.x25519_cycles"), named("core.x25519"))

  /// Cycles of the operations that a handshake was seen to do.
  private static var counted: Formula {
    func times(_ count: String, _ cost: Formula) -> Formula { named("profile.operations.\(count)") * cost }
    let curve = times("x25519_base", base) + times("x25519", multiplication)
    let signatures =
      times("ed25519_sign", named("core.ed25519_sign")) + times("ed25519_verify", named("core.ed25519_verify"))
    let aead = times("aead_calls", named("core.aead_call")) + times("aead_bytes", named("core.aead_byte"))
    return curve + signatures + times("hash_blocks", named("core.hash_block")) + aead
  }

  /// The image's cycles with the device's own X25519 in the place of the one that was measured.
  private static var exchanged: Formula {
    let own = named("device.x25519_cycles")
    let bases = named("profile.operations.x25519_base") * (own - named("core.x25519_base"))
    let others = named("profile.operations.x25519") * (own - named("core.x25519"))
    return named("image.cycles") + bases + others
  }

  private static func processor(_ milliseconds: Formula) -> Formula {
    Energy.millijoules(
      volts: named("device.volts"), milliamperes: named("device.active_ma"), milliseconds: milliseconds)
  }

  @DefinitionList private static var device: [Definition] {
    Definition(
      .cpuMs,
      .live(
        "median on this machine",
        .only("device.core", is: Core.host.rawValue, named("profile.device_microseconds") / 1_000)),
      .computed("operation-costs", Energy.milliseconds(cycles: exchanged, clockMhz: clock)),
      .onTarget(Energy.milliseconds(cycles: named("image.cycles"), clockMhz: clock)),
      .computed("operation-costs", Energy.milliseconds(cycles: counted, clockMhz: clock)))
    Definition(.cpuMj, .computed("processor-energy", processor(.column(.cpuMs))))
    Definition(.flashBytes, .onTarget(named("image.flash_bytes")))
    Definition(.ramBytes, .onTarget(named("image.ram_bytes")))
    Definition(.deviceStorage, .computed("stored-fields", named("profile.device_storage")))
    // Sealing one message; on the host it was not measured by itself, and counts nothing.
    Definition(
      "seal_ms",
      .computed(
        "operation-costs",
        Energy.milliseconds(
          cycles: named("core.aead_call") + named("core.aead_byte") * named("usage.message_bytes"), clockMhz: clock)),
      .computed("operation-costs", 0))
  }

  // MARK: In the air

  private static let wake = Formula.first(named("radio.wake_ms"), 0)

  private static func radio(sending: Formula, receiving: Formula, frames: Formula) -> Formula {
    let volts = named("radio.volts")
    let listening = frames * Formula.first(named("radio.listen_ms"), 0) + wake
    return Energy.millijoules(volts: volts, milliamperes: named("radio.tx_ma"), milliseconds: sending)
      + Energy.millijoules(volts: volts, milliamperes: named("radio.rx_ma"), milliseconds: receiving + listening)
  }

  /// One message that nothing answers.
  private static func message(_ bytes: Formula) -> Formula {
    radio(sending: Link.up.airtime.on(bytes), receiving: 0, frames: Link.up.frames.on(bytes))
  }

  private static let duty = named("radio.duty_cycle")
  private static let window = named("radio.duty_window_s")

  @DefinitionList private static var air: [Definition] {
    Definition(.airtimeUpMs, .computed("airtime", .sum("up", Link.up.airtime)))
    Definition(.airtimeDownMs, .computed("airtime", .sum("down", Link.down.airtime)))
    Definition(
      .silenceS,
      .computed(
        "duty-cycle", Airtime.waiting(for: Formula.column(.airtimeUpMs) / 1_000, dutyCycle: duty, window: window)),
      .computed("duty-cycle", Airtime.silence(after: .column(.airtimeUpMs), dutyCycle: duty) / 1_000),
      .computed("duty-cycle", 0))
    Definition(
      "transfer_ms", .computed("first-message", wake + Formula.column(.airtimeUpMs) + Formula.column(.airtimeDownMs)))
    Definition(
      .firstMessageS,
      .computed(
        "first-message",
        (Formula.column(.cpuMs) + named("transfer_ms") + named("profile.server_microseconds") / 1_000) / 1_000
          + Formula.column(.silenceS)))
    Definition(
      .radioMj,
      .computed(
        "radio-energy",
        radio(sending: .column(.airtimeUpMs), receiving: .column(.airtimeDownMs), frames: .column(.framesUp))))
    Definition(.handshakeMj, .computed("handshake-energy", Formula.column(.cpuMj) + Formula.column(.radioMj)))
    Definition(
      .messageMj,
      .computed("message-energy", message(.column(.messageBytes)) + processor(named("seal_ms"))))
  }

  // MARK: A day

  private static let handshakes = named("usage.handshakes_per_day")
  private static let messages = named("usage.messages_per_day")

  @DefinitionList private static var day: [Definition] {
    Definition(
      "asleep_mj",
      .computed("battery-days", named("device.sleep_ua") / 1_000 * named("device.volts") * 86_400))
    Definition(
      "content_mj",
      .computed(
        "battery-days",
        Energy.content(capacityMah: named("battery.capacity_mah"), volts: named("battery.volts"))))
    Definition(
      "lost_mj",
      .computed(
        "battery-days",
        named("content_mj") * Formula.first(named("battery.self_discharge_percent"), 0) / 100 / 365),
      .computed("battery-days", 0))
    Definition("handshakes_mj", .computed("battery-days", handshakes * .column(.handshakeMj)))
    Definition("messages_mj", .computed("battery-days", messages * .column(.messageMj)))
    Definition("bare_mj", .computed("security-share", messages * message(named("usage.message_bytes"))))
    Definition(
      "day_mj",
      .computed("battery-days", named("handshakes_mj") + named("messages_mj") + named("asleep_mj") + named("lost_mj")))
    Definition(
      .securityShare,
      .computed(
        "security-share",
        .choose(
          named("day_mj"), 100 * (named("handshakes_mj") + named("messages_mj") - named("bare_mj")) / named("day_mj"),
          else: 0)))
    Definition(
      .batteryDays,
      .computed(
        "battery-days", .choose(named("day_mj"), named("content_mj") / named("day_mj"), else: .first())))
  }

  @DefinitionList private static var server: [Definition] {
    Definition(
      .serverUs, .live("median of the turns on one core of this machine", named("profile.server_microseconds")))
    Definition(
      .readmissionS,
      .computed("readmission", named("profile.server_microseconds") * named("usage.fleet_size") / 1_000_000))
    Definition(
      .fleetAirH,
      .computed(
        "fleet-airtime",
        Formula.column(.airtimeDownMs) * named("usage.fleet_size") / 3_600_000
          / Formula.first(named("radio.down_duty_cycle"), duty, 1)))
    Definition(.serverStorage, .computed("stored-fields", named("profile.server_storage")))
  }

  // MARK: How much of each limit is used, 1 being all of it

  private static func memory(_ used: Column, of size: String) -> Formula {
    Formula.column(used) / (named(size) * 1_024 * named("limits.memory_share"))
  }

  /// The hour of a day in which the device sends most: one with a handshake.
  private static var busiestHour: Formula {
    let hello = Formula.choose(handshakes, Formula.max(handshakes / 24, 1), else: 0)
    return hello * Formula.column(.airtimeUpMs) + messages / 24 * Link.up.airtime.on(.column(.messageBytes))
  }

  @DefinitionList private static var limits: [Definition] {
    Definition(.flash, .computed("verdict", memory(.flashBytes, of: "device.flash_kib")))
    Definition(.ram, .computed("verdict", memory(.ramBytes, of: "device.ram_kib")))
    Definition(
      .firstMessage, .computed("verdict", Formula.column(.firstMessageS) / named("limits.first_message_seconds")))
    Definition(.dutyCycle, .computed("verdict", busiestHour / 3_600_000 / duty))
    Definition(.battery, .computed("verdict", named("limits.battery_days") / Formula.column(.batteryDays)))
    Definition(.readmission, .computed("verdict", Formula.column(.readmissionS) / named("limits.readmission_seconds")))
  }
}
