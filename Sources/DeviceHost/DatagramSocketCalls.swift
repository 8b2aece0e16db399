// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// UDP sockets that send to one address and hear from no other.
extension Socket {
  static func datagrams(to endpoint: Endpoint) throws(DeviceHostError) -> Socket {
    var reason = "no address"
    for address in try addresses(of: endpoint, passive: false, kind: datagramType) {
      guard let socket = make(address, kind: datagramType) else {
        reason = lastError()
        continue
      }
      _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
      if address.withSockaddr({ systemConnect(socket.descriptor, $0, $1) }) == 0 { return socket }
      reason = lastError()
    }
    throw .unreachable(endpoint: endpoint.description, reason: reason)
  }

  /// Sends a datagram; false when the system has no room for it now.
  func sendDatagram(_ datagram: [UInt8]) throws(DeviceHostError) -> Bool {
    while true {
      let status = datagram.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if status >= 0 { return true }
      switch errno {
      case EINTR: continue
      // Of an earlier datagram: nobody listened at that moment.
      case ECONNREFUSED, EAGAIN, ENOBUFS: return false
      default: throw .connectionLost(reason: lastError())
      }
    }
  }

  /// The next datagram that has arrived; nil when there is none.
  func receiveDatagram() throws(DeviceHostError) -> [UInt8]? {
    while true {
      var datagram = [UInt8](repeating: 0, count: 2_048)
      let count = datagram.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count >= 0 { return Array(datagram.prefix(count)) }
      switch errno {
      case EINTR: continue
      // The first of these is about an earlier datagram: nobody listened at that moment.
      case ECONNREFUSED, EAGAIN: return nil
      default: throw .connectionLost(reason: lastError())
      }
    }
  }
}

#if canImport(Glibc)
  let datagramType = Int32(SOCK_DGRAM.rawValue)
#else
  let datagramType = SOCK_DGRAM
#endif
