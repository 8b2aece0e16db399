// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DeviceHost
import Foundation

/// HOST:PORT, the host in brackets when it is an IPv6 address.
struct SocketAddress: ExpressibleByArgument, CustomStringConvertible {
  let host: String
  let port: String

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":") else { return nil }
    var host = argument[..<colon]
    let port = argument[argument.index(after: colon)...]
    if host.hasPrefix("[") && host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, Endpoint.port(port) != nil else { return nil }
    self.host = String(host)
    self.port = String(port)
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Connects to the first of the host's addresses that answers.
  func connect() throws(Failure) -> FramedSocket {
    let descriptor = try firstSocket(flags: 0) { descriptor, address, length in
      Foundation.connect(descriptor, address, length) == 0
    }
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return FramedSocket(descriptor: descriptor, peer: description)
  }

  /// A socket that listens on the host's first address that can be bound.
  func listen() throws(Failure) -> Int32 {
    try firstSocket(flags: AI_PASSIVE) { descriptor, address, length in
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      return bind(descriptor, address, length) == 0 && Foundation.listen(descriptor, 16) == 0
    }
  }

  private func firstSocket(
    flags: Int32, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
  ) throws(Failure) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = flags
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, port, &hints, &list)
    guard status == 0 else {
      throw Failure(.noHost, "cannot resolve \(host): \(String(cString: gai_strerror(status)))")
    }
    defer { freeaddrinfo(list) }
    var reason = "no address"
    var next = list
    while let entry = next {
      next = entry.pointee.ai_next
      let descriptor = socket(entry.pointee.ai_family, entry.pointee.ai_socktype | O_CLOEXEC, entry.pointee.ai_protocol)
      guard descriptor >= 0, let address = entry.pointee.ai_addr else { continue }
      if use(descriptor, address, entry.pointee.ai_addrlen) { return descriptor }
      reason = systemError()
      close(descriptor)
    }
    throw Failure(.unavailable, "\(flags == 0 ? "cannot connect to" : "cannot listen on") \(self): \(reason)")
  }
}

/// `getsockname` or `getpeername`.
typealias SocketNaming = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32

/// The numeric address of one end of a socket, as HOST:PORT.
func addressText(of descriptor: Int32, _ name: SocketNaming) -> String {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
  var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
  let isKnown = withUnsafeMutablePointer(to: &storage) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      guard name(descriptor, address, &length) == 0 else { return false }
      let flags = NI_NUMERICHOST | NI_NUMERICSERV
      return getnameinfo(
        address, length, &host, socklen_t(host.count), &port, socklen_t(port.count), flags) == 0
    }
  }
  guard isKnown else { return "the peer" }
  let text = host.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  let number = port.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  return text.contains(":") ? "[\(text)]:\(number)" : "\(text):\(number)"
}
