// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// What a listener takes upon itself: that the path lives, and that whoever reads has the message.
@Suite struct ListenTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private let server: CommandLineTool.Running
  private let endpoint: String

  init() throws {
    let dir = temporary.path + "/fleet"
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    for id in ["0000000000000001", "0000000000000002"] {
      let file = temporary.path + "/" + id
      let added = try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--out", file])
      try #require(added.status == 0)
    }
    server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--output", "json"])
    let ready = server.output.line()
    endpoint = "127.0.0.1:" + (ready.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber } ?? "")
  }

  private func send(_ text: String) throws -> String {
    let sent = try tool.run([
      "send", "--device", temporary.path + "/0000000000000001", "--server", endpoint, "--to", "0000000000000002",
      "--timeout", "60", "--output", "json", text,
    ])
    #expect(sent.status == 0, "\(sent)")
    return try #require(sent.json["message_id"] as? String)
  }

  private var listen: [String] {
    ["listen", "--device", temporary.path + "/0000000000000002", "--server", endpoint]
  }

  @Test("A message is acknowledged when the program that reads it says so, and comes again until then")
  func acknowledgement() throws {
    defer { server.kill() }
    let id = try send("words")
    let acknowledged = listen + ["--acknowledge", "--output", "json", "--count", "1", "--timeout", "60"]
    for _ in 0..<2 {
      let silent = try tool.run(acknowledged, input: "another\n")
      #expect(silent.status == 74 && silent.json["message_id"] as? String == id, "\(silent)")
      #expect(silent.error.contains("before message \(id) was acknowledged"), "\(silent)")
    }
    let read = try tool.run(acknowledged, input: id + "\n")
    #expect(read.status == 0 && read.json["message_id"] as? String == id, "\(read)")
    let after = try tool.run(listen + ["--timeout", "0.5"])
    #expect(after.status == 75 && after.output.isEmpty, "\(after)")
    #expect(try tool.run(listen + ["--acknowledge"]).status == 64)
  }

  @Test("A message that stays in a pipe is not acknowledged: its reader may go away")
  func unreadPipe() throws {
    defer { server.kill() }
    let ids = [try send("one"), try send("two")]
    var piped = tool
    // The reader takes a line, waits, and goes; both lines are in the pipe by then, if the listener lets them.
    piped.wrapper = ["sh", "-c", "{ \"$0\" \"$@\"; echo \"status $?\" >&2; } | { head -n 1; exec 0<&-; }"]
    let heard = try piped.run(listen + ["--count", "2", "--timeout", "60", "--output", "json"])
    #expect(heard.json["message_id"] as? String == ids[0], "\(heard)")
    let again = try tool.run(listen + ["--count", "1", "--timeout", "60", "--output", "json"])
    #expect(again.json["message_id"] as? String == ids[1], "\(again)")
  }

  @Test("A message for which standard output is closed is not acknowledged, nor written anywhere else")
  func closedOutput() throws {
    defer { server.kill() }
    let id = try send("words")
    var closed = tool
    closed.wrapper = ["sh", "-c", "exec \"$0\" \"$@\" >&-"]
    let lost = try closed.run(listen + ["--count", "1", "--timeout", "60"])
    #expect(lost.status == 74, "\(lost)")
    for file in try FileManager.default.contentsOfDirectory(atPath: temporary.path) where file != "fleet" {
      let content = try Data(contentsOf: URL(fileURLWithPath: temporary.path + "/" + file))
      #expect(content.range(of: Data("words".utf8)) == nil, "\(file)")
    }
    let heard = try tool.run(listen + ["--count", "1", "--timeout", "60", "--output", "json"])
    #expect(heard.status == 0 && heard.json["message_id"] as? String == id, "\(heard)")
  }

  @Test("A server that does not answer any more is noticed, and connected to again once it does")
  func deadPath() throws {
    defer { server.kill() }
    let listener = try tool.start(listen + ["--count", "1"])
    defer { listener.kill() }
    let lines = listener.reading()
    #expect(listener.error.line().contains("listening"))
    server.process.send(SIGSTOP)
    // It pings after 15 seconds of silence and waits as long for the answer.
    #expect(listener.error.line().contains("the connection was lost"))
    server.process.send(SIGCONT)
    #expect(listener.error.line().contains("listening"))
    _ = try send("words")
    #expect(lines.next() == "0000000000000001  words")
  }
}
