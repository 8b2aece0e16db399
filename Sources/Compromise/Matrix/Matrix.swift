// SPDX-License-Identifier: Apache-2.0

import Schemes
import Dispatch
import Foundation
import Synchronization

/// Schemes × attacks, run.
public struct Matrix: Sendable {
  public struct AttackInfo: Codable, Sendable {
    public let name: String
    public let title: String
    public let group: AttackGroup
  }

  /// An attack in a setting that was weakened so that it wins.
  public struct ControlResult: Codable, Sendable {
    public let attack: String
    public let scheme: SchemeID
    public let setting: String
    public let outcome: Outcome
    public let evidence: String
  }

  public let schemes: [SchemeID]
  public let attacks: [AttackInfo]
  public let cells: [Cell]
  public let controls: [ControlResult]
  /// How long the whole run took.
  public let seconds: Double

  public static var everyAttack: [AttackInfo] {
    Attacks.all.map { AttackInfo(name: $0.name, title: $0.title, group: $0.group) }
  }

  /// Runs the attacks of these names on these schemes, in worlds of their own, and their controls.
  public static func run(
    schemes: [SchemeID] = SchemeID.attacked, attacks names: [String]? = nil, controls: Bool = true
  ) -> Matrix {
    let attacks = Attacks.all.filter { names?.contains($0.name) ?? true }
    let start = ContinuousClock.now
    let cells = inParallel(attacks.flatMap { attack in schemes.map { (attack, $0) } }) { run($0.0, on: $0.1) }
    let settings = controls ? attacks.flatMap { attack in attack.controls.map { (attack, $0) } } : []
    let won = inParallel(settings) { run($0.0, under: $0.1) }
    return Matrix(
      schemes: schemes, attacks: attacks.map { AttackInfo(name: $0.name, title: $0.title, group: $0.group) },
      cells: cells, controls: won, seconds: milliseconds(since: start) / 1000)
  }

  /// The results in the order of the items. Every attack has a world of its own.
  private static func inParallel<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ body: @Sendable (Item) -> Result
  ) -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    DispatchQueue.concurrentPerform(iterations: items.count) { index in
      let result = body(items[index])
      results.withLock { $0[index] = result }
    }
    return results.withLock { done in items.indices.compactMap { done[$0] } }
  }

  private static func run(_ attack: any Attack.Type, on scheme: SchemeID) -> Cell {
    let start = ContinuousClock.now
    let finding: Finding
    do {
      finding = try attack.run(in: try World(scheme))
    } catch {
      finding = Finding(.broken, "The attack did not run to its end.", "\(error)")
    }
    return Cell(
      scheme: scheme, attack: attack.name, outcome: finding.outcome, explanation: finding.explanation,
      evidence: finding.evidence,
      milliseconds: milliseconds(since: start))
  }

  private static func milliseconds(since start: ContinuousClock.Instant) -> Double {
    let duration = (ContinuousClock.now - start).components
    return Double(duration.seconds) * 1e3 + Double(duration.attoseconds / 1_000_000_000_000) / 1e3
  }

  private static func run(_ attack: any Attack.Type, under control: Control) -> ControlResult {
    var outcome = Outcome.broken
    var evidence: String
    do {
      let finding = try attack.run(in: try World(control.scheme, control.weaknesses))
      outcome = finding.outcome
      evidence = finding.evidence
    } catch { evidence = "\(error)" }
    return ControlResult(
      attack: attack.name, scheme: control.scheme, setting: control.words, outcome: outcome, evidence: evidence)
  }
}
