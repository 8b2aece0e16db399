// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Wire

/// Two devices over a direct TCP socket: Noise_XX, certificates verified with what each has stored, without a server.
public final class DirectConnection {
  let socket: FrameSocket
  private let store: DeviceStore
  private var session: PeerSession

  /// The peer's certificate, verified.
  public var peer: Certificate { session.peer! }
  /// Bytes sent and received so far, frame headers included.
  public var traffic: (sent: Int, received: Int) { (socket.bytesSent, socket.bytesReceived) }

  /// Connects to a listening device and shows it this device's certificate.
  ///
  /// - Parameter expected: the device that should answer; if nil, any device of this device's system will do.
  public static func connect(
    _ store: DeviceStore, to endpoint: Endpoint, expecting expected: DeviceAddress?, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> DirectConnection {
    let socket = try FrameSocket.connect(to: endpoint, timeout: timeout)
    let connection = DirectConnection(socket, store, .initiator)
    try store.refresh()
    try connection.handshake(expected: expected, timeout: timeout)
    return connection
  }

  init(_ socket: FrameSocket, _ store: DeviceStore, _ role: Role) {
    self.socket = socket
    self.store = store
    session = PeerSession(direct: role)
  }

  func handshake(expected: DeviceAddress?, timeout: Duration) throws(DeviceHostError) {
    let deadline = ContinuousClock.now + timeout
    try begin(expected: expected)
    while !isEstablished {
      guard let received = try socket.receive(timeout: deadline - .now) else {
        throw .timedOut(waitingFor: "the other device's handshake")
      }
      try advance(received)
    }
  }

  var isEstablished: Bool { session.isEstablished }

  /// Begins the handshake, and sends this device's frame if it speaks first.
  func begin(expected: DeviceAddress? = nil) throws(DeviceHostError) {
    try store.read { identity throws(DeviceError) in try session.start(identity, other: expected) }
    try answer()
  }

  /// Takes the next frame of the handshake, and answers it.
  func advance(_ frame: [UInt8]) throws(DeviceHostError) {
    try store.read { identity throws(DeviceError) in
      try session.readHandshake(frame.bytes, trust: identity.trust)
    }
    try answer()
    guard session.isEstablished else { return }
    // Checked again where it is remembered: another process may have met the peer's next key meanwhile.
    let fields = peer.fields
    try store.update { identity throws(DeviceError) in try identity.meet(fields) }
  }

  private func answer() throws(DeviceHostError) {
    guard !session.isEstablished, session.isMyTurn else { return }
    var frame = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
    let length = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try session.writeHandshake(identity, into: &span)
    }
    try socket.send(frame, count: length)
  }

  /// Sends a message and waits until the peer's application has it.
  public func send(_ body: [UInt8], id: MessageID, timeout: Duration = .seconds(10)) throws(DeviceHostError) {
    guard body.count <= Message.maximumLength else { throw .device(.messageTooLong) }
    try send(.message(id, body.bytes))
    let deadline = ContinuousClock.now + timeout
    while let record = try receive(timeout: deadline - .now) {
      switch record {
      case .acknowledgement(id): return
      case .refusal(id, let reason): throw .notTaken(reason)
      default: break
      }
    }
    throw .timedOut(waitingFor: "the other device's receipt")
  }

  /// The next message of the peer; nil when none comes in time.
  public func receiveMessage(timeout: Duration) throws(DeviceHostError) -> ReceivedMessage? {
    let deadline = ContinuousClock.now + timeout
    while let record = try receive(timeout: deadline - .now) {
      guard case .message(let id, let body) = record else { continue }
      return ReceivedMessage(
        from: peer.fields.address, generation: peer.fields.generation, id: id, route: .direct, body: body)
    }
    return nil
  }

  /// Tells the peer what became of its message.
  public func answer(_ message: ReceivedMessage, _ judgement: MessageJudgement) throws(DeviceHostError) {
    try send(PeerRecord(judgement, of: message.id))
  }

  private enum Received {
    case message(MessageID, [UInt8])
    case acknowledgement(MessageID)
    case refusal(MessageID, MessageRefusal)
  }

  private func receive(timeout: Duration) throws(DeviceHostError) -> Received? {
    guard var frame = try socket.receive(timeout: timeout) else { return nil }
    // No server cuts this session: whatever another process has learned meanwhile counts here.
    try store.refresh()
    try store.read { identity throws(DeviceError) in try session.checkPeer(identity.trust) }
    var span = frame.mutableBytes
    do {
      switch try session.open(&span) {
      case .message(let id, let text): return .message(id, [UInt8](copying: text))
      case .acknowledgement(let id): return .acknowledgement(id)
      case .refusal(let id, let reason): return .refusal(id, reason)
      }
    } catch { throw .device(error) }
  }

  private func send(_ record: borrowing PeerRecord) throws(DeviceHostError) {
    var frame = [UInt8](repeating: 0, count: 1 + record.encodedLength + tagLength)
    var span = frame.mutableBytes
    let length: Int
    do { length = try session.seal(record, into: &span) } catch { throw .device(error) }
    try socket.send(frame, count: length)
  }
}
