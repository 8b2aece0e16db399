// SPDX-License-Identifier: Apache-2.0

import Device
import Foundation

/// What a client does with its sessions. It lives on the thread of its ``SessionLoop``.
protocol SessionRole: AnyObject, SendableMetatype {
  associatedtype Command: Sendable

  /// Takes what a task asks; sends nothing.
  func take(_ command: Command)
  /// A new session is there.
  func begin(_ session: any RecordSession) throws(DeviceHostError)
  func receive(_ event: SessionEvent) throws(DeviceHostError)
  /// Sends what commands, events and the time have led to.
  func flush() throws(DeviceHostError)
  /// Gives up, without a session too, what has waited too long.
  func expire()
  /// When ``flush()`` or ``expire()`` has something to do although nothing happens.
  var nextDeadline: ContinuousClock.Instant? { get }
  /// The session is over; another follows.
  func interrupt()
  /// No session follows: because of an error, or because the client was closed.
  func end(_ error: DeviceHostError?)
}

/// Keeps one session after another open, on a thread of its own, until the client is closed or an error is final: the device is
/// refused, or its file cannot be used.
struct SessionLoop<Role: SessionRole> {
  let device: AnyDevice
  let endpoint: Endpoint
  let settings: ClientSettings
  let role: Role
  let commands: CommandQueue<Role.Command>
  let pipe: WakePipe

  /// At most so many events are handled before commands have their turn.
  private static var batch: Int { 256 }

  /// Starts the thread, which makes all of it there: nothing of a device file goes from one thread to another.
  static func start(
    _ commands: CommandQueue<Role.Command>,
    failing: @escaping @Sendable (DeviceHostError) -> Void,
    _ make: @escaping @Sendable () throws(DeviceHostError) -> SessionLoop
  ) {
    Thread.detachNewThread {
      let loop: SessionLoop
      do throws(DeviceHostError) { loop = try make() } catch {
        commands.close()
        return failing(error)
      }
      loop.run()
    }
  }

  private func run() {
    var backoff = ReconnectPause()
    while !commands.isClosed {
      var began = ContinuousClock.now
      do throws(DeviceHostError) {
        let session = try connect()
        began = .now
        try role.begin(session)
        settings.onStatus?(.connected(try device.address, server: endpoint.description))
        try converse(session)
        role.interrupt()
      } catch {
        role.interrupt()
        settings.onStatus?(.interrupted(error))
        guard error.mayPass else {
          commands.close()
          finish(error)
          return
        }
        // A session that lasted shows that all was well; a short one may be another process's doing.
        if began.duration(to: .now) > .seconds(5) { backoff = ReconnectPause() }
        wait(until: .now + backoff.next())
      }
    }
    finish(nil)
  }

  private func finish(_ error: DeviceHostError?) {
    for command in commands.drain() { role.take(command) }
    role.end(error)
  }

  private func connect() throws(DeviceHostError) -> any RecordSession {
    let session = try device.connect(
      to: endpoint, listens: settings.listens, allowsHopByHop: settings.allowsHopByHop, timeout: settings.timeout)
    guard let session = session as? any RecordSession else { throw .device(.noUsableKey) }
    return session
  }

  private func converse(_ session: any RecordSession) throws(DeviceHostError) {
    var lastPing: ContinuousClock.Instant?
    while !commands.isClosed {
      for command in commands.drain() { role.take(command) }
      role.expire()
      try role.flush()
      var count = 0
      while !session.shouldReconnect, count < Self.batch, let event = try session.receive(timeout: .zero) {
        try role.receive(event)
        count += 1
      }
      if session.shouldReconnect { return }
      guard count == 0 else { continue }
      let quiet = max(session.lastHeard, lastPing ?? session.lastHeard) + settings.quiet
      guard .now < quiet else {
        // A connection may die silently: whoever only waits never learns of it.
        if let lastPing, session.lastHeard < lastPing { throw .connectionLost(reason: "the server does not answer") }
        lastPing = .now
        try session.ping()
        continue
      }
      pipe.wait(or: session.transport, until: min(quiet, role.nextDeadline ?? quiet))
    }
    for command in commands.drain() { role.take(command) }
    try role.flush()
  }

  /// Waits between two attempts, and goes on taking what tasks ask.
  private func wait(until end: ContinuousClock.Instant) {
    while !commands.isClosed, .now < end {
      for command in commands.drain() { role.take(command) }
      role.expire()
      pipe.wait(or: nil, until: min(end, role.nextDeadline.map { max($0, .now + .milliseconds(10)) } ?? end))
    }
  }
}

/// How a client connects.
public struct ClientSettings: Sendable {
  /// Whether messages and requests of others should come; a client that only sends is passed over.
  public var listens = true
  /// Whether messages that the server can read are sent to devices without a key pair, and accepted from anybody.
  public var allowsHopByHop = false
  /// How long connecting may take.
  public var timeout = Duration.seconds(10)
  /// After this long without a word of the server, a ping asks for one; its answer may take as long.
  public var quiet = Duration.seconds(15)
  /// Told what becomes of sessions, on the client's thread: it must not wait.
  public var onStatus: (@Sendable (ClientStatus) -> Void)?

  public init(listens: Bool = true, allowsHopByHop: Bool = false) {
    self.listens = listens
    self.allowsHopByHop = allowsHopByHop
  }
}

/// Pauses about twice as long after each failure, up to half a minute, with jitter for those who failed at the same time.
struct ReconnectPause {
  private var count = 0

  mutating func next() -> Duration {
    defer { count += 1 }
    return min(Duration.seconds(30), .milliseconds(100 << min(count, 9))) * Double.random(in: 0.5...1)
  }
}

extension DeviceHostError {
  /// Whether another session, a little later, may go well.
  fileprivate var mayPass: Bool {
    switch self {
    case .unreachable, .hungUp, .tryLater, .connectionLost, .timedOut, .keyRefused, .mayOnlyRenew: true
    // What arrived did not decrypt or was no record: the session is over, the device is not.
    case .device(.noise), .device(.schemes), .device(.malformedRecord), .device(.unexpectedRecord): true
    default: false
    }
  }
}
