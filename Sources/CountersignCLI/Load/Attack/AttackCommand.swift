import ArgumentParser
import Foundation

/// `countersign load-attack`: hidden, for measuring; what it prints stands in the documentation.
struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load-attack",
    abstract: "Measure what others wait for while one device attacks the server.",
    discussion: """
      Makes an authority in a temporary directory and starts a real server as a process of its own. Two honest devices of the \
      attacker's system exchange frames, leave messages, and open sessions, fifty times a second, first in quiet and then while \
      one device does one thing as fast as the server takes it. Prints the 99th percentile of what the honest ones waited, the \
      median of the turns. Ends 0 only if nothing of theirs was lost.

      Example: countersign load-attack --seconds 60 --turns 5 --server-core 1
      """,
    shouldDisplay: false)

  @Option(name: .customLong("attack"), help: "What the attacker does; everything, one after the other, when left out.")
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
    let fleet = try LoadFleet(count: 5, scheme: .certified)
    defer { fleet.remove() }
    let attacks = [nil] + (chosen.isEmpty ? Attack.allCases : chosen).map(Optional.some)
    var measured = [[AttackTurn]](repeating: [], count: attacks.count)
    // In turn: what the machine does beside it falls on quiet and attacks alike.
    for _ in 0..<turns {
      for (index, attack) in attacks.enumerated() { measured[index].append(try turn(attack, fleet)) }
    }
    let rows = zip(attacks, measured).map { AttackRow($0, $1) }
    if output.isJSON { try printJSON(rows) } else { for row in rows { printLine(row.line) } }
    guard rows.allSatisfy({ $0.failures == 0 }) else {
      throw Failure(.software, "honest devices lost something, or waited for more than five seconds")
    }
  }

  private func turn(_ attack: Attack?, _ fleet: LoadFleet) throws -> AttackTurn {
    let server = try fleet.startServer(core: serverCore)
    defer { server.stop() }
    let port = server.port
    let pair = try HonestPair(
      fleet.identity(0), fleet.identity(1), visitor: fleet.identity(2), port: port)
    let run = AttackRun()
    let (attacker, victim) = (fleet.identity(3), fleet.identity(4))
    let attacking = attack.map { attack in run.start { try attack.run(attacker, victim, port: port, $0) } }
    // What a burst allows is used up by then.
    _ = pair.measure(for: .seconds(1))
    let before = run.total
    let busy = server.processorSeconds
    let waits = ProcessorPriority.raised { pair.measure(for: .seconds(seconds)) }
    let turn = AttackTurn(
      waits: waits, perSecond: Double(run.total - before) / Double(seconds),
      processorShare: (server.processorSeconds - busy) / Double(seconds), peakBytes: server.peakBytes)
    run.stop()
    pair.stop()
    // An attacker that is made to rest may be waiting for room to send.
    server.stop()
    attacking?.wait()
    if let reason = run.reason { throw Failure(.software, "the attack ended before its time: \(reason)") }
    return turn
  }
}

extension Attack: ExpressibleByArgument {}

struct AttackTurn {
  let waits: HonestPair.Waits
  let perSecond: Double
  let processorShare: Double
  let peakBytes: Int
}

/// What was measured of one attack: the median of its turns.
struct AttackRow: Encodable {
  let attack: String
  let attackerPerSecond: Double
  /// The 99th percentile of what the honest devices waited, in milliseconds.
  let frames: Double
  let deposits: Double
  let sessions: Double
  /// The share of one processor that the server used.
  let serverProcessor: Double
  let serverPeakBytes: Int
  let failures: Int

  init(_ attack: Attack?, _ turns: [AttackTurn]) {
    func median(_ value: (AttackTurn) -> Double) -> Double { turns.map(value).sorted()[turns.count / 2] }
    self.attack = attack?.rawValue ?? "quiet"
    attackerPerSecond = median(\.perSecond)
    frames = median { $0.waits.frames.percentile99 * 1e3 }
    deposits = median { $0.waits.deposits.percentile99 * 1e3 }
    sessions = median { $0.waits.sessions.percentile99 * 1e3 }
    serverProcessor = median(\.processorShare)
    serverPeakBytes = Int(median { Double($0.peakBytes) })
    failures = turns.reduce(0) { $0 + $1.waits.failures }
  }

  var line: String {
    func rounded(_ value: Double) -> String { String(format: "%.2f", value) }
    return
      "\(attack): \(Int(attackerPerSecond)) a second; p99 of a frame and its answer \(rounded(frames)) ms, of a deposit "
      + "\(rounded(deposits)) ms, of a new session \(rounded(sessions)) ms; server \(rounded(serverProcessor)) of a "
      + "processor, \(serverPeakBytes >> 20) MiB; \(failures) lost"
  }
}

extension [Double] {
  fileprivate var percentile99: Double {
    guard !isEmpty else { return 0 }
    return sorted()[Swift.min(count - 1, Int(Double(count) * 0.99))]
  }
}
