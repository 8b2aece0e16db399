// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Records
import Wire

/// What one device does, as fast as it can, to hold up others.
package enum Attack: String, CaseIterable, Sendable {
  case depositsToFullMailbox = "deposits-to-a-full-mailbox"
  case depositsToItself = "deposits-to-itself"
  case lookups
  case pings
  case framesToOneThatDoesNotRead = "frames-to-one-that-does-not-read"
  case openings = "conversation-openings"
  case sessions
  case renewals

  /// Attacks with `attacker` until told to stop, at the expense of `victim`.
  func run(_ attacker: LoadIdentity, _ victim: LoadIdentity, port: Int, _ run: AttackRun) throws {
    switch self {
    case .depositsToFullMailbox:
      let certificate = victim.value.certificate.unsafelyUnwrapped
      try flood(attacker, port, run) { line in
        let id = try line.identity.value.nextMessageID()
        let body: [UInt8] = [0]
        try line.send(
          .deposit(to: certificate.fields.address, generation: certificate.fields.generation, id: id, body.bytes))
      }
    case .depositsToItself: try depositToItself(attacker, port, run)
    case .lookups: try flood(attacker, port, run) { try $0.send(.lookup(victim.value.address)) }
    case .pings: try flood(attacker, port, run) { try $0.send(.ping) }
    case .framesToOneThatDoesNotRead:
      let deaf = try AttackLine(victim, port: port, listens: true)
      let body = [3] + [UInt8](repeating: 0, count: 60_000)
      try flood(attacker, port, run) { try $0.send(.frame(to: deaf.address, session: 0, body.bytes)) }
      deaf.close()
    case .openings:
      let listener = try AttackLine(victim, port: port, listens: true)
      let reading = run.reader(listener)
      let body = [1] + [UInt8](repeating: 0, count: 180)
      try flood(attacker, port, run) { try $0.send(.frame(to: listener.address, session: 0, body.bytes)) }
      listener.close()
      reading.wait()
    case .sessions:
      let others = (1..<8).map { _ in run.start { connect(attacker, port, $0) } }
      connect(attacker, port, run)
      for other in others { other.wait() }
    case .renewals:
      let line = try AttackLine(attacker, port: port, listens: false)
      guard let key = line.identity.value.certificate?.publicKey else { return }
      while !run.isOver {
        for _ in 0..<3 { try line.send(.renew(key)) }
        var answers = 0
        while answers < 3, !run.isOver {
          _ = try line.receive(timeout: .milliseconds(200)) { if case .certificate = $0 { answers += 1 } }
        }
        run.count(3)
      }
    }
  }

  /// Sends as fast as the server takes it, while another thread reads the answers.
  private func flood(
    _ attacker: LoadIdentity, _ port: Int, _ run: AttackRun, _ send: (AttackLine) throws -> Void
  ) throws {
    let line = try AttackLine(attacker, port: port, listens: false)
    let reading = run.reader(line)
    while !run.isOver {
      try send(line)
      run.count()
    }
    line.close()
    reading.wait()
  }

  /// Opens session after session, waits for no welcome, and keeps the last of them.
  private func connect(_ attacker: LoadIdentity, _ port: Int, _ run: AttackRun) {
    var lines: [AttackLine] = []
    while !run.isOver {
      // A session that is turned away is tried again.
      if let line = try? AttackLine(attacker, port: port, listens: false, waits: false) { lines.append(line) }
      run.count()
      if lines.count > 200 { lines.removeFirst().close() }
    }
    for line in lines { line.close() }
  }

  private func depositToItself(_ attacker: LoadIdentity, _ port: Int, _ run: AttackRun) throws {
    let line = try AttackLine(attacker, port: port, listens: true)
    let generation = attacker.value.certificate.unsafelyUnwrapped.fields.generation
    let body: [UInt8] = [0]
    while !run.isOver {
      for _ in 0..<64 {
        let id = try line.identity.value.nextMessageID()
        try line.send(.deposit(to: line.address, generation: generation, id: id, body.bytes))
      }
      run.count(64)
      var answers = 0
      while answers < 64, !run.isOver {
        var arrived: (DeviceAddress, MessageID)?
        _ = try line.receive(timeout: .milliseconds(200)) { record in
          switch record {
          case .accepted, .refused: answers += 1
          case .mail(let sender, let id, _): arrived = (sender, id)
          default: break
          }
        }
        if let (sender, id) = arrived { try line.send(.delivered(from: sender, id: id)) }
      }
    }
    line.close()
  }
}
