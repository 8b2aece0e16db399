// SPDX-License-Identifier: Apache-2.0

import Datagrams
import DequeModule
import NIOCore
import Relay
import Strangers
import Wire

/// Everything that arrives at one UDP port, without the socket: puts first frames together, asks for cookies under load, and gives each
/// datagram to its link. Used on one event loop only.
final class DatagramPort {
  /// A handshake's first frame, whole.
  struct FirstFrame {
    let frame: [UInt8]
    /// Bytes of the datagrams that brought it, and the longest of them.
    let received: Int
    let longest: Int
    /// Whether a cookie shows that its sender gets what is sent to its address.
    let isProved: Bool
  }

  /// Nanoseconds for which a link that has ended repeats what did not arrive, and its answer.
  static let linger: UInt64 = 5_000_000_000
  /// Links that have ended and linger, at most.
  static let lingeringLinks = 1_024
  /// Frames that are put together before cookies are asked for.
  static let quietReassemblies = Reassembly<SocketAddress>.capacity / 4

  let limits: RelayLimits
  /// Nanoseconds of a clock that does not go back.
  let clock: () -> UInt64
  /// Sends a datagram.
  private let send: ([UInt8], SocketAddress) -> Void
  /// Calls ``flush()`` soon.
  private let requestFlush: () -> Void
  /// Whether strangers must show a cookie.
  private let isLoaded: () -> Bool
  /// A first frame has arrived.
  private let open: (DatagramLink) -> Void
  /// A wake-up has arrived.
  private let wake: ([UInt8], SocketAddress) -> Void

  private var links: [UInt32: DatagramLink] = [:]
  /// Links that have something due at some time.
  private var busy: Set<UInt32> = []
  private var lingering = Deque<DatagramLink>()
  private var dirty: [DatagramLink] = []
  private let parts: Reassembly<SocketAddress>
  private let cookies: Cookies

  init(
    limits: RelayLimits, clock: @escaping () -> UInt64, isLoaded: @escaping () -> Bool,
    send: @escaping ([UInt8], SocketAddress) -> Void, requestFlush: @escaping () -> Void,
    open: @escaping (DatagramLink) -> Void, wake: @escaping ([UInt8], SocketAddress) -> Void = { _, _ in }
  ) {
    self.limits = limits
    self.clock = clock
    self.isLoaded = isLoaded
    self.send = send
    self.requestFlush = requestFlush
    self.open = open
    self.wake = wake
    parts = Reassembly(share: { limits.share(of: $0) })
    cookies = Cookies(at: clock())
  }

  var linkCount: Int { links.count }
  var reassemblyCount: Int { parts.count }

  // MARK: What arrives

  func receive(_ datagram: [UInt8], from peer: SocketAddress) {
    let now = clock()
    switch datagram.first.flatMap(FrameKind.init) {
    case .deviceDatagram:
      guard let number = DatagramStream.number(of: datagram), let link = links[number] else { return }
      link.receive(datagram, from: peer, at: now)
      note(link)
    case .fragment:
      let mayEnter = parts.knows(datagram, from: peer) || !isLoaded() || showsCookie(datagram, peer, now)
      guard mayEnter else { return askForCookie(datagram, peer, now) }
      guard let (frame, received) = parts.add(datagram, from: peer, source: SourceAddress(peer)) else { return }
      take(frame, received: received, longest: datagram.count, from: peer, now)
    default:
      take(datagram, received: datagram.count, longest: datagram.count, from: peer, now)
    }
  }

  private func take(_ frame: [UInt8], received: Int, longest: Int, from peer: SocketAddress, _ now: UInt64) {
    switch frame.first.flatMap(FrameKind.init) {
    case .withCookie where frame.count > 1 + Cookies.length, nil where !frame.isEmpty:
      let isProved = showsCookie(frame, peer, now)
      guard isProved || !isLoaded() else { return askForCookie(frame, peer, now) }
      let bare = frame[0] == FrameKind.withCookie.rawValue ? Array(frame[(1 + Cookies.length)...]) : frame
      open(FirstFrame(frame: bare, received: received, longest: longest, isProved: isProved), from: peer)
    case .wakeUp, .innerWakeUp: wake(frame, peer)
    default: break
    }
  }

  private func open(_ first: FirstFrame, from peer: SocketAddress) {
    let number = DatagramStream.number(openedBy: first.frame)
    if let link = links[number] {
      // Another frame that happens to have this number waits until the link is gone.
      if link.digest == DatagramStream.digest(of: first.frame) {
        link.repeatAnswer(first, to: peer)
      }
      return
    }
    let link = DatagramLink(self, opening: first, from: peer)
    links[number] = link
    open(link)
  }

  // MARK: Cookies

  private func showsCookie(_ datagram: [UInt8], _ peer: SocketAddress, _ now: UInt64) -> Bool {
    guard let start = Fragments.start(of: datagram), start.first == FrameKind.withCookie.rawValue else { return false }
    let rest = start.dropFirst()
    guard rest.count >= Cookies.length + Cookies.startLength else { return false }
    return cookies.accepts(
      rest.prefix(Cookies.length), for: peer.cookieName, start: rest.dropFirst(Cookies.length), at: now)
  }

  private func askForCookie(_ datagram: [UInt8], _ peer: SocketAddress, _ now: UInt64) {
    guard var start = Fragments.start(of: datagram) else { return }
    if start.first == FrameKind.withCookie.rawValue { start = start.dropFirst(1 + Cookies.length) }
    guard start.count >= Cookies.startLength else { return }
    transmit([FrameKind.retry.rawValue] + cookies.cookie(for: peer.cookieName, start: start, at: now), to: peer)
  }

  // MARK: What leaves

  func transmit(_ datagram: [UInt8], to peer: SocketAddress) { send(datagram, peer) }

  /// Pumps a link when the loop has done what else it has for it.
  func pumpSoon(_ link: DatagramLink) {
    if dirty.isEmpty { requestFlush() }
    dirty.append(link)
  }

  /// Sends what links were given since the last call.
  func flush() {
    let links = dirty
    dirty = []
    let now = clock()
    for link in links {
      link.pump(at: now)
      note(link)
    }
  }

  /// Sends what is due by now: called every few milliseconds.
  func tick() {
    let now = clock()
    for number in busy {
      guard let link = links[number] else {
        busy.remove(number)
        continue
      }
      guard let deadline = link.deadline, deadline <= now else { continue }
      link.pump(at: now)
      note(link)
    }
    while let first = lingering.first, (first.lingersUntil ?? 0) <= now || lingering.count > Self.lingeringLinks {
      lingering.removeFirst()
      first.wipe()
      if links[first.number] === first { links[first.number] = nil }
    }
  }

  /// A link has ended.
  func linger(_ link: DatagramLink) {
    lingering.append(link)
    note(link)
  }

  /// The socket is gone.
  func close() {
    for link in links.values { link.wipe() }
    links = [:]
    busy = []
    lingering = []
    dirty = []
  }

  private func note(_ link: DatagramLink) {
    if link.deadline == nil { busy.remove(link.number) } else { busy.insert(link.number) }
  }
}

extension SocketAddress {
  /// What a cookie is for: the address and the port.
  fileprivate var cookieName: [UInt8] {
    withSockAddr { address, length in
      // The family's own fields only: what follows an address may hold anything.
      let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(address), count: length)
      return self.protocol == .inet ? Array(bytes.prefix(8)) : Array(bytes.prefix(28))
    }
  }
}
