// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

/// A device at work: sends what tasks want sent, hands on what comes, acknowledges what the application has acknowledged. Sending is in
/// a separate file.
final class DeviceRole: SessionRole {
  enum Command: Sendable {
    case send(Outgoing)
    case cancel(UInt64)
    case acknowledge(MessageKey)
    /// A request is the application's; with the answer, if there is one.
    case accept(RequestKey, answer: Outgoing?)
  }

  /// Names a message among those that were handed on.
  struct MessageKey: Hashable, Sendable {
    let sender: DeviceAddress
    let id: MessageID
  }

  /// Names a request among those that were handed on: no two share a key and a nonce.
  struct RequestKey: Hashable, Sendable {
    let instance: InstanceID
    let counter: UInt64

    init(_ request: ChannelNotice.Request) {
      instance = request.instance
      counter = request.counter
    }
  }

  /// Messages and bytes that may wait for the application's acknowledgement. The mailbox keeps fewer, so that only conversations with
  /// other devices can go beyond it: those are not taken up, and their senders leave the message in the mailbox.
  static let maximumHeld = (messages: 4096, bytes: 48 << 20)

  let device: AnyDevice
  let settings: ClientSettings
  private var inbox: Inbox?
  private let deliver: (ReceivedMessage, MessageKey) -> Void
  private let ask: (ChannelNotice.Request, [UInt8], RequestKey) -> Void
  private let finish: (DeviceHostError?) -> Void
  var session: (any RecordSession)?
  private var sessionCount = 0
  /// Messages that the application has and has not acknowledged: over which session they came, and how.
  private var held: [MessageKey: (message: ReceivedMessage, session: UInt32, count: Int)] = [:]
  private var heldBytes = 0
  private var acknowledged: [MessageKey] = []
  private var heldRequests: [RequestKey: ChannelNotice.Request] = [:]
  private var accepted: [(request: ChannelNotice.Request, answer: Outgoing?)] = []

  // Sending.
  var waiting: [PendingMessage] = []
  var inFlight: [MessageID: PendingMessage] = [:]
  var inFlightBytes = 0
  var awaitingDone: [MessageID: PendingMessage] = [:]
  var awaitingLookup: [DeviceAddress: [PendingMessage]] = [:]
  var awaitingApplications: [PendingMessage] = []
  var delayed: [PendingMessage] = []
  var pending: [UInt64: PendingMessage] = [:]
  var highestTicket: UInt64 = 0
  var cancelledEarly: Set<UInt64> = []
  var earliest: ContinuousClock.Instant?
  var certificates: [DeviceAddress: Certificate] = [:]
  /// Applications by name, as this session's server has told them; complete once it has answered the first ping.
  var applications: [String: Certificate] = [:]
  var standardApplication: String?
  var knowsApplications = false
  var channels: [DeviceID: ChannelFile] = [:]
  var refusals: [ChannelID: ChannelNotice.Refusal] = [:]

  init(
    _ device: AnyDevice, _ inbox: Inbox?, _ settings: ClientSettings,
    deliver: @escaping (ReceivedMessage, MessageKey) -> Void,
    ask: @escaping (ChannelNotice.Request, [UInt8], RequestKey) -> Void, finish: @escaping (DeviceHostError?) -> Void
  ) {
    self.device = device
    self.inbox = inbox
    self.settings = settings
    self.deliver = deliver
    self.ask = ask
    self.finish = finish
  }

  func take(_ command: Command) {
    switch command {
    case .send(let outgoing): enqueue(outgoing)
    case .cancel(let ticket): cancel(ticket)
    case .acknowledge(let key):
      if held[key] != nil { acknowledged.append(key) }
    case .accept(let key, let answer):
      guard let request = heldRequests.removeValue(forKey: key) else {
        // It was acknowledged before; the answer may still be given.
        if let answer { enqueue(answer) }
        return
      }
      accepted.append((request, answer))
    }
  }

  func begin(_ session: any RecordSession) throws(DeviceHostError) {
    self.session = session
    sessionCount += 1
    session.onRefusedMessage = { [settings] in settings.onStatus?(.refused(from: $0, $1)) }
    applications = [:]
    standardApplication = nil
    knowsApplications = false
    certificates = [:]
    refusals = [:]
    // Its answer comes after every application that the server names at the start.
    try session.ping()
  }

  func interrupt() {
    session = nil
    requeue()
  }

  func end(_ error: DeviceHostError?) {
    // What was acknowledged is not handed on again, and answered in the next session.
    _ = try? remember()
    // Whoever hears of the end may open the same list of messages.
    inbox = nil
    for message in Array(pending.values) { conclude(message, .failure(error ?? .closed)) }
    finish(error)
  }

  func flush() throws(DeviceHostError) {
    guard let session else { return }
    for key in try remember() {
      guard let (message, number, count) = held.removeValue(forKey: key) else { continue }
      heldBytes -= message.body.count
      // A conversation ends with the session it came over; its sender leaves the message in the mailbox then.
      if message.route != .online || count == sessionCount {
        try session.answer(message, .deliver, session: number)
      }
    }
    try acceptRequests()
    try sendWaiting()
  }

  /// Stores what the application has acknowledged, and says what that is.
  @discardableResult
  private func remember() throws(DeviceHostError) -> [MessageKey] {
    guard !acknowledged.isEmpty else { return [] }
    try inbox?.remember(acknowledged.map { ($0.id, $0.sender) })
    defer { acknowledged = [] }
    return acknowledged
  }

  func receive(_ event: SessionEvent) throws(DeviceHostError) {
    switch event {
    case .message(let message): try take(message, session: 0)
    case .frame(let from, let number, let body):
      guard held.count < Self.maximumHeld.messages, heldBytes < Self.maximumHeld.bytes else { return }
      if let message = try session?.receiveFrame(from: from, session: number, body) {
        try take(message, session: number)
      }
    case .request(let request, let sealed): try take(request, sealed)
    default: try receiveAnswer(event)
    }
  }

  private func take(_ message: ReceivedMessage, session number: UInt32) throws(DeviceHostError) {
    guard let inbox else { return }
    let judgement = inbox.judge(message)
    guard judgement == .deliver else {
      if case .refuse(let reason) = judgement { settings.onStatus?(.refused(from: message.from, .notTaken(reason))) }
      try session?.answer(message, judgement, session: number)
      return
    }
    let key = MessageKey(sender: message.from, id: message.id)
    let isHeld = held[key] != nil
    held[key] = (message, number, sessionCount)
    guard !isHeld else { return }
    heldBytes += message.body.count
    deliver(message, key)
  }

  // MARK: Requests

  private func take(_ request: ChannelNotice.Request, _ sealed: [UInt8]) throws(DeviceHostError) {
    let key = RequestKey(request)
    guard heldRequests[key] == nil, heldRequests.count < Self.maximumHeld.messages, !device.isSymmetric else { return }
    do throws(DeviceHostError) {
      let text = try channelFile(of: request.application).open(request, sealed)
      heldRequests[key] = request
      ask(request, text, key)
    } catch {
      switch error {
      case .device(.channel(.replayed)):
        // Had before: the server has not heard of it.
        try session?.send(.channel(.taken(application: request.application, request: request.request)))
      case .device(let reason):
        let application = DeviceAddress(system: try device.address.system, device: request.application)
        settings.onStatus?(.refused(from: application, reason))
      default: throw error
      }
    }
  }

  /// Stores that requests were had, tells the server, and sends the answers.
  private func acceptRequests() throws(DeviceHostError) {
    guard !accepted.isEmpty, let session else { return }
    for (application, requests) in Dictionary(grouping: accepted, by: \.request.application) {
      try channelFile(of: application).accept(requests.map(\.request))
    }
    let done = accepted
    accepted = []
    for (request, answer) in done {
      if let answer { enqueue(answer) }
      try session.send(.channel(.taken(application: request.application, request: request.request)))
    }
  }

  func channelFile(of application: DeviceID) throws(DeviceHostError) -> ChannelFile {
    if let file = channels[application] { return file }
    let file = try ChannelFile(beside: device.path, application: application)
    channels[application] = file
    return file
  }
}
