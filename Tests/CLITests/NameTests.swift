// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing
import Wire

@testable import CountersignCLI

/// Names of systems and devices: what is printed is what is taken, and means the same.
@Suite struct NameTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  private func run(_ arguments: String...) throws -> CommandLineTool.Result {
    try tool.run(arguments.prefix(2) + ["--dir", dir] + arguments.dropFirst(2))
  }

  private func add(_ id: String, to system: String, as name: String) throws {
    let file = temporary.path + "/" + name
    let added = try run("device", "add", "--system", system, "--id", id, "--out", file)
    try #require(added.status == 0, "\(added.error)")
  }

  private func status(of device: String) throws -> String? {
    try run("device", "show", device, "--output", "json").json["status"] as? String
  }

  @Test("Systems named by customers' numbers have these numbers, so that SYSTEM/ID means one device")
  func numbers() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    for name in ["2", "alpha", "17"] {
      #expect(try run("system", "add", name).status == 0)
    }
    #expect(try run("system", "list").output == "1\talpha\t0 devices\n2\t2\t0 devices\n17\t17\t0 devices\n")
    // A number that somebody else has, and what looks like one and is another.
    for name in ["1", "2", "0", "007", "4294967296"] {
      let refused = try run("system", "add", name)
      #expect([64, 65].contains(refused.status), "\(name): \(refused)")
    }
    try add("00000000000000aa", to: "2", as: "a")
    try add("00000000000000aa", to: "alpha", as: "b")
    let listed = try run("device", "list").output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    #expect(listed == ["1/00000000000000aa", "2/00000000000000aa"])
    let ambiguous = try run("device", "revoke", "00000000000000aa")
    #expect(ambiguous.status == 64 && ambiguous.error.contains("--system"), "\(ambiguous)")
    let revoked = try run("device", "revoke", listed[1])
    #expect(revoked.status == 0 && revoked.output.hasPrefix("Device 2/00000000000000aa is revoked"), "\(revoked)")
    #expect(try status(of: "alpha/00000000000000aa") == "active")
    #expect(try status(of: "2/00000000000000aa") == "revoked")
  }

  @Test(arguments: ["/0000000000000001", "1/", "1/2/0000000000000001", "+000000000000001", "1/+000000000000001"])
  func noName(_ text: String) {
    #expect(DeviceName(argument: text) == nil)
  }

  @Test func digitsAreANumber() {
    #expect(SystemName("17") == .number(.init(17)))
    #expect(SystemName("+17") == .name("+17"))
    #expect(SystemName("4294967296") == .name("4294967296"))
  }

  @Test(
    "A message goes to NAME/ID where the authority is at hand, and a listener names other systems' devices as --to takes them"
  )
  func names() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    for name in ["alpha", "beta"] { #expect(try run("system", "add", name).status == 0) }
    try add("0000000000000001", to: "alpha", as: "a")
    try add("0000000000000002", to: "beta", as: "b")
    #expect(try run("policy", "allow", "alpha", "beta").status == 0)
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--output", "json"])
    defer { server.kill() }
    let ready = server.output.line()
    let port = try #require(ready.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber })
    let send = ["send", "--device", temporary.path + "/a", "--server", "127.0.0.1:\(port)", "--timeout", "60"]
    let unknown = try tool.run(send + ["--to", "beta/0000000000000002", "words"])
    #expect(unknown.status == 64 && unknown.error.contains("--dir"), "\(unknown)")
    let sent = try tool.run(send + ["--to", "beta/0000000000000002", "--dir", dir, "words"])
    #expect(sent.status == 0, "\(sent)")
    let heard = try tool.run([
      "listen", "--device", temporary.path + "/b", "--server", "127.0.0.1:\(port)", "--count", "1", "--timeout", "60",
    ])
    #expect(heard.output == "1/0000000000000001  words\n", "\(heard)")
  }
}
