import ArgumentParser
import Comparison

/// Options that replace single values of a budget.
struct BudgetChanges: ParsableArguments {
  @Option(help: ArgumentHelp("A shipped device; see --list.", valueName: "name"))
  var device: String?

  @Option(help: ArgumentHelp("A shipped radio; see --list.", valueName: "name"))
  var radio: String?

  @Option(help: ArgumentHelp("A shipped battery; see --list.", valueName: "name"))
  var battery: String?

  @Option(parsing: .unconditional, help: "Handshakes a day.") var handshakesPerDay: Double?
  @Option(parsing: .unconditional, help: "Messages a day.") var messagesPerDay: Double?
  @Option(parsing: .unconditional, help: "Bytes in a message.") var messageBytes: Double?
  @Option(parsing: .unconditional, help: "Devices in the fleet.") var fleetSize: Double?
  @Option(parsing: .unconditional, help: "Limit: the share of flash and RAM that security may take, 0.01 to 1.")
  var memoryShare: Double?
  @Option(parsing: .unconditional, help: "Limit: seconds from power-up to the first message.") var firstMessageSeconds:
    Double?
  @Option(parsing: .unconditional, help: "Limit: days the battery must last.") var batteryDays: Double?
  @Option(parsing: .unconditional, help: "Limit: seconds for one core to take the fleet back.") var readmissionSeconds:
    Double?

  func apply(to budget: inout Budget, _ catalog: Catalog) throws(BudgetError) {
    if let device { budget.device = try catalog.device(device) }
    if let radio { budget.radio = try catalog.radio(radio) }
    if let battery { budget.battery = try catalog.battery(battery) }
    budget.usage.handshakesPerDay = handshakesPerDay ?? budget.usage.handshakesPerDay
    budget.usage.messagesPerDay = messagesPerDay ?? budget.usage.messagesPerDay
    budget.usage.messageBytes = messageBytes ?? budget.usage.messageBytes
    budget.usage.fleetSize = fleetSize ?? budget.usage.fleetSize
    budget.limits.memoryShare = memoryShare ?? budget.limits.memoryShare
    budget.limits.firstMessageSeconds = firstMessageSeconds ?? budget.limits.firstMessageSeconds
    budget.limits.batteryDays = batteryDays ?? budget.limits.batteryDays
    budget.limits.readmissionSeconds = readmissionSeconds ?? budget.limits.readmissionSeconds
  }
}
