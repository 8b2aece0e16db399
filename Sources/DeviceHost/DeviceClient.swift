// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// A device's session with the server on this machine: connects, obeys the server's orders, and hands on what the
/// application should see. Sending, listening and rotating are in separate files.
public final class DeviceClient {
  typealias Event = SessionEvent

  let store: DeviceStore
  let endpoint: Endpoint
  let socket: any FrameTransport
  var link: ServerLink
  private var slot = SlotName.a
  private var buffer = [UInt8](repeating: 0, count: Framing.maximumFrameLength)
  /// Conversations that other devices opened, by their address and session.
  var conversations: [ConversationKey: Conversation] = [:]
  var rejections = Rejections()

  /// Whether messages that the server can read are sent to devices without a key pair, and accepted from anybody. Only the
  /// application may set it: a server that lies about its devices could ask for it.
  public var allowsHopByHop = false
  /// The derived keys beside the device file, in a scheme that has them.
  var psks: SymmetricStore?

  /// Called with the certificate of each device met: the one under which a message came, or the one that the server gave for a
  /// message's recipient.
  public var onPeerCertificate: ((Certificate) -> Void)?

  /// Called for each message that was refused, and why; it is not delivered.
  public var onRefusedMessage: ((DeviceAddress, DeviceError) -> Void)?

  /// The number the server gave this session.
  public private(set) var sessionNumber: UInt32 = 0
  /// Whether the certificate is out of date, so that the server only renews it. False once ``connect`` has returned.
  public private(set) var mayOnlyRenew = false
  /// Whether a certificate for the next key has come: a new session would use that key.
  public private(set) var shouldReconnect = false
  /// Whether the mailbox has been emptied into this session.
  public private(set) var isCaughtUp = false
  /// Lengths of the first frame and of the server's answer to it.
  public internal(set) var handshakeLengths = (hello: 0, reply: 0)

  /// Bytes sent and received so far, frame headers included.
  public var traffic: (sent: Int, received: Int) { (socket.bytesSent, socket.bytesReceived) }

  /// Connects with the next key, if one is certified, or else with the active one; when the server refuses the first by its own word,
  /// with the second. Returns once the server has welcomed the device, and renewed a certificate that was out of date.
  ///
  /// - Parameter listens: whether messages and conversations of others should come over this session.
  /// - Throws: ``DeviceHostError/mayOnlyRenew`` when the server does not renew the certificate in time.
  public static func connect(
    _ store: DeviceStore, to endpoint: Endpoint, listens: Bool, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> DeviceClient {
    try store.refresh()
    let hasNextKey = try store.read { $0.slotForSession() != $0.slotForSession(fallingBack: true) }
    let client: DeviceClient
    do throws(DeviceHostError) {
      client = try open(store, endpoint, listens, timeout, fallingBack: false)
    } catch {
      guard hasNextKey, case .refused = error else { throw error }
      client = try open(store, endpoint, listens, timeout, fallingBack: true)
    }
    guard client.mayOnlyRenew else { return client }
    // What was renewed is the next key, from a rotation that had been interrupted: it serves from its first session on.
    return try open(store, endpoint, listens, timeout, fallingBack: false)
  }

  private static func open(
    _ store: DeviceStore, _ endpoint: Endpoint, _ listens: Bool, _ timeout: Duration, fallingBack: Bool
  ) throws(DeviceHostError) -> DeviceClient {
    let scheme = try store.read { $0.scheme }
    let socket = try endpoint.open(timeout: timeout)
    let client = DeviceClient(store, endpoint, socket, ServerLink(scheme: scheme))
    try client.open(listens: listens, timeout: timeout, fallingBack: fallingBack)
    return client
  }

  private init(_ store: DeviceStore, _ endpoint: Endpoint, _ socket: any FrameTransport, _ link: consuming ServerLink) {
    self.store = store
    self.endpoint = endpoint
    self.socket = socket
    self.link = link
  }

  private func open(listens: Bool, timeout: Duration, fallingBack: Bool) throws(DeviceHostError) {
    let deadline = ContinuousClock.now + timeout
    try shakeHands(fallingBack: fallingBack, timeout: timeout)
    slot = link.slot ?? .a
    try send(.hello(try store.read { $0.hello(listens: listens, knowsApplications: true) }))
    while sessionNumber == 0 {
      guard try receive(timeout: deadline - .now) != nil else { throw .timedOut(waitingFor: "the server's welcome") }
    }
    try confirmPSK()
    // The device has asked for a new certificate in answer to the welcome.
    while mayOnlyRenew && !shouldReconnect {
      guard try receive(timeout: deadline - .now) != nil else { throw .mayOnlyRenew }
    }
  }

  /// Seals and sends one record.
  func send(_ record: DeviceRecord) throws(DeviceHostError) {
    var frame = buffer.mutableBytes
    let length: Int
    do { length = try link.seal(record, into: &frame) } catch { throw .device(error) }
    try socket.send(buffer, count: length)
  }

  /// Asks for a certificate of a key of this device's, and proves it.
  func sendRenewal(of key: X25519.PublicKey) throws(DeviceHostError) {
    try send(.renew(key, proof: try store.read { identity throws(DeviceError) in try link.proof(of: key, identity) }))
  }

  /// Remembers that a peer was met with this certificate, which has been verified.
  func meet(_ certificate: Certificate) throws(DeviceHostError) {
    let fields = certificate.fields
    // Mostly nothing new, and then nothing is locked.
    let known = try store.read { $0.trust.revocations.metGeneration(of: fields.device, in: fields.system) }
    guard known < fields.generation else { return }
    try store.update { identity throws(DeviceError) in
      // The server vouches for what it hands out; an older generation of a message that waited is no reason to refuse it.
      _ = try? identity.meet(fields)
    }
  }

  /// Keeps an idle session open.
  public func ping() throws(DeviceHostError) {
    try send(.ping)
  }

  /// Waits for the next record, obeys it, and says what it was; nil when none came in time.
  func receive(timeout: Duration) throws(DeviceHostError) -> Event? {
    guard var frame = try socket.receive(timeout: timeout) else { return nil }
    var span = frame.mutableBytes
    let record: ServerRecord
    do { record = try link.open(&span) } catch { throw .device(error) }
    if case .welcome(let number, let onlyRenew, _) = record {
      sessionNumber = number
      mayOnlyRenew = onlyRenew
    }
    if case .key(let scheme, let generation, let psk) = record, scheme.row.hasKeyBeside { try takePSK(psk, generation) }
    if concernsIdentity(record) { try obey(record) }
    switch record {
    case .certificate(let certificate):
      // An identity-based device may be given its outdated one again: see ``DeviceIdentity/receive(_:over:)``.
      if certificate.fields.lastEpoch >= (try store.read { $0.trust.epoch }) {
        mayOnlyRenew = mayOnlyRenew && shouldReconnect
      }
      return .other
    case .keyRefused(let reason, let seconds): return .keyRefused(reason, retryAfter: seconds)
    case .suspended(let wakeUps, _, let reserve):
      return .suspended(wakeUps: Int(wakeUps), reserve: UInt32(reserve))
    case .turnedAway(let reason): throw .refused(endpoint: endpoint.description, reason)
    case .peer(let address, let presence, let certificate): return .peer(address, presence, certificate)
    case .accepted(let id): return .accepted(id)
    case .refused(let id, let refusal): return .refused(id, refusal)
    case .frame(let from, let session, let body):
      return .frame(from: from, session: session, [UInt8](copying: body))
    case .unreachable(let address, _): return .unreachable(address)
    case .mail(let from, let id, let sealed): return try openMail(from: from, id: id, sealed)
    case .open(let from, let id, let body): return openMessage(from: from, id: id, body)
    case .channel(let notice): return SessionEvent(notice)
    case .queue(let notice): return SessionEvent(notice)
    case .pong: return .pong
    case .caughtUp:
      isCaughtUp = true
      return .other
    default: return .other
    }
  }

  private func concernsIdentity(_ record: borrowing ServerRecord) -> Bool {
    switch record {
    case .welcome, .epoch, .revocation, .policy, .rotate, .certificate, .credential, .caughtUp, .rotation: true
    default: false
    }
  }

  /// Changes the identity, stores it, and only then carries out what follows.
  private func obey(_ record: borrowing ServerRecord) throws(DeviceHostError) {
    let slot = slot
    let order = try store.update { identity throws(DeviceError) in
      try identity.receive(record, over: slot)
    }
    switch order {
    case .none: break
    case .renew(let key): try sendRenewal(of: key)
    case .request(let point): try send(.request(point))
    case .reconnect: shouldReconnect = true
    }
  }

  /// Opens a sealed message with the key it was sealed to. A message that cannot be opened is given up: no later attempt could
  /// open it.
  ///
  /// The key may be one that another process has made meanwhile, so that a failure counts only for what is on disk.
  private func openMail(
    from sender: DeviceAddress, id: MessageID, _ sealed: RawSpan
  ) throws(DeviceHostError) -> Event {
    var text = [UInt8](repeating: 0, count: max(sealed.byteCount, 1))
    let opened: SealedMessage.Opened
    do throws(DeviceHostError) {
      do throws(DeviceHostError) { opened = try open(sealed, from: sender, id: id, into: &text) } catch {
        try store.refresh()
        opened = try open(sealed, from: sender, id: id, into: &text)
      }
    } catch {
      guard case .device(let reason) = error else { throw error }
      onRefusedMessage?(sender, reason)
      try send(.delivered(from: sender, id: id))
      return .other
    }
    onPeerCertificate?(opened.certificate)
    try meet(opened.certificate)
    return .message(
      ReceivedMessage(
        from: sender, generation: opened.certificate.fields.generation, id: id, route: .mailbox,
        body: Array(text[..<opened.textLength])))
  }

  private func open(
    _ sealed: RawSpan, from sender: DeviceAddress, id: MessageID, into text: inout [UInt8]
  ) throws(DeviceHostError) -> SealedMessage.Opened {
    try store.read { identity throws(DeviceError) in
      var span = text.mutableBytes
      let opened = try identity.open(sealed, from: sender, into: &span)
      guard opened.id == id else { throw .subjectMismatch }
      return opened
    }
  }
}
