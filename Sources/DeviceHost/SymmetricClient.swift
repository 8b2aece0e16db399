// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The session of a device whose keys the server computes: connects, obeys the server's orders, sends and receives messages
/// that the server can read. The counterpart of ``DeviceClient``.
public final class SymmetricClient {
  typealias Event = SessionEvent

  let store: SymmetricStore
  let endpoint: Endpoint
  let socket: any FrameTransport
  var link = SymmetricLink()
  private let slot: SlotName
  private var buffer = [UInt8](repeating: 0, count: Framing.maximumFrameLength)

  public var onRefusedMessage: ((DeviceAddress, DeviceError) -> Void)?
  /// The number the server gave this session.
  public private(set) var sessionNumber: UInt32 = 0
  public internal(set) var shouldReconnect = false
  /// Whether the mailbox has been emptied into this session.
  public private(set) var isCaughtUp = false
  /// Lengths of the first frame and the server's answer to it.
  public private(set) var handshakeLengths = (hello: 0, reply: 0)

  public var traffic: (sent: Int, received: Int) { (socket.bytesSent, socket.bytesReceived) }

  /// Connects with the next key, if one was given, or else with the active one; when the server refuses the first by its own word, with
  /// the second. Returns once the server has welcomed the device.
  public static func connect(
    _ store: SymmetricStore, to endpoint: Endpoint, listens: Bool, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> SymmetricClient {
    try store.refresh()
    let next = try store.read { $0.slotForSession() }
    let active = try store.read { $0.slotForSession(fallingBack: true) }
    guard let next, let active else { throw .device(.noUsableKey) }
    do throws(DeviceHostError) {
      return try open(store, endpoint, next, listens, timeout)
    } catch {
      guard next != active, case .refused = error else { throw error }
      return try open(store, endpoint, active, listens, timeout)
    }
  }

  private static func open(
    _ store: SymmetricStore, _ endpoint: Endpoint, _ slot: SlotName, _ listens: Bool, _ timeout: Duration
  ) throws(DeviceHostError) -> SymmetricClient {
    let socket = try endpoint.open(timeout: timeout)
    let client = SymmetricClient(store, endpoint, socket, slot)
    try client.open(listens: listens, timeout: timeout)
    return client
  }

  private init(_ store: SymmetricStore, _ endpoint: Endpoint, _ socket: any FrameTransport, _ slot: SlotName) {
    self.store = store
    self.endpoint = endpoint
    self.socket = socket
    self.slot = slot
  }

  private func open(listens: Bool, timeout: Duration) throws(DeviceHostError) {
    let deadline = ContinuousClock.now + timeout
    let slot = slot
    // The counter is on the disk before the frame that shows it leaves.
    try store.update { identity throws(DeviceError) in try identity.beginSession(with: slot) }
    try shakeHands(timeout)
    try send(.hello(try store.read { $0.hello(listens: listens, knowsApplications: true) }))
    while sessionNumber == 0 {
      guard try receive(timeout: deadline - .now) != nil else { throw .timedOut(waitingFor: "the server's welcome") }
    }
  }

  private func shakeHands(_ timeout: Duration) throws(DeviceHostError) {
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    let length = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try link.writeHello(identity, with: slot, into: &span)
    }
    let reply = try exchange(frame, length, timeout)
    do { try link.readReply(reply.bytes) } catch { throw DeviceHostError(answer: error, of: endpoint) }
    link.withExport { socket.secure(with: $0) }
  }

  private func exchange(_ frame: [UInt8], _ length: Int, _ timeout: Duration) throws(DeviceHostError) -> [UInt8] {
    try socket.send(frame, count: length)
    let reply: [UInt8]?
    do throws(DeviceHostError) { reply = try socket.receive(timeout: timeout) } catch {
      throw error == FrameSocket.closed ? .hungUp(endpoint: endpoint.description) : error
    }
    guard let reply else { throw .timedOut(waitingFor: "the server's answer") }
    guard !Framing.isTryLater(reply.bytes) else { throw .tryLater(endpoint: endpoint.description) }
    handshakeLengths = (length, reply.count)
    return reply
  }

  /// Seals and sends one record.
  func send(_ record: DeviceRecord) throws(DeviceHostError) {
    var frame = buffer.mutableBytes
    let length: Int
    do { length = try link.seal(record, into: &frame) } catch { throw .device(error) }
    try socket.send(buffer, count: length)
  }

  public func ping() throws(DeviceHostError) {
    try send(.ping)
  }

  /// Waits for the next record, obeys it, and says what it was; nil when none came in time.
  func receive(timeout: Duration) throws(DeviceHostError) -> Event? {
    guard var frame = try socket.receive(timeout: timeout) else { return nil }
    // A record may hold a key.
    defer {
      var span = frame.mutableBytes
      wipe(&span)
    }
    return try take(&frame)
  }

  private func take(_ frame: inout [UInt8]) throws(DeviceHostError) -> Event {
    var span = frame.mutableBytes
    let record: ServerRecord
    do { record = try link.open(&span) } catch { throw .device(error) }
    switch record {
    case .welcome(let number, _, _):
      try obey(record)
      sessionNumber = number
    case .key(let scheme, let generation, let psk) where scheme.row.hasKeyBeside:
      try takeSuccessorPSK(scheme, generation, psk)
    case .key: try obey(record)
    case .migrate(let scheme, let epoch, let serverKey, let anchor):
      try prepareSuccessor(scheme, epoch, serverKey, anchor)
    case .certificate(let certificate): try certifySuccessor(certificate)
    case .accepted(let id): return .accepted(id)
    case .refused(let id, let refusal): return .refused(id, refusal)
    case .open(let from, let id, let body): return .message(ReceivedMessage(inTheOpenFrom: from, id: id, body))
    case .keyRefused(let reason, let seconds): return .keyRefused(reason, retryAfter: seconds)
    case .suspended(let wakeUps, _, let reserve):
      return .suspended(wakeUps: Int(wakeUps), reserve: UInt32(reserve))
    case .turnedAway(let reason): throw .refused(endpoint: endpoint.description, reason)
    case .channel(let notice): return SessionEvent(notice)
    case .queue(let notice): return SessionEvent(notice)
    case .pong: return .pong
    case .caughtUp: isCaughtUp = true
    default: break
    }
    return .other
  }

  /// Changes the identity and stores it; only then is the order carried out.
  private func obey(_ record: borrowing ServerRecord) throws(DeviceHostError) {
    let slot = slot
    let order = try store.update { identity throws(DeviceError) in try identity.receive(record, over: slot) }
    if order == .reconnect { shouldReconnect = true }
  }
}
