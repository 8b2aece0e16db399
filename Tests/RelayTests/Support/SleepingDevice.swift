// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Device
import Records
import Schemes
import Strangers
import Wire

@testable import Relay

/// A device that suspends its sessions: memory that is lost when power fails, and flash that stays.
final class SleepingDevice {
  struct Flash: SuspensionFlash {
    var bytes = [UInt8](repeating: 0, count: SuspendedSession.areaLength)

    mutating func write(_ record: RawSpan, at offset: Int) throws(SuspensionError) {
      bytes.replaceSubrange(offset..<offset + 64, with: [UInt8](copying: record))
    }
  }

  let device: SimulatedDevice
  let fleet: TestFleet
  let reserve: UInt32
  var session = SuspendedSession()
  var flash = Flash()
  /// The last wake-up, for repeating it.
  private(set) var last: [UInt8]?
  private(set) var renewals = 0

  init(_ device: SimulatedDevice, _ fleet: TestFleet, reserve: UInt32 = 8) throws {
    self.device = device
    self.fleet = fleet
    self.reserve = reserve
    try load()
  }

  private func load() throws {
    let area = flash.bytes
    try session.load(area.bytes, reserve: reserve, &flash)
    last = nil
  }

  /// Power fails and comes back.
  func restart() throws {
    try device.restart()
    session.clear()
    try load()
  }

  /// A copy of its flash memory, in another device.
  func clone() throws -> SleepingDevice {
    let copy = SimulatedDevice()
    copy.keep(device.flash)
    try copy.restart()
    let clone = try SleepingDevice(copy, fleet, reserve: reserve)
    clone.flash = flash
    try clone.load()
    return clone
  }

  /// Opens a session and suspends it; true when the server's word arrived.
  ///
  /// - Parameters:
  ///   - arrives: whether what the device says reaches the server.
  ///   - isAnswered: whether the answer reaches the device.
  @discardableResult
  func suspend(arrives: Bool = true, isAnswered: Bool = true) throws -> Bool {
    renewals += 1
    try device.run(in: fleet, listens: false)
    defer { device.disconnect() }
    let first = try device.identity.takeMessageIDs()
    device.store()
    let area = flash.bytes
    let epoch = device.identity.trust.epoch
    let said = try device.withExport {
      try session.prepare(export: $0, firstMessage: first, epoch: epoch, area: area.bytes, &flash)
    }
    guard arrives else { return false }
    device.connection?.arrive(try device.seal(.suspend(said)))
    fleet.settle()
    guard isAnswered else { return false }
    try device.pump(fleet)
    guard let wakeUps = device.suspended else { return false }
    let stored = flash.bytes
    try session.activate(stored.bytes, wakeUps: wakeUps, reserve: 8, &flash)
    last = nil
    return true
  }

  /// Seals the next wake-up.
  func seal(_ data: [UInt8] = [], _ flags: WakeFrame.Flags = .wantsAnswer) throws(SuspensionError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: WakeFrame.overhead + data.count)
    var span = frame.mutableBytes
    _ = try session.seal(flags, data.bytes, into: &span, &flash)
    last = frame
    return frame
  }

  /// The record of a message that the server can read, under the number of the next wake-up.
  func message(_ text: [UInt8], to recipient: DeviceAddress) -> [UInt8] {
    let record = DeviceRecord.open(to: recipient, id: session.nextMessage, text.bytes)
    var bytes = [UInt8](repeating: 0, count: record.encodedLength)
    var span = bytes.mutableBytes
    _ = record.encode(into: &span)
    return bytes
  }

  /// Takes an answer; nil when it is none to the last wake-up.
  func read(_ frame: [UInt8]) -> (answer: WakeAnswer, data: [UInt8])? {
    var bytes = frame
    var span = bytes.mutableBytes
    guard let (answer, data) = try? session.open(&span) else { return nil }
    return (answer, Array(bytes[data]))
  }
}

extension TestFleet {
  /// Gives the server a wake-up and returns its answer; nil when there is none.
  func wake(_ frame: [UInt8], from source: SourceAddress = .unknown) -> [UInt8]? {
    let answer = Locked<[UInt8]?>(nil)
    relay.wake(frame, from: source) { answer.value = $0 }
    relay.settle()
    return answer.value
  }
}
