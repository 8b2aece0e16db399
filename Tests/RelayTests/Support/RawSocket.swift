// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A blocking socket for saying wrong things to a server.
final class RawSocket {
  private let descriptor: Int32

  struct Failed: Error { let errno: Int32 }

  /// - Parameter source: the last number of an address 127.0.0.X to come from.
  init(port: Int, from source: UInt32 = 1, timeout: Int = 120) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    own.sin_addr.s_addr = UInt32(0x7F00_0000 | source).bigEndian
    let bound = withUnsafePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0 else { throw Failed(errno: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var patience = timeval(tv_sec: timeout, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failed(errno: errno) }
  }

  deinit { close(descriptor) }

  /// Writes as much as the other side takes.
  func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Waits for so many bytes; fewer when the other side closes before, or nothing comes for long.
  func read(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let received = recv(descriptor, &bytes, count, Int32(MSG_WAITALL))
    return Array(bytes[..<max(received, 0)])
  }

  /// What comes until the other side closes; nil when it does not in time.
  func readToEnd() -> [UInt8] {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else {
        timedOut = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
        return all
      }
      all += chunk[..<count]
    }
  }

  /// Whether the last ``readToEnd()`` ended because nothing came.
  private(set) var timedOut = false
}
