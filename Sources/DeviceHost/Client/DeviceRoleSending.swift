// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

/// Sending, many messages at once: each keeps its number until the server has it, over as many sessions as that takes.
extension DeviceRole {
  /// Messages and bytes that are sent before the server has answered the first of them.
  private static let window = (messages: 512, bytes: 1 << 20)

  func enqueue(_ outgoing: Outgoing) {
    let message = PendingMessage(outgoing)
    highestTicket = max(highestTicket, outgoing.ticket)
    guard cancelledEarly.remove(outgoing.ticket) == nil else { return message.finish(.failure(CancellationError())) }
    guard outgoing.body.count <= Message.maximumLength else {
      return message.finish(.failure(DeviceHostError.device(.messageTooLong)))
    }
    pending[outgoing.ticket] = message
    waiting.append(message)
    if let deadline = outgoing.deadline { earliest = earliest.map { min($0, deadline) } ?? deadline }
  }

  func cancel(_ ticket: UInt64) {
    if let message = pending[ticket] {
      conclude(message, .failure(CancellationError()))
    } else if ticket > highestTicket {
      cancelledEarly.insert(ticket)
    }
  }

  /// What became of a message; it is forgotten.
  func conclude(_ message: PendingMessage, _ result: Result<Delivery, any Error>) {
    pending[message.outgoing.ticket] = nil
    if let id = message.id {
      if inFlight.removeValue(forKey: id) != nil { inFlightBytes -= message.outgoing.body.count }
      awaitingDone[id] = nil
    }
    message.finish(result)
  }

  var nextDeadline: ContinuousClock.Instant? {
    var next = earliest
    for message in delayed { if let at = message.retryAt { next = next.map { min($0, at) } ?? at } }
    return next
  }

  func expire() {
    guard let first = earliest, first <= .now else { return }
    earliest = nil
    for message in Array(pending.values) {
      guard let deadline = message.outgoing.deadline else { continue }
      guard deadline <= .now else {
        earliest = earliest.map { min($0, deadline) } ?? deadline
        continue
      }
      let error: DeviceHostError =
        if let seconds = message.later {
          .queueFull(retryAfter: seconds)
        } else {
          .timedOut(
            waitingFor: awaitingDone[message.id ?? MessageID(0)] == nil ? "the server's receipt" : "the application")
        }
      conclude(message, .failure(error))
    }
  }

  /// Everything that the session has left undone waits for the next one, in order.
  func requeue() {
    let undone = Array(inFlight.values) + awaitingLookup.values.flatMap { $0 } + awaitingApplications
    inFlight = [:]
    inFlightBytes = 0
    awaitingLookup = [:]
    awaitingApplications = []
    let numbered = undone.sorted {
      ($0.id?.rawValue ?? .max, $0.outgoing.ticket) < ($1.id?.rawValue ?? .max, $1.outgoing.ticket)
    }
    waiting = numbered.filter { !$0.isOver } + waiting
  }

  func sendWaiting() throws(DeviceHostError) {
    releaseDelayed()
    guard !waiting.isEmpty else { return }
    var count = 0
    var bytes = inFlightBytes
    while count < waiting.count, inFlight.count + count < Self.window.messages, bytes < Self.window.bytes {
      bytes += waiting[count].outgoing.body.count
      count += 1
    }
    guard count > 0 else { return }
    let batch = waiting.prefix(count).filter { !$0.isOver }
    waiting.removeFirst(count)
    // All of it is registered before anything is sent: whatever fails, the next session finds it.
    let unnumbered = batch.filter { $0.id == nil }
    do throws(DeviceHostError) {
      for (message, id) in zip(unnumbered, try device.nextMessageIDs(unnumbered.count)) { message.id = id }
    } catch {
      waiting = batch + waiting
      throw error
    }
    for message in batch { register(message) }
    for message in batch {
      do throws(DeviceHostError) { try send(message) } catch {
        guard case .device = error else { throw error }
        conclude(message, .failure(error))
      }
    }
  }

  func register(_ message: PendingMessage) {
    guard let id = message.id else { return }
    inFlight[id] = message
    inFlightBytes += message.outgoing.body.count
  }

  func unregister(_ message: PendingMessage) {
    guard let id = message.id, inFlight.removeValue(forKey: id) != nil else { return }
    inFlightBytes -= message.outgoing.body.count
  }

  private func releaseDelayed() {
    guard !delayed.isEmpty else { return }
    let due = delayed.filter { ($0.retryAt ?? .now) <= .now }
    delayed.removeAll { ($0.retryAt ?? .now) <= .now || $0.isOver }
    waiting = due.filter { !$0.isOver } + waiting
  }

  private func send(_ message: PendingMessage) throws(DeviceHostError) {
    guard let id = message.id else { return }
    switch message.outgoing.target {
    case .device(let recipient): try send(message, id, to: recipient)
    case .application(let name):
      let found = name == .standard ? standardApplication : nil
      let key: String? = if case .named(let text) = name { text } else { found }
      guard let key, let certificate = applications[key] else {
        return missApplication(message, key)
      }
      try send(message, id, to: certificate, answering: nil)
    case .answer(let application, let request):
      guard let certificate = applications.values.first(where: { $0.fields.device == application }) else {
        return missApplication(message, nil)
      }
      try send(message, id, to: certificate, answering: request)
    }
  }

  /// The server may still name the application, or has named all.
  private func missApplication(_ message: PendingMessage, _ name: String?) {
    unregister(message)
    if knowsApplications {
      conclude(message, .failure(DeviceHostError.unknownApplication(name)))
    } else {
      awaitingApplications.append(message)
    }
  }

  private func send(
    _ message: PendingMessage, _ id: MessageID, to application: Certificate, answering request: RequestID?
  ) throws(DeviceHostError) {
    guard let session else { return }
    let body = message.outgoing.body
    guard case .key(let store) = device.store else {
      return try session.send(.open(to: application.fields.address, id: id, body.bytes))
    }
    let file = try channelFile(of: application.fields.device)
    if try file.current(for: application, of: store) == nil, let opening = try file.open(to: application, of: store),
      let channel = try file.current(for: application, of: store)
    {
      try session.send(
        .channel(
          .open(
            application: application.fields.device, generation: application.fields.generation, channel: channel,
            opening.bytes)))
    }
    let (report, sealed) = try file.seal(body, id, wantsDone: message.outgoing.wantsDone, request: request)
    message.channel = report.channel
    try session.send(.channel(.report(report, sealed.bytes)))
  }

  private func send(
    _ message: PendingMessage, _ id: MessageID, to recipient: DeviceAddress
  ) throws(DeviceHostError) {
    guard let session else { return }
    let body = message.outgoing.body
    guard case .key(let store) = device.store else {
      return try session.send(.open(to: recipient, id: id, body.bytes))
    }
    guard let certificate = certificates[recipient] else {
      unregister(message)
      awaitingLookup[recipient, default: []].append(message)
      if awaitingLookup[recipient]?.count == 1 { try session.send(.lookup(recipient)) }
      return
    }
    var sealed = [UInt8](repeating: 0, count: body.count + SealedMessage.overhead)
    let length = try store.read { identity throws(DeviceError) in
      var span = sealed.mutableBytes
      return try identity.seal(body.bytes, id: id, to: certificate, into: &span)
    }
    try session.send(
      .deposit(to: recipient, generation: certificate.fields.generation, id: id, sealed.bytes.extracting(0..<length)))
  }
}

extension AnyDevice {
  /// Reserves the numbers of several messages, with one change of the file.
  func nextMessageIDs(_ count: Int) throws(DeviceHostError) -> [MessageID] {
    guard count > 0 else { return [] }
    return switch store {
    case .key(let store):
      try store.update { identity throws(DeviceError) in
        var ids: [MessageID] = []
        while ids.count < count { ids.append(try identity.nextMessageID()) }
        return ids
      }
    case .symmetric(let store):
      try store.update { identity throws(DeviceError) in
        var ids: [MessageID] = []
        while ids.count < count { ids.append(try identity.nextMessageID()) }
        return ids
      }
    }
  }
}
