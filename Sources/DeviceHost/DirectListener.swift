// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import Strangers
import Wire

/// Waits for other devices on this device's own TCP port.
///
/// Handshakes run concurrently, and so do conversations: a silent connection keeps nobody waiting. When there are too many, the
/// oldest from the source, or the device, with the most makes room.
public final class DirectListener {
  /// A connection whose device has not proved who it is.
  private struct Stranger {
    let connection: DirectConnection
    let source: SourceAddress
    let deadline: ContinuousClock.Instant
  }

  /// A device in conversation.
  private struct Speaker {
    let connection: DirectConnection
    var lastHeard: ContinuousClock.Instant
  }

  /// Until the next attempt, when the system could not give a connection.
  private static let pause = Duration.milliseconds(100)

  /// Connections whose handshake is not finished.
  public static let maximumStrangers = 256
  /// Devices in conversation, each of which may send.
  public static let maximumSpeakers = 32
  /// Silence after which a conversation ends.
  public static let patience = Duration.seconds(5)

  private let socket: Socket
  /// Both from the oldest to the youngest.
  private var strangers: [Stranger] = []
  private var speakers: [Speaker] = []
  private var arrived: [DirectConnection] = []
  private var refusals: [DeviceHostError] = []
  private var pausedUntil = ContinuousClock.now

  public init(on endpoint: Endpoint) throws(DeviceHostError) {
    socket = try Socket.listen(on: endpoint)
  }

  /// The port that is bound.
  public var port: UInt16 { socket.port }

  /// Waits for a device and runs the handshake with it; nil if none comes in time. The caller owns the connection.
  ///
  /// - Throws: why a device that connected was refused; the listener continues.
  public func accept(
    _ store: DeviceStore, waiting: Duration, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> DirectConnection? {
    let deadline = ContinuousClock.now + waiting
    repeat {
      turn(store, until: deadline, timeout)
      if !arrived.isEmpty { return arrived.removeFirst() }
      if !refusals.isEmpty { throw refusals.removeFirst() }
    } while ContinuousClock.now < deadline
    return nil
  }

  /// Waits until a device has sent something, whether it is in conversation or comes now; nil when none does in time. The caller
  /// reads one message at a time, so that devices take turns, and calls ``end(_:)`` when that fails.
  ///
  /// - Throws: why a device that connected was refused; the listener continues.
  public func nextSpeaker(
    _ store: DeviceStore, waiting: Duration, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> DirectConnection? {
    let deadline = ContinuousClock.now + waiting
    repeat {
      turn(store, until: deadline, timeout)
      welcomeArrived()
      if let index = speakers.firstIndex(where: { $0.connection.hasFrame }) {
        var speaker = speakers.remove(at: index)
        speaker.lastHeard = .now
        speakers.append(speaker)
        return speaker.connection
      }
      if !refusals.isEmpty { throw refusals.removeFirst() }
    } while ContinuousClock.now < deadline
    return nil
  }

  /// Ends a conversation.
  public func end(_ connection: DirectConnection) {
    speakers.removeAll { $0.connection === connection }
  }

  /// Advances every connection whose frames have arrived, and waits for frames if there are none.
  private func turn(_ store: DeviceStore, until deadline: ContinuousClock.Instant, _ timeout: Duration) {
    expire()
    let isIdle = arrived.isEmpty && refusals.isEmpty && !speakers.contains { $0.connection.hasFrame }
    var deadline = isIdle ? deadline : .now
    for stranger in strangers { deadline = min(deadline, stranger.deadline) }
    for speaker in speakers { deadline = min(deadline, speaker.lastHeard + Self.patience) }
    let isPaused = pausedUntil > .now
    if isPaused { deadline = min(deadline, pausedUntil) }
    let ready = Socket.ready(
      [isPaused ? nil : socket] + (strangers.map(\.connection) + speakers.map(\.connection)).map(\.socket.socket),
      timeout: deadline - .now)
    advance(strangers.indices.filter { ready.contains($0 + 1) }, store)
    // What a speaker sends stays with it until it is asked for; one that has hung up is found out then.
    if ready.contains(0) { take(store, timeout) }
  }

  private func advance(_ ready: [Int], _ store: DeviceStore) {
    var finished: [Int] = []
    for index in ready {
      let connection = strangers[index].connection
      do throws(DeviceHostError) {
        while !connection.isEstablished, let frame = try connection.socket.receiveNow() {
          // Another process may have taken a revocation meanwhile.
          try store.refresh()
          try connection.advance(frame)
        }
        guard connection.isEstablished else { continue }
        connection.socket.maximumLength = Framing.maximumFrameLength
        arrived.append(connection)
      } catch { refusals.append(error) }
      finished.append(index)
    }
    for index in finished.reversed() { strangers.remove(at: index) }
  }

  /// Takes the connections that wait.
  private func take(_ store: DeviceStore, _ timeout: Duration) {
    do throws(Socket.AcceptError) {
      // As many as may be here at once, so that those that are here get their turn.
      for _ in 0..<Self.maximumStrangers {
        let (accepted, source) = try socket.accept()
        let frames = FrameSocket(accepted)
        frames.maximumLength = PeerSession.maximumHandshakeLength
        let connection = DirectConnection(frames, store, .responder)
        do throws(DeviceHostError) {
          try store.refresh()
          try connection.begin()
        } catch {
          refusals.append(error)
          continue
        }
        if strangers.count >= Self.maximumStrangers { evictStranger() }
        strangers.append(Stranger(connection: connection, source: source, deadline: .now + timeout))
      }
    } catch {
      switch error {
      case .none: break
      case .shortage(let reason), .failed(let reason):
        if !strangers.isEmpty { evictStranger() }
        pausedUntil = .now + Self.pause
        refusals.append(.cannotAccept(reason: reason))
      }
    }
  }

  private func evictStranger() {
    strangers.remove(at: Self.oldestOfMost(strangers.map(\.source)))
  }

  private func welcomeArrived() {
    for connection in arrived {
      if speakers.count >= Self.maximumSpeakers {
        speakers.remove(at: Self.oldestOfMost(speakers.map(\.connection.peer.fields.address)))
      }
      speakers.append(Speaker(connection: connection, lastHeard: .now))
    }
    arrived = []
  }

  private func expire() {
    let now = ContinuousClock.now
    refusals += strangers.filter { $0.deadline <= now }.map { _ in .timedOut(waitingFor: "the other device's handshake")
    }
    strangers.removeAll { $0.deadline <= now }
    speakers.removeAll { $0.lastHeard + Self.patience <= now && !$0.connection.hasFrame }
  }

  /// The index of the oldest entry with the most frequent name.
  private static func oldestOfMost<Name: Hashable>(_ names: [Name]) -> Int {
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    let most = counts.values.max()
    return names.firstIndex { counts[$0] == most } ?? 0
  }
}

extension DirectConnection {
  /// Whether a whole frame has come, or the end of the connection, so that reading does not wait.
  fileprivate var hasFrame: Bool { (try? socket.hasFrame()) ?? true }
}
