// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

@testable import Relay

/// A connection without a socket: a queue in the place of the event loop, an array in that of the wire.
final class LoopbackConnection: RelayConnection, @unchecked Sendable {
  private let relay: Relay
  private let loop = DispatchQueue(label: "loopback")
  // All belong to the loop.
  let session: RelaySession
  private var client: Client?
  private var outbound: [[UInt8]] = []
  private var reason: CloseReason?
  private var writable = true
  /// Every frame that crossed the wire, either way.
  private(set) var wire: [[UInt8]] = []
  /// Every record that the server sent, as it saw it before sealing.
  private(set) var seen: [[UInt8]] = []
  private var waitingWrites: [@Sendable () -> Void] = []

  init(_ relay: Relay) {
    self.relay = relay
    session = RelaySession(admissions: relay.admissions, limits: relay.limits)
  }

  func settle() { loop.sync {} }

  /// What the server has sent since the last call, in order, without the frames' lengths.
  func takeFrames() -> [[UInt8]] {
    loop.sync {
      defer { outbound = [] }
      return outbound
    }
  }

  var closeReason: CloseReason? { loop.sync { reason } }
  var isOpen: Bool { closeReason == nil }
  var sessionNumber: UInt32? { loop.sync { client?.number } }

  /// The device's frame arrives at the server.
  func arrive(_ frame: [UInt8]) {
    loop.sync {
      guard reason == nil else { return }
      wire.append(frame)
      perform(session.receive(frame))
    }
  }

  /// The network fails.
  func cut() { loop.sync { end(.peer) } }

  /// The device stops reading, or reads again.
  func setWritable(_ isWritable: Bool) {
    loop.sync {
      writable = isWritable
      guard isWritable else { return }
      for written in waitingWrites { written() }
      waitingWrites = []
    }
  }

  private func perform(_ action: RelayAction) {
    switch action {
    case .none: break
    case .reply(let bytes): outbound.append(bytes)
    case .turnAway(let bytes, let refusal):
      outbound.append(bytes)
      end(.refused(refusal))
    case .begin(let claimant, let hello): relay.begin(claimant, hello, on: self)
    case .close(let reason): end(reason)
    default: if let client { relay.perform(action, for: client) }
    }
  }

  private func end(_ reason: CloseReason) {
    guard self.reason == nil else { return }
    self.reason = reason
    if let frame = session.farewell(reason) { outbound.append(frame) }
    session.close()
    relay.count(reason)
    if let client { relay.end(client) }
    client = nil
  }

  // MARK: RelayConnection

  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    loop.async { [self] in
      guard reason == nil else { return relay.end(client) }
      self.client = client
      write(records)
      for frame in session.welcome(number: client.number) { perform(session.receive(frame)) }
    }
  }

  func send(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?) {
    loop.async { [self] in
      write(records)
      guard let written else { return }
      if writable { written() } else { waitingWrites.append(written) }
    }
  }

  func close(_ reason: CloseReason) { loop.async { self.end(reason) } }

  var isWritable: Bool { loop.sync { writable } }

  private func write(_ records: [OutgoingRecord]) {
    for record in records {
      seen.append(record.frame)
      guard let frame = session.seal(record) else { return }
      outbound.append(Array(frame.dropFirst(2)))
      wire.append(outbound.last!)
    }
  }
}
