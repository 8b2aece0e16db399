// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Device
import Records
import Schemes
import Wire

/// A device's suspended session on this machine: suspends a session, and wakes it with one frame.
///
/// This process may end between two wake-ups, so that each reserves one counter. One that lives longer may reserve more.
public final class Sleeper {
  private let device: AnyDevice
  private var file: SuspensionFile
  private var session = SuspendedSession()

  /// What came back.
  public struct Answer: Sendable {
    public let flags: WakeAnswer.Flags
    /// Whether earlier wake-ups, of the last 16, have not arrived.
    public let isMissing: Bool
    public let epoch: Epoch
    /// The record that answers the one sent; empty when that was done.
    public let record: [UInt8]
    /// Lengths of the wake-up and of the answer.
    public let lengths: (wakeUp: Int, answer: Int)
  }

  /// - Parameter reserve: how many counters to reserve with one store.
  public init(
    _ device: AnyDevice, reserve: UInt32 = 1, patience: Duration = .seconds(10)
  ) throws(DeviceHostError) {
    self.device = device
    file = try SuspensionFile(beside: device.path, patience: patience)
    try load(reserve)
  }

  deinit { session.clear() }

  private func load(_ reserve: UInt32) throws(DeviceHostError) {
    do throws(SuspensionError) {
      try file.withArea { area throws(SuspensionError) in try session.load(area, reserve: reserve, &file) }
    } catch { throw .suspension(error) }
  }

  /// How many more wake-ups there may be before the session is suspended anew; 0 when there is none.
  public var remaining: Int { session.remaining }

  /// The message number of the next wake-up.
  public var nextMessageID: MessageID { session.nextMessage }

  /// Opens a session and suspends it, and returns how many wake-ups there may be.
  public func suspend(at endpoint: Endpoint, timeout: Duration = .seconds(10)) throws(DeviceHostError) -> Int {
    let deadline = ContinuousClock.now + timeout
    let client = try device.connect(to: endpoint, listens: false, timeout: timeout)
    let (wakeUps, reserve) = try client.suspend(timeout: deadline - .now) {
      export, first, epoch throws(SuspensionError) in
      try file.withArea { area throws(SuspensionError) in
        try session.prepare(export: export, firstMessage: first, epoch: epoch, area: area, &file)
      }
    }
    do throws(SuspensionError) {
      try file.withArea { area throws(SuspensionError) in
        try session.activate(area, wakeUps: wakeUps, reserve: reserve, &file)
      }
    } catch { throw .suspension(error) }
    return session.remaining
  }

  /// Sends a wake-up, and repeats it as it is until it is answered.
  ///
  /// - Parameters:
  ///   - data: a record of a session, or text for the application that is the default of the device's system, or nothing.
  ///   - isOneWay: whether nothing can come back: the wake-up is sent once, and nil returned.
  /// - Throws: ``DeviceHostError/suspension(_:)`` when a session must be suspended first or anew.
  public func wake(
    _ data: [UInt8] = [], isRecord: Bool = true, at endpoint: Endpoint, isOneWay: Bool = false,
    timeout: Duration = .seconds(30)
  ) throws(DeviceHostError) -> Answer? {
    var flags: WakeFrame.Flags = isOneWay ? .oneWay : .wantsAnswer
    // A repeat is answered only if it is not shorter than the answer.
    let isPing = data.isEmpty && !isOneWay
    let data = isPing ? Self.ping : data
    if isPing || isRecord && !data.isEmpty { flags.insert(.record) }
    var frame = [UInt8](repeating: 0, count: WakeFrame.overhead + data.count)
    do throws(SuspensionError) {
      var span = frame.mutableBytes
      _ = try session.seal(flags, data.bytes, into: &span, &file)
    } catch { throw .suspension(error) }
    let deadline = ContinuousClock.now + timeout
    let answer =
      endpoint.isDatagram
      ? try exchange(frame, Socket.datagrams(to: endpoint), until: deadline, isOneWay: isOneWay)
      : try exchange(frame, endpoint, until: deadline, isOneWay: isOneWay)
    guard !isOneWay else { return nil }
    guard let answer else { throw .timedOut(waitingFor: "the answer to the wake-up") }
    return answer
  }

  private static var ping: [UInt8] {
    var bytes: [UInt8] = [0]
    var span = bytes.mutableBytes
    _ = DeviceRecord.ping.encode(into: &span)
    return bytes
  }

  private func exchange(
    _ frame: [UInt8], _ socket: Socket, until deadline: ContinuousClock.Instant, isOneWay: Bool
  ) throws(DeviceHostError) -> Answer? {
    var patience = Duration.seconds(1)
    repeat {
      _ = try socket.sendDatagram(frame)
      if isOneWay { return nil }
      // Between three quarters and five quarters, so that a fleet does not repeat in step.
      let end = min(deadline, .now + patience * Double.random(in: 0.75...1.25))
      patience = min(patience * 2, .seconds(16))
      while socket.waitToRead(timeout: end - .now) {
        while let datagram = try socket.receiveDatagram() {
          if let answer = read(datagram, of: frame) { return answer }
        }
      }
    } while ContinuousClock.now < deadline
    return nil
  }

  private func exchange(
    _ frame: [UInt8], _ endpoint: Endpoint, until deadline: ContinuousClock.Instant, isOneWay: Bool
  ) throws(DeviceHostError) -> Answer? {
    let socket = try FrameSocket.connect(to: endpoint, timeout: deadline - .now)
    try socket.send(frame, count: frame.count)
    guard !isOneWay else { return nil }
    do throws(DeviceHostError) {
      while let answer = try socket.receive(timeout: deadline - .now) {
        if let answer = read(answer, of: frame) { return answer }
      }
    } catch {
      // The server says nothing to a wake-up that is nobody's.
      guard error == FrameSocket.closed else { throw error }
    }
    return nil
  }

  private func read(_ datagram: [UInt8], of frame: [UInt8]) -> Answer? {
    var bytes = datagram
    var span = bytes.mutableBytes
    guard let (answer, data) = try? session.open(&span) else { return nil }
    return Answer(
      flags: answer.flags, isMissing: answer.distance > 0, epoch: answer.epoch, record: Array(bytes[data]),
      lengths: (frame.count, datagram.count))
  }
}

extension DeviceClient {
  public func suspend(
    timeout: Duration,
    _ prepare: (borrowing SecretBytes<32>, MessageID, Epoch) throws(SuspensionError) -> Suspension
  ) throws(DeviceHostError) -> (wakeUps: Int, reserve: UInt32) {
    let deadline = ContinuousClock.now + timeout
    let first = try store.update { identity throws(DeviceError) in try identity.takeMessageIDs() }
    let epoch = try store.read { $0.trust.epoch }
    let said: Suspension
    do throws(SuspensionError) {
      said = try link.withExport { export throws(SuspensionError) in try prepare(export, first, epoch) }
    } catch { throw .suspension(error) }
    try send(.suspend(said))
    while let event = try receive(timeout: deadline - .now) {
      if case .suspended(let wakeUps, let reserve) = event { return (wakeUps, reserve) }
    }
    throw .timedOut(waitingFor: "the server's word that the session is suspended")
  }
}

extension SymmetricClient {
  public func suspend(
    timeout: Duration,
    _ prepare: (borrowing SecretBytes<32>, MessageID, Epoch) throws(SuspensionError) -> Suspension
  ) throws(DeviceHostError) -> (wakeUps: Int, reserve: UInt32) {
    let deadline = ContinuousClock.now + timeout
    let first = try store.update { identity throws(DeviceError) in try identity.takeMessageIDs() }
    let epoch = try store.read { $0.epoch }
    let said: Suspension
    do throws(SuspensionError) {
      said = try link.withExport { export throws(SuspensionError) in try prepare(export, first, epoch) }
    } catch { throw .suspension(error) }
    try send(.suspend(said))
    while let event = try receive(timeout: deadline - .now) {
      if case .suspended(let wakeUps, let reserve) = event { return (wakeUps, reserve) }
    }
    throw .timedOut(waitingFor: "the server's word that the session is suspended")
  }
}
