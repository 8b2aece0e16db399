// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// A server that has no more room, of whichever kind, and what devices and its log are told.
@Suite(.serialized) struct PressureTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    for id in ["0000000000000001", "0000000000000002"] {
      let added = try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--out", path(id)])
      try #require(added.status == 0)
    }
  }

  private func path(_ id: String) -> String { "\(temporary.path)/\(id).device" }

  private func serve(_ arguments: [String] = [], descriptors: Int? = nil) throws -> (CommandLineTool.Running, Int) {
    var tool = tool
    if let descriptors { tool.wrapper = ["prlimit", "--nofile=\(descriptors):\(descriptors)"] }
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--output", "json"] + arguments)
    let ready = server.output.line()
    let port = ready.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber }.description
    return (server, try #require(port.flatMap { Int($0) }, "\(ready) \(ready.isEmpty ? server.error.line() : "")"))
  }

  private func send(to port: Int) throws -> CommandLineTool.Result {
    try tool.run([
      "send", "--device", path("0000000000000001"), "--server", "127.0.0.1:\(port)", "--to", "0000000000000002",
      "--timeout", "60", "words",
    ])
  }

  /// Connections that say nothing.
  private func silent(_ count: Int, to port: Int) -> [Int32] {
    (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      _ = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      return descriptor
    }
  }

  private func line(of server: CommandLineTool.Running, with event: String) -> String {
    while true {
      let line = server.error.line()
      if line.isEmpty || line.contains("\"event\":\"\(event)\"") { return line }
    }
  }

  @Test("Where devices have taken every connection, the next is told to try later, and not that its key was refused")
  func full() throws {
    let (server, port) = try serve(["--max-connections", "1"])
    defer { server.kill() }
    let listener = try tool.start([
      "listen", "--device", path("0000000000000002"), "--server", "127.0.0.1:\(port)",
    ])
    defer { listener.kill() }
    _ = listener.error.line()
    let sent = try tool.run([
      "send", "--device", path("0000000000000001"), "--server", "127.0.0.1:\(port)", "--to", "0000000000000002",
      "--timeout", "0.3", "words",
    ])
    // The last of several attempts may have been cut short.
    #expect(sent.status == 75, "\(sent)")
    let rotated = try tool.run([
      "device", "rotate", "--device", path("0000000000000001"), "--server", "127.0.0.1:\(port)",
    ])
    #expect(rotated.status == 75 && rotated.error.contains("cannot serve another device now"), "\(rotated)")
  }

  @Test("No more connections are allowed than there are descriptors, and within those strangers keep no device out")
  func fewDescriptors() throws {
    let (server, port) = try serve(descriptors: 80)
    defer { server.kill() }
    let limited = line(of: server, with: "connections_limited")
    #expect(limited.contains("80 file descriptors") && limited.contains("\"connections\":\"40\""), "\(limited)")
    let strangers = silent(120, to: port)
    defer { for stranger in strangers { close(stranger) } }
    let sent = try send(to: port)
    #expect(sent.status == 0, "\(sent)")
  }

  @Test("Out of descriptors, the server says so, waits, lets strangers make room, and goes on")
  func noDescriptors() throws {
    let (server, port) = try serve()
    defer { server.kill() }
    let process = "\(server.process.identifier)"
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
    let prlimit = Process()
    prlimit.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    prlimit.arguments = ["prlimit", "--pid", process, "--nofile=\(open + 12):"]
    try prlimit.run()
    prlimit.waitUntilExit()
    try #require(prlimit.terminationStatus == 0)
    let strangers = silent(60, to: port)
    defer { for stranger in strangers { close(stranger) } }
    #expect(line(of: server, with: "connections_not_taken").contains("Too many open files"))
    let sent = try send(to: port)
    #expect(sent.status == 0, "\(sent)")
  }

  @Test("Gateways are addresses", arguments: ["192.0.2.0/33", "192.0.2.0/+24", "gateway.example", "2001:db8::/80"])
  func gateways(text: String) throws {
    let refused = try tool.run(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--gateway", text])
    #expect(refused.status == 64 && refused.error.contains("numeric address"), "\(refused)")
  }
}
