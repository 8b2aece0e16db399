// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Sends datagrams to a port of this machine, each from an address of the caller's choice within 127.0.0.0/8.
struct FloodSocket {
  struct Failed: Error { let code: Int32 }

  let port: UInt16

  init(port: UInt16) throws { self.port = port }

  func send(_ datagram: [UInt8], from source: UInt32) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failed(code: errno) }
    defer { close(descriptor) }
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    own.sin_addr.s_addr = source.bigEndian
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard status == 0 else { throw Failed(code: errno) }
    _ = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, datagram, datagram.count, 0, $0, length)
      }
    }
  }
}
