// SPDX-License-Identifier: Apache-2.0

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

  @Option(
    help: ArgumentHelp(
      "Whose X25519 the device has: own, libsodium, published, or the cycles of one multiplication.",
      valueName: "name|cycles"))
  var curve: String?

  // As text, and with a sign or not: what is no number is refused like what is out of range, with what is allowed.
  @Option(parsing: .unconditional, help: "Handshakes a day.") var handshakesPerDay: String?
  @Option(parsing: .unconditional, help: "Messages a day.") var messagesPerDay: String?
  @Option(parsing: .unconditional, help: "Bytes in a message.") var messageBytes: String?
  @Option(parsing: .unconditional, help: "Devices in the fleet.") var fleetSize: String?
  @Option(parsing: .unconditional, help: "Limit: the share of flash and RAM that security may take, 0.01 to 1.")
  var memoryShare: String?
  @Option(parsing: .unconditional, help: "Limit: seconds from power-up to the first message.")
  var firstMessageSeconds: String?
  @Option(parsing: .unconditional, help: "Limit: days the battery must last.") var batteryDays: String?
  @Option(parsing: .unconditional, help: "Limit: seconds for one core to take the fleet back.")
  var readmissionSeconds: String?

  func apply(to budget: inout Budget, _ catalog: Catalog) throws(BudgetError) {
    if let device { budget.device = try catalog.device(device) }
    if let radio { budget.radio = try catalog.radio(radio) }
    if let battery { budget.battery = try catalog.battery(battery) }
    if let curve { try budget.setCurve(curve, catalog) }
    for (field, text) in [
      (Budget.Field.handshakesPerDay, handshakesPerDay), (.messagesPerDay, messagesPerDay),
      (.messageBytes, messageBytes),
      (.fleetSize, fleetSize), (.memoryShare, memoryShare), (.firstMessageSeconds, firstMessageSeconds),
      (.batteryDays, batteryDays), (.readmissionSeconds, readmissionSeconds),
    ] {
      if let text { try budget.set(field, to: text) }
    }
  }
}
