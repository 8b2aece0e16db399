// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Records
import Synchronization
import Relay

/// The way from any thread to a connection's driver, which lives on its event loop.
final class NIOConnection: RelayConnection {
  private let eventLoop: any EventLoop
  private let driver: NIOLoopBound<SessionDriver>
  private let writable = Atomic<Bool>(true)

  init(_ driver: SessionDriver, on eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    self.driver = NIOLoopBound(driver, eventLoop: eventLoop)
  }

  // Always through the loop's queue, from the loop itself too: only this keeps what is sent in order.

  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    eventLoop.execute { self.driver.value.welcome(client, records) }
  }

  func send(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?) {
    eventLoop.execute { self.driver.value.write(records, written: written) }
  }

  func mention(_ record: borrowing ServerRecord) {
    let record = OutgoingRecord(record)
    eventLoop.execute { self.driver.value.mention(record) }
  }

  func pass(_ record: OutgoingRecord, from sender: Client, session: UInt32) {
    eventLoop.execute { self.driver.value.pass(record, from: sender, session: session) }
  }

  /// Calls `body` after so many nanoseconds.
  func schedule(after time: UInt64, _ body: @escaping @Sendable () -> Void) {
    eventLoop.scheduleTask(in: .nanoseconds(Int64(time)), body)
  }

  func close(_ reason: CloseReason) {
    eventLoop.execute { self.driver.value.close(reason) }
  }

  /// The slow handshakes' queue has answered a frame.
  func takeBack(_ loan: SessionLoan) {
    eventLoop.execute { self.driver.value.takeBack(loan) }
  }

  /// The slow handshakes' queue gave this frame's place to another source.
  func turnAway(_ loan: SessionLoan) {
    eventLoop.execute { self.driver.value.turnAway(loan) }
  }

  /// A wake-up has been taken.
  func endWakeUp(_ answer: [UInt8]?) {
    eventLoop.execute { self.driver.value.endWakeUp(answer) }
  }

  /// Reads nothing more from the device.
  func pause() {
    eventLoop.execute { self.driver.value.pause() }
  }

  var isWritable: Bool { writable.load(ordering: .relaxed) }

  func setWritable(_ isWritable: Bool) { writable.store(isWritable, ordering: .relaxed) }
}
