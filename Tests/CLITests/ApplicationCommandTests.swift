// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// Applications are made, listed and removed as devices are.
@Suite struct ApplicationCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  private func initialize() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  private func add(_ name: String, _ more: [String] = []) throws -> CommandLineTool.Result {
    try tool.run(
      ["application", "add", name, "--dir", dir, "--system", "alpha", "--out", "\(temporary.path)/\(name).application"]
        + ["--output", "json"] + more)
  }

  @Test func anApplicationIsMadeListedAndRemoved() throws {
    try initialize()
    let meter = try add("meter", ["--id", "00000000000000a1"])
    #expect(meter.status == 0, "\(meter.error)")
    #expect(meter.json["is_default"] as? Bool == true && meter.json["generation"] as? Int == 1)
    let file = temporary.path + "/meter.application"
    var status = stat()
    #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(try add("alarm", ["--default"]).json["is_default"] as? Bool == true)
    let list = try tool.run(["application", "list", "--dir", dir])
    let lines = list.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("alarm\t") && lines[0].hasSuffix("active, default"))
    #expect(lines[1] == "meter\t1/00000000000000a1\tgeneration 1\tactive")
    let show = try tool.run(["device", "show", "--dir", dir, "00000000000000a1", "--output", "json"])
    #expect(show.json["role"] as? String == "application")
    #expect(try tool.run(["device", "show", "--dir", dir, "00000000000000a1"]).output.hasPrefix("Application 1/"))
    #expect(try tool.run(["device", "list", "--dir", dir]).output.contains("\tapplication\n"))
    #expect(try tool.run(["application", "default", "--dir", dir, "meter"]).status == 0)
    #expect(try tool.run(["application", "keep", "--dir", dir, "meter", "--days", "7"]).status == 0)
    let kept = try tool.run(["application", "list", "--dir", dir, "--output", "json"]).output
    #expect(kept.contains(#""keep_done":604800"#), "\(kept)")
    let removed = try tool.run(["application", "remove", "--dir", dir, "meter"])
    #expect(removed.status == 0 && removed.output.contains("no default application now"), "\(removed.error)")
    #expect(try tool.run(["application", "list", "--dir", dir]).output.split(separator: "\n").count == 1)
    let again = try tool.run(["device", "show", "--dir", dir, "00000000000000a1", "--output", "json"])
    #expect(again.json["status"] as? String == "revoked")
    let audit = try tool.run(["audit", "--dir", dir]).output
    for action in ["application.add", "application.default", "application.keep", "application.remove"] {
      #expect(audit.contains(action))
    }
  }

  @Test func deadLettersAreListedWhereThereIsAQueue() throws {
    try initialize()
    _ = try add("meter")
    // No server has made a mailbox yet.
    let none = try tool.run(["application", "dead-letters", "list", "--dir", dir, "meter"])
    #expect(none.status == 0 && none.output.isEmpty, "\(none.error)")
    let port = try CommandLineTool.freePort()
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:\(port)", "--log-level", "critical"])
    _ = server.output.line()
    let requeued = try tool.run(["application", "dead-letters", "requeue", "--dir", dir, "meter", "--all"])
    #expect(requeued.output == "0 messages wait again.\n", "\(requeued.error)")
    #expect(try tool.run(["application", "dead-letters", "drop", "--dir", dir, "meter"]).status == 64)
    let doctor = try tool.run(["doctor", "--dir", dir])
    #expect(doctor.output.contains("0 messages wait for applications, 0 dead letters"), "\(doctor.output)")
    server.kill()
  }

  @Test func whatCannotBeIsToldWhy() throws {
    try initialize()
    _ = try add("meter")
    let expectations: [([String], Int32, String)] = [
      (["add", "meter", "--system", "alpha", "--out", temporary.path + "/x"], 65, "named meter already"),
      (["add", "Meter", "--system", "alpha", "--out", temporary.path + "/x"], 64, "a letter first"),
      (["add", "x", "--system", "beta", "--out", temporary.path + "/x"], 65, "system add"),
      (["add", "x", "--system", "alpha", "--out", "-"], 64, "private key"),
      (["add", "x", "--system", "alpha", "--out", temporary.path + "/meter.application"], 73, "exists"),
      (["remove", "nobody"], 65, "application list"),
      (["keep", "meter", "--days", "366"], 64, "0 to 365"),
    ]
    for (arguments, status, words) in expectations {
      let result = try tool.run(["application"] + arguments + ["--dir", dir])
      #expect(result.status == status, "\(arguments): \(result.error)")
      #expect(result.error.contains(words), "\(result.error)")
    }
    #expect(access(temporary.path + "/x", F_OK) != 0)
    let list = try tool.run(["application", "list", "--dir", dir, "--output", "json"])
    let id = try #require(list.json["application"] as? String)
    let order = try tool.run(["device", "rotate", "--dir", dir, id])
    #expect(order.status == 64 && order.error.contains("--device FILE"), "\(order.error)")
    let all = try tool.run(["device", "rotate", "--dir", dir, "--all"])
    #expect(all.output == "0 devices will change their keys as they connect.\n", "\(all.error)")
  }
}
