// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Records
import Strangers
import Relay
import Wire

/// What the relay asks of a connection: records out, and its end.
extension SessionDriver {
  /// Bytes that may wait for a device before the server sends it less.
  private static let talkativeBytes = 8 << 10

  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    guard link != nil, closeReason == nil else {
      // The connection ended while the welcome was being prepared; the relay removes the session again.
      relay.end(client)
      return
    }
    self.client = client
    write(records, written: nil)
    for frame in session.welcome(number: client.number) where closeReason == nil { perform(session.receive(frame)) }
  }

  func write(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?) {
    guard let link, closeReason == nil else {
      written?()
      return
    }
    if !link.isWritable, link.backlog > relay.limits.outboundBytes {
      written?()
      return close(.slowReader)
    }
    for record in records {
      guard let frame = session.seal(record) else { return close(.violation) }
      link.write(frame)
    }
    if let written { link.whenWritten(written) }
  }

  /// Passes on a frame from another device as soon as it is the sender's turn.
  func pass(_ record: OutgoingRecord, from sender: Client, session: UInt32) {
    guard let link, let client, closeReason == nil else { return }
    if link.isWritable, outbox.isEmpty {
      write([record], written: nil)
    } else if !outbox.add(record, from: sender.address, client.budget, limit: relay.limits.passedBytes) {
      relay.metrics.framesDropped.add(1)
      sender.connection.mention(.unreachable(client.address, session: session))
    }
  }

  /// Sends a record that the device can do without, unless others wait for it to read them.
  func mention(_ record: OutgoingRecord) {
    guard let link, link.backlog < Self.talkativeBytes else { return }
    write([record], written: nil)
  }

  func passOn() {
    guard let link, let client else { return }
    while closeReason == nil, link.isWritable, let record = outbox.popFirst(client.budget) {
      write([record], written: nil)
    }
  }

  func pause() {
    isDraining = true
    link?.stopReading()
  }

  func close(_ reason: CloseReason) {
    // A frame that waits for its turn does not count as silence of the device.
    let reason = reason == .handshakeTimeout && waitsInLane ? .overloaded : reason
    let farewell = loan == nil ? session.farewell(reason) : nil
    guard finish(reason), let link else { return }
    if let farewell {
      link.writeLast(farewell)
    } else if !hasAnswered, reason.isPassing {
      // Whoever waits for its first answer must not take this for a refusal of its key.
      link.writeLast([Framing.tryLater])
    }
    // What was promised leaves first.
    link.close(afterWriting: reason == .draining)
  }

  /// Ends the session, once; false when it has ended before.
  @discardableResult
  func finish(_ reason: CloseReason) -> Bool {
    guard closeReason == nil else { return false }
    closeReason = reason
    timer?.cancel()
    if let place { lane.leave(place) }
    place = nil
    rest?.cancel()
    deferred = []
    if let client { outbox.drop(client.budget) }
    if let loan { loan.cancel() } else { session.close() }
    let isStranger = isUnauthenticated || !isCounted
    if isUnauthenticated {
      isUnauthenticated = false
      relay.metrics.unauthenticated.add(-1)
    }
    relay.count(reason, from: isStranger ? source : nil)
    return true
  }
}
