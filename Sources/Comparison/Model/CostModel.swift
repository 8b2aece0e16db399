/// Turns what was measured, and a budget, into the numbers of a comparison. Nothing here measures anything.
///
/// Resources/page.js does the same arithmetic in the browser; a test holds the two together.
public struct CostModel: Sendable {
  public let budget: Budget
  public let costs: [CoreCosts]
  public let onTarget: OnTargetResults?

  public init(_ budget: Budget, catalog: Catalog, onTarget: OnTargetResults?) {
    self.budget = budget
    costs = catalog.cores
    self.onTarget = onTarget
  }

  /// All schemes, in the order of the profiles.
  public func rows(_ profiles: [SchemeProfile]) -> [Row] { profiles.map(row) }

  /// One scheme.
  public func row(_ profile: SchemeProfile) -> Row {
    var values: [String: Quantity] = [:]
    let cpu = processorTime(profile)
    wire(profile, &values)
    device(profile, cpu, &values)
    air(profile, cpu, &values)
    server(profile, &values)
    return Row(profile: profile, values: values, verdict: Verdict(values, budget))
  }

  private func wire(_ profile: SchemeProfile, _ values: inout [String: Quantity]) {
    let radio = budget.radio
    let up = profile.bytes(from: .device)
    let down = profile.bytes(from: .server)
    values["handshake_bytes"] = .live(profile.handshakeBytes, "length of the real frames")
    values["device_bytes"] = .live(up.reduce(0, +), "length of the real frames")
    values["server_bytes"] = .live(down.reduce(0, +), "length of the real frames")
    let constants = [radio.framePayload, radio.fragmentHeader]
    values["frames_up"] = .computed(up.reduce(0) { $0 + radio.frames($1) }, by: "frames", over: constants)
    values["frames_down"] = .computed(down.reduce(0) { $0 + radio.frames($1) }, by: "frames", over: constants)
    values["round_trips"] = .live(profile.roundTrips, "number of the real frames")
    values["message_bytes"] = .live(
      budget.usage.messageBytes + profile.messageOverhead, "length of a real sealed message")
    if let rotation = profile.rotation {
      values["rotation_bytes"] = .live(
        rotation.reduce(profile.handshakeBytes) { $0 + $1.bytes }, "length of the real frames")
    }
  }

  /// Processor time of the device in a handshake, in ms.
  private func processorTime(_ profile: SchemeProfile) -> Quantity {
    let device = budget.device
    if device.core == .host {
      return .live(profile.deviceMicroseconds / 1_000, "median on this machine")
    }
    if let onTarget, let record = onTarget.record(profile.scheme, on: device.core), let cycles = record.cycles {
      guard let multiplication = device.x25519Cycles else {
        return Quantity(
          Energy.milliseconds(cycles: cycles, clockMhz: device.clockMhz.value), .onTarget, from: onTarget.source,
          verified: device.clockMhz.verified)
      }
      return .computed(
        Energy.milliseconds(cycles: cycles + difference(profile.operations), clockMhz: device.clockMhz.value),
        by: "operation-costs", over: [device.clockMhz, multiplication])
    }
    return milliseconds(profile.operations)
  }

  /// Processor time for operations whose cost is known, in ms.
  private func milliseconds(_ counts: OperationCounts) -> Quantity {
    guard let core = costs.first(where: { $0.core == budget.device.core }) else {
      return .computed(0, by: "operation-costs")
    }
    return .computed(
      Energy.milliseconds(cycles: core.cycles(counts) + difference(counts), clockMhz: budget.device.clockMhz.value),
      by: "operation-costs", over: core.constants + [budget.device.clockMhz, budget.device.x25519Cycles])
  }

  /// What the device's own library takes more, or less, for X25519 than the one that was measured, in cycles.
  private func difference(_ counts: OperationCounts) -> Double {
    guard let own = budget.device.x25519Cycles?.value,
      let core = costs.first(where: { $0.core == budget.device.core })
    else { return 0 }
    return counts.x25519Base * (own - core.x25519Base.value) + counts.x25519 * (own - core.x25519.value)
  }

  private func device(_ profile: SchemeProfile, _ cpu: Quantity, _ values: inout [String: Quantity]) {
    values["cpu_ms"] = cpu
    values["cpu_mj"] = processorEnergy(cpu)
    if let onTarget, let record = onTarget.record(profile.scheme, on: budget.device.core) {
      values["flash_bytes"] = record.flashBytes.map { Quantity($0, .onTarget, from: onTarget.source) }
      values["ram_bytes"] = record.ramBytes.map { Quantity($0, .onTarget, from: onTarget.source) }
    }
    values["device_storage"] = .computed(profile.deviceStorage, by: "stored-fields")
  }

  private func processorEnergy(_ time: Quantity) -> Quantity {
    var result = Quantity.computed(
      Energy.millijoules(
        volts: budget.device.volts.value, milliamperes: budget.device.activeMa.value, milliseconds: time.value),
      by: "processor-energy", over: [budget.device.volts, budget.device.activeMa])
    result.verified = result.verified && time.verified
    return result
  }

  /// Energy of the radio for frames sent and received, in mJ.
  private func radioEnergy(up: [Double], down: [Double]) -> Double {
    let radio = budget.radio
    let sending = up.reduce(0) { $0 + radio.airtime($1) }
    let receiving = down.reduce(0) { $0 + radio.airtime($1) }
    let listening = up.reduce(0) { $0 + radio.frames($1) } * (radio.listenMs?.value ?? 0) + (radio.wakeMs?.value ?? 0)
    return Energy.millijoules(volts: radio.volts.value, milliamperes: radio.txMa.value, milliseconds: sending)
      + Energy.millijoules(
        volts: radio.volts.value, milliamperes: radio.rxMa.value, milliseconds: receiving + listening)
  }

  private func air(_ profile: SchemeProfile, _ cpu: Quantity, _ values: inout [String: Quantity]) {
    let radio = budget.radio
    let usage = budget.usage
    let up = profile.bytes(from: .device)
    let down = profile.bytes(from: .server)
    let sending = up.reduce(0) { $0 + radio.airtime($1) }
    let receiving = down.reduce(0) { $0 + radio.airtime($1) }
    let airtime = radio.airtimeConstants
    values["airtime_up_ms"] = .computed(sending, by: radio.airtimeFormula, over: airtime)
    values["airtime_down_ms"] = .computed(receiving, by: radio.airtimeFormula, over: airtime)
    let silence = Airtime.silence(after: sending, dutyCycle: radio.dutyCycle?.value ?? 1) / 1_000
    values["silence_s"] = .computed(silence, by: "duty-cycle", over: airtime + [radio.dutyCycle])
    var ready = Quantity.computed(
      (cpu.value + (radio.wakeMs?.value ?? 0) + sending + receiving + profile.serverMicroseconds / 1_000) / 1_000
        + silence, by: "first-message", over: airtime + [radio.dutyCycle, radio.wakeMs])
    ready.verified = ready.verified && cpu.verified
    values["first_message_s"] = ready

    let radioConstants = airtime + [radio.txMa, radio.rxMa, radio.volts, radio.listenMs, radio.wakeMs]
    let radioEnergy = radioEnergy(up: up, down: down)
    values["radio_mj"] = .computed(radioEnergy, by: "radio-energy", over: radioConstants)
    let handshake = processorEnergy(cpu).value + radioEnergy
    values["handshake_mj"] = .computed(
      handshake, by: "handshake-energy", over: radioConstants + [budget.device.volts, budget.device.activeMa])
    let length = usage.messageBytes + profile.messageOverhead
    let bare = self.radioEnergy(up: [usage.messageBytes], down: [])
    var seal = OperationCounts()
    seal.aeadCalls = 1
    seal.aeadBytes = usage.messageBytes
    let message =
      self.radioEnergy(up: [length], down: []) + processorEnergy(milliseconds(seal)).value
    values["message_mj"] = .computed(message, by: "message-energy", over: radioConstants)

    let asleep = budget.device.sleepUa.value / 1_000 * budget.device.volts.value * 86_400
    let battery = budget.battery
    let content = battery.capacityMah.map { Energy.content(capacityMah: $0.value, volts: battery.volts.value) }
    let lost = (content ?? 0) * (battery.selfDischargePercent?.value ?? 0) / 100 / 365
    let perDay = usage.handshakesPerDay * handshake + usage.messagesPerDay * message + asleep + lost
    let forSecurity = usage.handshakesPerDay * handshake + usage.messagesPerDay * (message - bare)
    let dayConstants =
      radioConstants + [budget.device.sleepUa, budget.device.volts, budget.device.activeMa]
      + [battery.capacityMah, battery.volts, battery.selfDischargePercent]
    values["security_share"] = .computed(
      perDay > 0 ? 100 * forSecurity / perDay : 0, by: "security-share", over: dayConstants)
    if let content, perDay > 0 {
      values["battery_days"] = .computed(
        Energy.days(content: content, perDay: perDay), by: "battery-days", over: dayConstants)
    }
    values["daily_airtime"] = .computed(
      (usage.handshakesPerDay * sending + usage.messagesPerDay * radio.airtime(length)) / 86_400_000,
      by: "duty-cycle", over: airtime)
  }

  private func server(_ profile: SchemeProfile, _ values: inout [String: Quantity]) {
    values["server_us"] = .live(profile.serverMicroseconds, "median on one core of this machine")
    values["readmission_s"] = .computed(
      profile.serverMicroseconds * budget.usage.fleetSize / 1_000_000, by: "readmission")
    values["server_storage"] = .computed(profile.serverStorage, by: "stored-fields")
  }
}
