// SPDX-License-Identifier: Apache-2.0

import Strangers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file descriptor of a socket that closes itself. Blocking calls are bounded by `poll`.
final class Socket {
  let descriptor: Int32

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Connects, trying each address of the host in turn.
  static func connect(to endpoint: Endpoint, timeout: Duration) throws(DeviceHostError) -> Socket {
    var reason = "no address"
    for address in try addresses(of: endpoint, passive: false) {
      guard let socket = make(address) else {
        reason = lastError()
        continue
      }
      _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
      let status = address.withSockaddr { systemConnect(socket.descriptor, $0, $1) }
      if status == 0 || (errno == EINPROGRESS && socket.wait(for: Int16(POLLOUT), timeout: timeout)) {
        // Reading the error clears it.
        let error = socket.pendingError
        if error == 0 {
          socket.disableDelay()
          return socket
        }
        reason = String(cString: strerror(error))
      } else {
        reason = errno == EINPROGRESS ? "no answer in time" : lastError()
      }
    }
    throw .unreachable(endpoint: endpoint.description, reason: reason)
  }

  /// Listens without blocking. Port 0 lets the system choose; ``port`` then tells.
  static func listen(on endpoint: Endpoint) throws(DeviceHostError) -> Socket {
    var reason = "no address"
    for address in try addresses(of: endpoint, passive: true) {
      guard let socket = make(address) else {
        reason = lastError()
        continue
      }
      var on: Int32 = 1
      setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
      let status = address.withSockaddr { bind(socket.descriptor, $0, $1) }
      if status == 0, systemListen(socket.descriptor, 64) == 0 {
        // Whoever has called may have hung up before it is taken.
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
        return socket
      }
      reason = lastError()
    }
    throw .unreachable(endpoint: endpoint.description, reason: reason)
  }

  /// Why no connection was taken.
  enum AcceptError: Error {
    /// None waits any more.
    case none
    /// The system has no descriptor or no memory left: the system's reason.
    case shortage(String)
    case failed(String)
  }

  /// Takes a connection that waits; says where it comes from.
  func accept() throws(AcceptError) -> (Socket, SourceAddress) {
    while true {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let (connection, source) = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          (systemAccept(descriptor, address, &length), SourceAddress(address))
        }
      }
      if connection >= 0 {
        let socket = Socket(connection)
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        socket.disableDelay()
        return (socket, source)
      }
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EAGAIN, EWOULDBLOCK: throw .none
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: throw .shortage(lastError())
      default: throw .failed(lastError())
      }
    }
  }

  /// The port this socket is bound to.
  var port: UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard status == 0 else { return 0 }
    return withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
  }

  /// Waits for something to read, or for a connection to accept; false when time is up.
  func waitToRead(timeout: Duration) -> Bool { wait(for: Int16(POLLIN), timeout: timeout) }

  /// Waits until one of the sockets can be read, and says which: their indices; none when the time is over.
  static func ready(_ sockets: [Socket?], timeout: Duration) -> Set<Int> {
    var requests = sockets.map { pollfd(fd: $0?.descriptor ?? -1, events: Int16(POLLIN), revents: 0) }
    guard poll(&requests, nfds_t(requests.count), milliseconds(timeout)) > 0 else { return [] }
    return Set(requests.indices.filter { requests[$0].revents != 0 })
  }

  /// As `poll` takes it, rounded up.
  private static func milliseconds(_ time: Duration) -> Int32 {
    let time = max(.zero, time).components
    return Int32(clamping: time.seconds * 1000 + (time.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }

  /// Waits until the socket is ready; false when the time is over.
  func wait(for events: Int16, timeout: Duration) -> Bool {
    let deadline = ContinuousClock.now + timeout
    while true {
      var request = pollfd(fd: descriptor, events: events, revents: 0)
      let status = poll(&request, 1, Self.milliseconds(deadline - .now))
      if status > 0 { return true }
      if status == 0 { return false }
      guard errno == EINTR else { return true }
    }
  }

  /// Ends both directions, which wakes whoever waits on either side.
  func shutDown() {
    _ = shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private var pendingError: Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length)
    return value
  }

  private func disableDelay() {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  static func make(_ address: Address, kind: Int32 = streamType) -> Socket? {
    let descriptor = socket(address.family, kind, 0)
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return Socket(descriptor)
  }

  static func addresses(
    of endpoint: Endpoint, passive: Bool, kind: Int32 = streamType
  ) throws(DeviceHostError) -> [Address] {
    var hints = addrinfo()
    hints.ai_socktype = kind
    hints.ai_flags = passive ? AI_PASSIVE : 0
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
    guard status == 0 else {
      throw .unreachable(endpoint: endpoint.description, reason: String(cString: gai_strerror(status)))
    }
    defer { freeaddrinfo(list) }
    var result: [Address] = []
    var next = list
    while let entry = next {
      result.append(
        Address(
          family: entry.pointee.ai_family,
          bytes: [UInt8](UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen)))))
      next = entry.pointee.ai_next
    }
    return result
  }

  struct Address {
    let family: Int32
    let bytes: [UInt8]

    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
      bytes.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) }
    }
  }
}

#if canImport(Glibc)
  let streamType = Int32(SOCK_STREAM.rawValue)
#else
  let streamType = SOCK_STREAM
#endif

/// The C functions whose names the class above uses for its own.
func systemConnect(_ fd: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
  connect(fd, address, length)
}
private func systemListen(_ fd: Int32, _ backlog: Int32) -> Int32 { listen(fd, backlog) }
private func systemAccept(
  _ fd: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: UnsafeMutablePointer<socklen_t>?
) -> Int32 {
  accept(fd, address, length)
}

func lastError() -> String { String(cString: strerror(errno)) }
