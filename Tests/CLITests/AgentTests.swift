// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// An agent whose program is the test: it writes lines when it wants to.
struct RunningAgent {
  let process: CommandLineTool.Running
  let lines: PrintedLines
  private let input: FileHandle

  init(_ tool: CommandLineTool, _ arguments: [String], in directory: String) throws {
    let path = directory + "/input-\(UUID().uuidString)"
    try #require(mkfifo(path, 0o600) == 0)
    var tool = tool
    tool.wrapper = ["sh", "-c", "exec \"$0\" \"$@\" < \(path)"]
    process = try tool.start(["agent"] + arguments)
    lines = process.reading()
    input = try #require(FileHandle(forWritingAtPath: path))
    // Otherwise another agent, started later, keeps this one's input open.
    _ = fcntl(input.fileDescriptor, F_SETFD, FD_CLOEXEC)
  }

  func write(_ line: String) throws { try input.write(contentsOf: Data((line + "\n").utf8)) }

  /// The next line whose event is this one.
  func next(_ event: String) throws -> [String: Any] {
    while let line = lines.next() {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      if object["event"] as? String == event { return object }
    }
    Issue.record("the agent ended before it said \(event): \(process.error.rest())")
    return [:]
  }

  /// Everything that it still says, up to its end.
  func rest() throws -> [[String: Any]] {
    var events: [[String: Any]] = []
    while let line = lines.next() {
      events.append(try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)"))
    }
    return events
  }

  /// Ends its input and waits for its end.
  func finish() throws -> Int32 {
    try input.close()
    return process.process.wait()
  }
}

@Suite("An agent") struct AgentTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private let server: CommandLineTool.Running
  private let endpoint: String
  private static let ids = ["0000000000000001", "0000000000000002"]

  init() throws {
    let dir = temporary.path + "/fleet"
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    for id in Self.ids {
      let file = temporary.path + "/" + id
      try #require(
        try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--out", file]).status == 0)
    }
    server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--output", "json"])
    let ready = server.output.line()
    endpoint = "127.0.0.1:" + (ready.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber } ?? "")
  }

  private func arguments(_ id: String) -> [String] {
    ["--device", temporary.path + "/" + id, "--server", endpoint]
  }

  private func agent(_ id: String) throws -> RunningAgent {
    try RunningAgent(tool, arguments(id), in: temporary.path)
  }

  private func events(_ output: String) throws -> [[String: Any]] {
    try output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
    }
  }

  @Test("says what is wrong with a line and what would be right, and goes on")
  func malformed() throws {
    defer { server.kill() }
    let wrong: [(line: String, reason: String, hint: String)] = [
      ("words", "not a JSON object", "one object on each line"),
      ("[1]", "not a JSON object", "one object on each line"),
      (#"{"do":"send"}"#, "needs text or data", "base64"),
      (#"{"do":"dance","ref":"7"}"#, "nothing called dance", "send, report"),
      (#"{"ref":"7"}"#, "do is missing", "send, report"),
      (#"{"do":"send","text":"x"}"#, "needs to", "16 hexadecimal digits"),
      (#"{"do":"send","to":"0000000000000002","text":"x","txet":"y"}"#, "no field txet", "data, text, timeout, to"),
      (#"{"do":"send","to":"0000000000000002","data":"*"}"#, "not base64", "or give text"),
      (#"{"do":"send","to":"0000000000000002","text":1}"#, "not a string", "quotation marks"),
      (#"{"do":"send","to":"0000000000000002","text":"x","timeout":-1}"#, "number of seconds", "above 0"),
      (#"{"do":"acknowledge","handle":99}"#, "nothing with this handle", "good once"),
      (#"{"do":"acknowledge"}"#, "needs handle", "that brought it"),
      (#"{"do":"status","text":"x"}"#, "takes no field text", "none but ref"),
      (String(repeating: "x", count: 600_000), "longer than 524288", "in parts"),
    ]
    let agent = try agent(Self.ids[0])
    for (line, _, _) in wrong { try agent.write(line) }
    try agent.write("")
    try agent.write(#"{"do":"send","ref":"good","to":"0000000000000002","text":"x"}"#)
    #expect(try agent.finish() == 0)
    let all = try agent.rest()
    #expect(all.first?["event"] as? String == "ready")
    let errors = all.filter { $0["event"] as? String == "error" }
    #expect(errors.count == wrong.count)
    for (index, expected) in wrong.enumerated() {
      let error = try #require(errors.first { $0["line"] as? Int == index + 1 }, "\(expected.line.prefix(80))")
      #expect((error["reason"] as? String ?? "").contains(expected.reason), "\(error)")
      #expect((error["hint"] as? String ?? "").contains(expected.hint), "\(error)")
    }
    #expect(errors.filter { $0["ref"] as? String == "7" }.count == 2)
    let good = try #require(all.first { $0["ref"] as? String == "good" })
    #expect(good["event"] as? String == "sent" && good["outcome"] as? String == "stored")
    let failed = try tool.run(
      ["agent"] + arguments(Self.ids[0]),
      input: #"{"do":"send","ref":"a","to":"00000000000000ff","text":"x"}"# + "\n"
        + #"{"do":"reply","handle":1,"text":""}"#)
    let failures = try events(failed.output).filter { $0["event"] as? String == "failed" }
    #expect(failures.count == 2 && failed.status == 0, "\(failed)")
    #expect(failures.contains { ($0["reason"] as? String ?? "").contains("no device") && $0["hint"] != nil })
  }

  @Test("hands a message on until its program has acknowledged it, whoever is killed meanwhile")
  func acknowledgement() throws {
    defer { server.kill() }
    let sender = try agent(Self.ids[0])
    try sender.write(#"{"do":"send","ref":"1","to":"0000000000000002","text":"one"}"#)
    let stored = try sender.next("sent")
    #expect(stored["outcome"] as? String == "stored")

    for _ in 0..<2 {
      let receiver = try agent(Self.ids[1])
      let message = try receiver.next("message")
      #expect(
        message["text"] as? String == "one" && message["message_id"] as? String == stored["message_id"] as? String)
      try receiver.write(#"{"do":"status","ref":"s"}"#)
      #expect(try receiver.next("status")["unacknowledged"] as? Int == 1)
      receiver.process.kill()
    }
    let receiver = try agent(Self.ids[1])
    let handle = try #require(try receiver.next("message")["handle"] as? Int)
    try receiver.write(#"{"do":"acknowledge","handle":\#(handle)}"#)
    try sender.write(#"{"do":"send","ref":"2","to":"0000000000000002","data":"/w=="}"#)
    #expect(try sender.next("sent")["ref"] as? String == "2")
    let second = try receiver.next("message")
    #expect(second["data"] as? String == "/w==" && second["text"] == nil)
    #expect(try receiver.finish() == 0)
    // The first was acknowledged, the second was not.
    let last = try agent(Self.ids[1])
    #expect(try last.next("message")["data"] as? String == "/w==")
    last.process.kill()
    #expect(try sender.finish() == 0)
  }

  @Test("sends in the order of the lines, and keeps them while the server is away")
  func order() throws {
    let sender = try agent(Self.ids[0])
    _ = try sender.next("connected")
    server.process.send(SIGKILL)
    server.process.wait()
    _ = try sender.next("interrupted")
    for number in 0..<50 {
      try sender.write(#"{"do":"send","ref":"\#(number)","to":"0000000000000002","text":"\#(number)"}"#)
    }
    let again = try tool.start(["serve", "--dir", temporary.path + "/fleet", "--listen", endpoint])
    defer { again.kill() }
    for _ in 0..<50 { _ = try sender.next("sent") }
    #expect(try sender.finish() == 0)
    let receiver = try agent(Self.ids[1])
    for number in 0..<50 { #expect(try receiver.next("message")["text"] as? String == "\(number)") }
    receiver.process.kill()
  }
}
