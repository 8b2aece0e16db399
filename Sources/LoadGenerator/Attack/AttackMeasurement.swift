// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Schemes

/// How long honest devices wait while one device attacks a real server in a separate process.
package struct AttackMeasurement: Sendable {
  private let attacks: [Attack]
  private let seconds: Int
  private let turns: Int
  private let serverCore: Int?

  /// - Parameters:
  ///   - seconds: the time of each turn.
  ///   - turns: turns of each attack; the median counts.
  ///   - serverCore: the only processor core that the server may use.
  package init(_ attacks: [Attack], seconds: Int, turns: Int, serverCore: Int?) {
    self.attacks = attacks
    self.seconds = seconds
    self.turns = turns
    self.serverCore = serverCore
  }

  /// Measures without an attack, and under each attack.
  ///
  /// - Throws: ``LoadError``, or what the registry or a socket has refused.
  package func measure() throws -> [AttackRow] {
    let fleet = try LoadFleet(count: 5, scheme: .certified)
    defer { fleet.remove() }
    let attacks = [nil] + attacks.map(Optional.some)
    var measured = [[AttackTurn]](repeating: [], count: attacks.count)
    // In turn, so that other work on the machine affects all measurements alike.
    for _ in 0..<turns {
      for (index, attack) in attacks.enumerated() { measured[index].append(try turn(attack, fleet)) }
    }
    return zip(attacks, measured).map { AttackRow($0, $1) }
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
    if let reason = run.reason { throw LoadError.attackEnded(reason) }
    return turn
  }
}

/// One turn of an attack.
struct AttackTurn {
  let waits: HonestPair.Waits
  let perSecond: Double
  let processorShare: Double
  let peakBytes: Int
}

/// What was measured of one attack: the median of its turns.
package struct AttackRow: Encodable, Sendable {
  package let attack: String
  package let attackerPerSecond: Double
  /// The 99th percentile of what the honest devices waited, in milliseconds.
  package let frames: Double
  package let deposits: Double
  package let sessions: Double
  /// The share of one processor that the server used.
  package let serverProcessor: Double
  package let serverPeakBytes: Int
  package let failures: Int

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
}

extension [Double] {
  fileprivate var percentile99: Double {
    guard !isEmpty else { return 0 }
    return sorted()[Swift.min(count - 1, Int(Double(count) * 0.99))]
  }
}
