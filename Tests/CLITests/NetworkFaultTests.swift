// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// Addresses where nobody answers, or somebody else does.
@Suite struct NetworkFaultTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private var pump: String { temporary.path + "/pump.device" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    try #require(try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--out", pump]).status == 0)
  }

  /// A port with `answer`: a connection that is accepted gets it, after which the port is closed with the connection.
  private func servingOnce(_ answer: [UInt8], _ body: (UInt16) throws -> Void) throws {
    let (listener, port) = try Self.listener()
    let done = DispatchSemaphore(value: 0)
    // A thread of its own: other tests keep those of the dispatch queues busy with waiting.
    Thread.detachNewThread {
      let connection = accept(listener, nil, nil)
      var buffer = [UInt8](repeating: 0, count: 1024)
      if read(connection, &buffer, buffer.count) > 0 { _ = write(connection, answer, answer.count) }
      close(listener)
      close(connection)
      done.signal()
    }
    try body(port)
    done.wait()
  }

  /// A port, and a socket that listens there; or one that only keeps others from doing so.
  private static func listener(listens: Bool = true) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && (!listens || listen(descriptor, 4) == 0)
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// An answer ends it; only where none can come is it `timeout` seconds that do.
  private func send(to server: String, timeout: String = "60") throws -> CommandLineTool.Result {
    try tool.run([
      "send", "--device", pump, "--server", server, "--to", "0000000000000001", "--timeout", timeout, "words",
    ])
  }

  @Test func nobodyThere() throws {
    let (holder, port) = try Self.listener(listens: false)
    defer { close(holder) }
    let sent = try send(to: "127.0.0.1:\(port)", timeout: "0.3")
    #expect(sent.status == 69 && sent.error.contains("nothing answers"), "\(sent.error)")
    let heard = try tool.run(["listen", "--device", pump, "--server", "127.0.0.1:\(port)"])
    #expect(heard.status == 69, "\(heard.error)")
    // No name server is asked for a name that cannot be: what one would do is not this test's affair.
    let nowhere = String(repeating: "x", count: 64) + ".invalid"
    let unknown = try send(to: nowhere + ":7700", timeout: "0.3")
    #expect(unknown.status == 68 && unknown.error.contains("cannot resolve"), "\(unknown.error)")
    let served = try tool.run(["serve", "--dir", dir, "--listen", nowhere + ":7700"])
    #expect(served.status == 68 && served.error.contains("cannot resolve \(nowhere):"), "\(served.error)")
  }

  @Test func aServerThatDiesIsNotOneThatRefuses() throws {
    try servingOnce([]) { port in
      let result = try send(to: "127.0.0.1:\(port)")
      #expect(result.status == 69, "\(result.status) \(result.error)")
    }
  }

  @Test func somethingElseAnswers() throws {
    let garbage = [UInt8](repeating: 0x41, count: 50)
    try servingOnce([0, 48] + garbage[..<48]) { port in
      let result = try send(to: "127.0.0.1:\(port)")
      #expect(result.status == 76, "\(result.error)")
      #expect(result.error.contains("countersign inspect"), "\(result.error)")
    }
  }

  @Test func aPortThatIsTakenNamesItsOption() throws {
    let (listener, port) = try Self.listener()
    defer { close(listener) }
    let serve = ["serve", "--dir", dir, "--listen"]
    let metrics = try tool.run(serve + ["127.0.0.1:0", "--metrics", "127.0.0.1:\(port)"])
    #expect(metrics.status == 69 && metrics.error.contains("with --metrics;"), "\(metrics.error)")
    let devices = try tool.run(serve + ["127.0.0.1:\(port)"])
    #expect(devices.status == 69 && devices.error.contains("with --listen;"), "\(devices.error)")
    let direct = try tool.run(["listen", "--device", pump, "--direct", "127.0.0.1:\(port)"])
    #expect(direct.status == 69 && direct.error.contains("cannot listen on"), "\(direct.error)")
  }

  @Test func oneListenerForADeviceFile() throws {
    let first = try tool.start(["listen", "--device", pump, "--direct", "127.0.0.1:0"])
    defer { first.kill() }
    // It says so once it listens.
    #expect(first.error.line().contains("listening"))
    let second = try tool.run(["listen", "--device", pump, "--direct", "127.0.0.1:0"])
    #expect(second.status == 75, "\(second.error)")
    #expect(second.error.contains("one place at a time"), "\(second.error)")
  }

  /// The mailbox as the server leaves it, of a later version, and spoilt.
  @Test func doctorLooksAtTheMailbox() throws {
    func mailbox() throws -> (ok: Bool, detail: String, status: Int32) {
      let result = try tool.run(["doctor", "--dir", dir, "--output", "json"])
      let checks = try #require(result.json["checks"] as? [[String: Any]])
      let check = try #require(checks.first { $0["check"] as? String == "mailbox" })
      return (check["ok"] as? Bool ?? false, check["detail"] as? String ?? "", result.status)
    }
    #expect(try mailbox() == (true, "none yet: the server makes it", 0))
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0"])
    #expect(!server.output.line().isEmpty)
    #expect(try mailbox() == (true, "SQLite's integrity check passed, 0 messages wait", 0))
    server.process.send(SIGTERM)
    #expect(server.wait().status == 0)
    let path = dir + "/mailbox.sqlite"
    let before = try FileManager.default.contentsOfDirectory(atPath: dir).sorted()
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try mailbox() == (true, "SQLite's integrity check passed, 0 messages wait", 0))
    #expect(try FileManager.default.contentsOfDirectory(atPath: dir).sorted() == before)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)

    for log in ["-wal", "-shm"] { unlink(path + log) }
    try Data("garbage, and nothing but garbage".utf8).write(to: URL(fileURLWithPath: path))
    let spoilt = try mailbox()
    #expect(!spoilt.ok && spoilt.status == 78 && spoilt.detail.contains("not a mailbox"))
  }

  @Test func doctorComparesTheKeyWithTheRegistry() throws {
    let passphrase = temporary.path + "/passphrase"
    try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: passphrase))
    chmod(passphrase, 0o600)
    let other = temporary.path + "/other"
    #expect(
      try tool.run(["init", "--dir", other, "--passphrase-file", passphrase, "--cost", "interactive"]).status == 0)
    let doctor = ["doctor", "--dir", other]
    #expect(try tool.run(doctor + ["--passphrase-file", passphrase]).output.contains("key: it is this registry's"))
    unlink(other + "/registry.sqlite")
    try FileManager.default.copyItem(atPath: dir + "/registry.sqlite", toPath: other + "/registry.sqlite")
    // Without the passphrase nobody can tell whose key it is, and doctor says that; that it is not the registry that was here, the
    // witness tells.
    let unasked = try tool.run(doctor)
    #expect(unasked.status == 78 && unasked.output.contains("not compared"))
    #expect(unasked.output.contains("BAD  witness"))
    let asked = try tool.run(doctor + ["--passphrase-file", passphrase])
    #expect(asked.status == 78 && asked.output.contains("different authorities"), "\(asked.output)")
  }
}
