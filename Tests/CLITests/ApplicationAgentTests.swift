// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

@Suite("An application's agent") struct ApplicationAgentTests {
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

  private func agent(_ file: String) throws -> RunningAgent {
    try RunningAgent(tool, ["--device", temporary.path + "/" + file, "--server", endpoint], in: temporary.path)
  }

  @Test("gets what devices report until it is done, and asks devices, which the server cannot read")
  func application() throws {
    defer { server.kill() }
    let dir = temporary.path + "/fleet"
    let added = try tool.run([
      "application", "add", "backend", "--dir", dir, "--system", "alpha", "--out", temporary.path + "/backend",
    ])
    try #require(added.status == 0, "\(added)")
    let device = try agent(Self.ids[0])
    try device.write(#"{"do":"report","ref":"r","text":"a reading of the pump"}"#)
    let stored = try device.next("sent")
    #expect(stored["route"] as? String == "channel" && stored["outcome"] as? String == "stored")
    let sent = try tool.run([
      "send", "--device", temporary.path + "/" + Self.ids[1], "--server", endpoint, "--to", "application:backend",
      "--timeout", "60", "--output", "json", "a reading of the valve",
    ])
    #expect(sent.status == 0 && sent.json["route"] as? String == "channel", "\(sent)")

    let killed = try agent("backend")
    #expect(try killed.next("report")["attempt"] as? Int == 1)
    killed.process.kill()
    let backend = try agent("backend")
    var heard: [String: String] = [:]
    for _ in 0..<2 {
      let report = try backend.next("report")
      heard[try #require(report["from"] as? String)] = report["text"] as? String
      #expect(report["hop_by_hop"] as? Bool == false)
      try backend.write(#"{"do":"acknowledge","handle":\#(try #require(report["handle"] as? Int))}"#)
    }
    #expect(heard == [Self.ids[0]: "a reading of the pump", Self.ids[1]: "a reading of the valve"])

    try backend.write(#"{"do":"request","ref":"q","to":"\#(Self.ids[0])","text":"open the valve","timeout":60}"#)
    let request = try device.next("request")
    #expect(request["text"] as? String == "open the valve" && request["wants_reply"] as? Bool == true)
    try device.write(#"{"do":"reply","handle":\#(try #require(request["handle"] as? Int)),"text":"it is open now"}"#)
    let answer = try backend.next("answer")
    #expect(answer["text"] as? String == "it is open now" && answer["ref"] as? String == "q")
    #expect(answer["request_id"] as? String == request["request_id"] as? String)
    try backend.write(#"{"do":"send","ref":"w","to":"\#(Self.ids[0])","text":"x"}"#)
    #expect((try backend.next("failed")["reason"] as? String ?? "").contains("an application cannot send"))
    #expect(try device.finish() == 0 && backend.finish() == 0)

    for text in ["a reading of", "open the valve", "it is open now"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: dir) {
        let content = try Data(contentsOf: URL(fileURLWithPath: dir + "/" + file))
        #expect(content.range(of: Data(text.utf8)) == nil, "\(file) has \(text)")
      }
    }
  }
}
