/// What a budget may run out of.
public enum Limit: String, Codable, Sendable, CaseIterable {
  case flash
  case ram
  case firstMessage = "first-message"
  case dutyCycle = "duty-cycle"
  case battery
  case readmission

  /// The budget in words.
  public var words: String {
    switch self {
    case .flash: "flash"
    case .ram: "RAM"
    case .firstMessage: "time to the first message"
    case .dutyCycle: "duty cycle of the band"
    case .battery: "battery life"
    case .readmission: "time to take the fleet back"
    }
  }
}

/// Whether a scheme fits a budget, and which part of it binds: how much of each limit it uses, 1 being all of it.
public struct Verdict: Codable, Equatable, Sendable {
  public var use: [Limit: Double]

  init(_ values: [String: Quantity], _ budget: Budget) {
    use = [:]
    let limits = budget.limits
    if let flash = values["flash_bytes"], let size = budget.device.flashKib {
      use[.flash] = flash.value / (size.value * 1_024 * limits.memoryShare)
    }
    if let memory = values["ram_bytes"], let size = budget.device.ramKib {
      use[.ram] = memory.value / (size.value * 1_024 * limits.memoryShare)
    }
    if let ready = values["first_message_s"] { use[.firstMessage] = ready.value / limits.firstMessageSeconds }
    if let duty = budget.radio.dutyCycle, let airtime = values["daily_airtime"] {
      use[.dutyCycle] = airtime.value / duty.value
    }
    if let days = values["battery_days"] { use[.battery] = limits.batteryDays / days.value }
    if let readmission = values["readmission_s"] { use[.readmission] = readmission.value / limits.readmissionSeconds }
  }

  public var fits: Bool { use.values.allSatisfy { $0 <= 1 } }

  /// The limit that is used up most.
  public var binding: Limit? {
    Limit.allCases.filter { use[$0] != nil }.max { (use[$0] ?? 0) < (use[$1] ?? 0) }
  }
}
