// SPDX-License-Identifier: Apache-2.0

import Logging
import CountersignCrypto
import NIOCore
import Records
import Schemes
import Strangers
import Relay
import Wire

/// Joins one link to one session: carries out actions, writes records, keeps the time.
final class SessionDriver {
  let relay: Relay
  private let table: ConnectionTable
  let lane: HandshakeQueue
  let session: RelaySession
  let eventLoop: any EventLoop
  /// Until it has ended.
  private(set) var link: (any FrameLink)?
  private(set) var connection: NIOConnection?
  var client: Client?
  let source: SourceAddress
  var isCounted = false
  var isUnauthenticated = false
  var hasAnswered = false
  var waitsInLane = false
  var place: HandshakeQueue.Place?
  /// The holder of the session while this driver must not touch it.
  var loan: SessionLoan?
  private var lastFrame = NIODeadline.now()
  var timer: Scheduled<Void>?
  var closeReason: CloseReason?
  /// Until when nothing more from the device is read, because it has used up a budget or has had its turn.
  var rest: Scheduled<Void>?
  /// What is carried out after that.
  var deferred: [() -> Void] = []
  var isDraining = false
  var outbox = FrameOutbox()

  /// Long enough for the loop to look at its other sockets.
  private static let breath = TimeAmount.microseconds(50)

  init(relay: Relay, table: ConnectionTable, lane: HandshakeQueue, link: any FrameLink, on eventLoop: any EventLoop) {
    self.relay = relay
    self.table = table
    self.lane = lane
    self.link = link
    self.eventLoop = eventLoop
    source = link.source
    session = RelaySession(admissions: relay.admissions, limits: relay.limits)
  }

  /// Whether the connection is over, or about to be.
  var hasEnded: Bool { closeReason != nil }

  // MARK: The link's events

  /// The link is there.
  func begin() {
    let connection = NIOConnection(self, on: eventLoop)
    self.connection = connection
    guard table.admit(connection, from: source) else { return close(.overloaded) }
    isCounted = true
    relay.metrics.connections.add(1)
    isUnauthenticated = true
    relay.metrics.unauthenticated.add(1)
    let timeout = TimeAmount.seconds(relay.limits.handshakeTimeout)
    timer = eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: timeout) {
      self.close(.handshakeTimeout)
    }
  }

  func linkWritabilityChanged(_ isWritable: Bool) {
    connection?.setWritable(isWritable)
    guard isWritable else { return }
    goOn()
    passOn()
  }

  func linkEnded() {
    finish(.peer)
    if isCounted { relay.metrics.connections.add(-1) }
    isCounted = false
    if let connection { table.remove(connection) }
    if let client { relay.end(client) }
    client = nil
    connection = nil
    link = nil
  }

  // MARK: Frames

  /// Whether the server does not listen to the device now. A device that does not read its answers gets none to new questions;
  /// what follows the handshake's last message waits for it.
  var isHeldBack: Bool {
    rest != nil || isDraining || (waitsInLane && hasAnswered) || link?.isWritable == false
  }

  /// Takes frames for one turn; the rest of what has arrived comes after the other connections'.
  func takeFrames() {
    var frames = 0
    var bytes = 0
    while closeReason == nil, !isHeldBack, let frame = nextFrame() {
      frames += 1
      bytes += frame.count
      receive(frame)
      guard frames >= relay.limits.framesPerTurn || bytes >= relay.limits.bytesPerTurn else { continue }
      takeRest(Self.breath)
    }
  }

  func takeRest(_ time: TimeAmount) {
    guard rest == nil, closeReason == nil else { return }
    rest = eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: time) {
      self.rest = nil
      let deferred = self.deferred
      self.deferred = []
      for action in deferred { action() }
      if self.rest != nil { return }
      if let client = self.client, case let more = self.relay.holdBack(client), more > 0 {
        return self.takeRest(.nanoseconds(Int64(more)))
      }
      self.goOn()
    }
  }

  /// Continues if nothing is in the way any more.
  func goOn() {
    takeFrames()
    if !isHeldBack { link?.resume() }
  }

  private func nextFrame() -> [UInt8]? {
    let isStranger = waitsInLane || !session.isAuthenticated
    let limit = isStranger ? relay.limits.maximumUnauthenticatedFrame : Framing.maximumFrameLength
    do throws(CloseReason) { return try link?.nextFrame(limit: limit) } catch {
      close(error)
      return nil
    }
  }

  func receive(_ frame: [UInt8]) {
    lastFrame = .now()
    // The device cannot know what to send next before it has its answer.
    guard !waitsInLane else { return close(.violation) }
    guard session.isInHandshake else { return perform(session.receive(frame)) }
    if !hasAnswered, WakeFrame.hint(frame.bytes) != nil { return wake(frame) }
    if let connection { table.favour(connection) }
    waitsInLane = true
    let handshake = HandshakeQueue.Waiting(
      run: { [weak self] in
        guard let self, closeReason == nil else { return false }
        answer(frame)
        return true
      }, turnAway: { [weak self] in self?.close(.overloaded) })
    place = lane.enqueue(handshake, from: source)
    if place == nil { close(.overloaded) }
  }

  /// Takes a wake-up, which is all that a connection carries.
  private func wake(_ frame: [UInt8]) {
    guard let connection else { return }
    waitsInLane = true
    hasAnswered = true
    relay.wake(frame, from: source) { connection.endWakeUp($0) }
  }

  /// A wake-up has been taken.
  func endWakeUp(_ answer: [UInt8]?) {
    guard closeReason == nil else { return }
    if let answer { link?.writeLast(answer) }
    close(.peer)
  }

  /// Answers a frame of the handshake, here or on the slow handshakes' queue.
  private func answer(_ frame: [UInt8]) {
    do throws(AdmissionRefusal) {
      guard try session.prepare(frame) == .slow, let connection else {
        waitsInLane = false
        perform(session.receive(frame))
        return goOn()
      }
      let loan = SessionLoan(session, frame)
      self.loan = loan
      let isQueued = relay.slowHandshakes.enqueue(
        .init(
          run: {
            loan.answer()
            connection.takeBack(loan)
          }, turnAway: { connection.turnAway(loan) }), from: source)
      if isQueued { return }
      self.loan = nil
      close(.overloaded)
    } catch { close(.refused(error)) }
  }

  /// The slow handshakes' queue gave the frame's place to another source.
  func turnAway(_ loan: SessionLoan) {
    self.loan = nil
    guard closeReason == nil else { return session.close() }
    close(.overloaded)
  }

  /// The slow handshakes' queue has answered.
  func takeBack(_ loan: SessionLoan) {
    self.loan = nil
    waitsInLane = false
    guard closeReason == nil else { return session.close() }
    perform(loan.action)
    goOn()
  }

  func perform(_ action: RelayAction) {
    switch action {
    case .none: break
    case .reply(let bytes):
      hasAnswered = true
      if let connection { table.favour(connection) }
      link?.answer(bytes, of: session)
    case .turnAway(let bytes, let refusal):
      hasAnswered = true
      link?.writeLast(bytes)
      close(.refused(refusal))
    case .begin(let claimant, let hello):
      // It may have made room for another stranger at this moment.
      guard let connection, table.promote(connection) else { return }
      becomeAuthenticated()
      guard let wait = relay.waitForSession(claimant.address) else { return close(.overloaded) }
      guard wait > 0 else { return relay.begin(claimant, hello, on: connection) }
      connection.schedule(after: wait) { [relay] in relay.begin(claimant, hello, on: connection) }
    case .close(let reason): close(reason)
    default:
      guard let client else { return }
      let toll = relay.charge(action, to: client)
      if toll.isRefused { return close(.overloaded) }
      // Frames held until the welcome arrive while the connection already rests: they keep their order.
      guard toll.rest > 0 || rest != nil else { return carryOut(action, client, toll) }
      deferred.append { self.carryOut(action, client, toll) }
      takeRest(.nanoseconds(Int64(toll.rest)))
    }
  }

  private func carryOut(_ action: RelayAction, _ client: Client, _ toll: Toll) {
    relay.carryOut(action, for: client, toll)
    if action.isForMailbox, case let time = relay.holdBack(client), time > 0 { takeRest(.nanoseconds(Int64(time))) }
  }

  private func becomeAuthenticated() {
    isUnauthenticated = false
    relay.metrics.unauthenticated.add(-1)
    timer?.cancel()
    watchIdleness()
  }

  /// One timer per connection, moved on only when it fires.
  private func watchIdleness() {
    guard closeReason == nil else { return }
    let deadline = lastFrame + .seconds(relay.limits.idleTimeout)
    guard deadline > .now() else { return close(.idleTimeout) }
    timer = eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(deadline: deadline) {
      self.watchIdleness()
    }
  }
}
