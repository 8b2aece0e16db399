// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LoadGenerator

/// `countersign load-attack`: hidden, for measuring; the documentation shows what it prints.
struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load-attack",
    abstract: "Measure what others wait for while one device attacks the server.",
    discussion: """
      Makes an authority in a temporary directory and starts a real server as a separate process. Two honest devices of the \
      attacker's system exchange frames, leave messages, and open sessions, fifty times a second, first undisturbed and then \
      while one device does one thing as fast as the server takes it. Prints the 99th percentile of the honest devices' waiting \
      times, the median of the turns. Exits 0 only if the honest devices lost nothing.

      Example: countersign load-attack --seconds 60 --turns 5 --server-core 1
      """,
    shouldDisplay: false)

  @Option(name: .customLong("attack"), help: "What the attacker does; by default everything, one after the other.")
  var chosen: [Attack] = []

  @Option(name: .long, parsing: .unconditional, help: "Time of each turn. (default: 60)", transform: number(1...3600))
  var seconds = 60

  @Option(name: .long, parsing: .unconditional, help: "Turns of each attack. (default: 5)", transform: number(1...99))
  var turns = 5

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("The only processor core that the server may use.", valueName: "number"), transform: number(0...)
  )
  var serverCore: Int?

  @OptionGroup var output: OutputOptions

  func run() throws {
    DescriptorLimit.raise()
    let measurement = AttackMeasurement(
      chosen.isEmpty ? Attack.allCases : chosen, seconds: seconds, turns: turns, serverCore: serverCore)
    let rows = try measuring { try measurement.measure() }
    if output.isJSON { try printJSON(rows) } else { for row in rows { printLine(row.line) } }
    guard rows.allSatisfy({ $0.failures == 0 }) else {
      throw Failure(.software, "honest devices lost something, or waited for more than five seconds")
    }
  }
}

extension Attack: ExpressibleByArgument {}

extension AttackRow {
  fileprivate var line: String {
    func rounded(_ value: Double) -> String { String(format: "%.2f", value) }
    return
      "\(attack): \(Int(attackerPerSecond)) a second; p99 of a frame and its answer \(rounded(frames)) ms, of a deposit "
      + "\(rounded(deposits)) ms, of a new session \(rounded(sessions)) ms; server \(rounded(serverProcessor)) of a "
      + "processor, \(serverPeakBytes >> 20) MiB; \(failures) lost"
  }
}
