// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Records
import Wire

/// Two devices that behave normally, and how long the server makes them wait: for a frame to the other and its answer, for the
/// receipt of a message to the other's mailbox, and every tenth time for a new session.
final class HonestPair {
  /// Seconds that each took.
  struct Waits {
    var frames: [Double] = []
    var deposits: [Double] = []
    var sessions: [Double] = []
    var failures = 0
  }

  private let a: AttackLine
  private let b: AttackLine
  private let visitor: LoadIdentity
  private let port: Int
  private let echoing: DispatchSemaphore
  private let echo = AttackRun()
  private let interval: Duration = .milliseconds(20)

  init(_ first: LoadIdentity, _ second: LoadIdentity, visitor: LoadIdentity, port: Int) throws {
    a = try AttackLine(first, port: port, listens: true)
    b = try AttackLine(second, port: port, listens: true)
    self.visitor = visitor
    self.port = port
    let (b, echo) = (b, echo)
    echoing = DispatchSemaphore(value: 0)
    let end = echoing
    Thread {
      ProcessorPriority.raised {
        while !echo.isOver { do { try Self.answer(on: b) } catch { break } }
      }
      end.signal()
    }.start()
  }

  private static func answer(on line: AttackLine) throws {
    var frame: (DeviceAddress, UInt32, [UInt8])?
    var mail: (DeviceAddress, MessageID)?
    _ = try line.receive(timeout: .milliseconds(200)) { record in
      if case .frame(let from, let session, let body) = record { frame = (from, session, [UInt8](copying: body)) }
      if case .mail(let from, let id, _) = record { mail = (from, id) }
    }
    if let (from, session, body) = frame { try line.send(.frame(to: from, session: session, body.bytes)) }
    if let (from, id) = mail { try line.send(.delivered(from: from, id: id)) }
  }

  /// Lets them do it for a while.
  func measure(for time: Duration) -> Waits {
    var waits = Waits()
    let end = ContinuousClock.now + time
    var next = ContinuousClock.now
    var round = 0
    while ContinuousClock.now < end {
      waits.add(to: \.frames) { try exchangeFrames(UInt8(truncatingIfNeeded: round)) }
      waits.add(to: \.deposits) { try deposit() }
      if round.isMultiple(of: 10) {
        waits.add(to: \.sessions) { try AttackLine(visitor, port: port, listens: false).close() }
      }
      round += 1
      next += interval
      let pause = next - .now
      if pause > .zero { usleep(useconds_t(pause.seconds * 1e6)) } else { next = .now }
    }
    return waits
  }

  func stop() {
    echo.stop()
    echoing.wait()
    a.close()
    b.close()
  }

  private func exchangeFrames(_ tag: UInt8) throws {
    let body = [3, tag] + [UInt8](repeating: 0, count: 60)
    try a.send(.frame(to: b.address, session: 0, body.bytes))
    try wait { record in
      guard case .frame(_, _, let answer) = record else { return false }
      return answer.byteCount > 1 && [UInt8](copying: answer)[1] == tag
    }
  }

  private func deposit() throws {
    let id = try a.identity.value.nextMessageID()
    let fields = b.identity.value.certificate.unsafelyUnwrapped.fields
    let body = [UInt8](repeating: 0, count: 200)
    try a.send(.deposit(to: b.address, generation: fields.generation, id: id, body.bytes))
    try wait { record in
      if case .accepted(id) = record { return true }
      return false
    }
  }

  private func wait(for isIt: (borrowing ServerRecord) -> Bool) throws {
    var isThere = false
    while !isThere {
      guard try a.receive(timeout: .seconds(5), { isThere = isIt($0) }) else { throw Missing() }
    }
  }

  private struct Missing: Error {}
}

extension HonestPair.Waits {
  fileprivate mutating func add(to place: WritableKeyPath<Self, [Double]>, _ body: () throws -> Void) {
    let start = ContinuousClock.now
    do {
      try body()
      self[keyPath: place].append(start.duration(to: .now).seconds)
    } catch { failures += 1 }
  }
}
