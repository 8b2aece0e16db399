// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import Synchronization
import Wire

/// What an agent does with the lines of its program, as a device or as an application.
protocol AgentRole: Sendable {
  /// Carries a line out; returns when it has been answered.
  func perform(_ line: AgentLine) async throws
  /// Prints what comes, until the client ends.
  func receive() async throws
  /// Carries out at once what nobody has to wait for; whether it was such a line.
  func settle(_ line: AgentLine) throws -> Bool
  var name: String { get }
  var address: String { get }
  func close()
}

/// An agent at work: reads lines, has them carried out, prints what happens.
final class Agent: Sendable {
  /// Lines that are carried out at once; the next one is read when one of them is done.
  private static let maximumCount = 1024

  private struct State {
    var nextHandle: UInt64 = 1
    var held: Set<UInt64> = []
    var isConnected = false
    var sending = 0
    var drained: CheckedContinuation<Void, Never>?
  }

  let output: AgentOutput
  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: maximumCount)

  init(_ output: AgentOutput) { self.output = output }

  /// Works until standard input has ended and what it asked for is done, or until the client ends.
  func run(_ role: some AgentRole) async throws {
    var ready = AgentEvent(.ready)
    ready.address = role.address
    ready.role = role.name
    await output.write(ready)
    let receiving = Task { try await role.receive() }
    // Not waited for: where the client has ended, the input may go on for ever.
    Task {
      await readLines(role)
      role.close()
    }
    try await receiving.value
  }

  /// Reads on a thread, because nothing else may wait for the program.
  private func readLines(_ role: some AgentRole) async {
    await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
      Thread.detachNewThread {
        var input = AgentInput()
        var number = 0
        while let line = input.next() {
          number += 1
          self.room.wait()
          self.deal(with: line, number, role)
        }
        ended.resume()
      }
    }
    await drain()
  }

  private func deal(with line: AgentInput.Line, _ number: Int, _ role: some AgentRole) {
    let parsed: AgentLine
    do {
      guard case .whole(let bytes) = line else {
        throw AgentLine.Malformed(
          reason: "the line is longer than \(AgentInput.maximumLength) bytes",
          hint: "A message has at most 64000 bytes. Send it in parts.")
      }
      parsed = try AgentLine(parsing: bytes)
      if try role.settle(parsed) {
        room.signal()
        return
      }
    } catch {
      begin {
        var event = AgentEvent(.error)
        event.line = number
        if let malformed = error as? AgentLine.Malformed {
          event.ref = malformed.ref
          event.reason = malformed.reason
          event.hint = malformed.hint
        }
        await self.output.write(event)
      }
      return
    }
    begin {
      do { try await role.perform(parsed) } catch {
        var event = AgentEvent(.failed, ref: parsed.ref, error)
        if let malformed = error as? AgentLine.Malformed {
          event.reason = malformed.reason
          event.hint = malformed.hint
        }
        await self.output.write(event)
      }
    }
  }

  private func begin(_ body: @escaping @Sendable () async -> Void) {
    state.withLock { $0.sending += 1 }
    // At once, up to where it waits: lines are sent in their order.
    Task.immediate {
      await body()
      room.signal()
      let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
        state.sending -= 1
        guard state.sending == 0 else { return nil }
        defer { state.drained = nil }
        return state.drained
      }
      drained?.resume()
    }
  }

  private func drain() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.sending > 0 { state.drained = continuation }
        return state.sending == 0
      }
      if isIdle { continuation.resume() }
    }
  }

  /// What the program was told to acknowledge.
  func hold() -> UInt64 {
    state.withLock { state in
      defer { state.nextHandle += 1 }
      state.held.insert(state.nextHandle)
      return state.nextHandle
    }
  }

  func letGo(_ handle: UInt64) { _ = state.withLock { $0.held.remove(handle) } }

  func status(ref: String?) -> AgentEvent {
    var event = AgentEvent(.status, ref: ref)
    state.withLock { state in
      event.unacknowledged = state.held.count
      // The status itself is under way too.
      event.sending = state.sending - 1
    }
    return event
  }
}

/// What is held for the program under its handles.
final class Handles<Value: Sendable>: Sendable {
  private let values = Mutex<[UInt64: Value]>([:])

  func put(_ value: Value, _ handle: UInt64) { values.withLock { $0[handle] = value } }

  /// What the line is about; it is let go, unless `isMeant` says that the line means something else.
  func take(_ line: AgentLine, where isMeant: (Value) -> Bool = { _ in true }) throws(AgentLine.Malformed) -> Value {
    let value = values.withLock { values -> Value? in
      guard let handle = line.handle, let value = values[handle], isMeant(value) else { return nil }
      values[handle] = nil
      return value
    }
    guard let value else {
      throw line.malformed(
        "there is nothing with this handle to \(line.verb.rawValue)",
        "Each handle is good once, for what its line brought, in the process that printed it.")
    }
    return value
  }
}
