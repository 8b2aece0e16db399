// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// Devices of every scheme, from `device add` to a message, against one server.
@Suite(.serialized) struct SchemeCommandTests {
  private let temporary = TemporaryDirectory()
  private var dir: String { temporary.path + "/fleet" }
  private let schemes = [
    "shared-key", "derived-key", "derived-key-pbkdf2", "derived-key-ephemeral", "derived-key-ratchet", "certified",
    "registered", "compact-kk", "hybrid-ikpsk2",
  ]

  private func file(_ scheme: String) -> String { "\(temporary.path)/\(scheme).device" }
  private func id(_ index: Int) -> String { "000000000000000\(index + 1)" }

  /// A fleet with one device of each scheme, and its server; the tool knows where that is.
  private func start() throws -> (CommandLineTool, CommandLineTool.Running) {
    var tool = CommandLineTool()
    tool.environment = ["COUNTERSIGN_DIR": dir]
    #expect(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    #expect(try tool.run(["system", "add", "works"]).status == 0)
    for (index, scheme) in schemes.enumerated() {
      let added = try tool.run([
        "device", "add", "--system", "works", "--id", id(index), "--scheme", scheme, "--out", file(scheme),
      ])
      try #require(added.status == 0, "\(scheme): \(added.error)")
      #expect(added.output.contains("reads its messages") == (index < 5))
    }
    let server = try tool.start(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
    let line = server.output.line()
    let address = try #require(line.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines))
    tool.environment["COUNTERSIGN_SERVER"] = address
    return (tool, server)
  }

  private func stop(_ server: CommandLineTool.Running) {
    server.process.stop()
  }

  @Test func everySchemeSendsListensAndRotates() throws {
    let (tool, server) = try start()
    defer { stop(server) }
    let certified = schemes.firstIndex(of: "certified")!
    for (index, scheme) in schemes.enumerated() where index != certified {
      let isOpen = index < 5
      let send = try tool.run([
        "send", "--device", file(scheme), "--to", id(certified), "--timeout", "60", "from \(scheme)",
      ])
      #expect(send.status == 0 && send.output.contains("hop-by-hop") == isOpen, "\(scheme): \(send.error)")
      let refused = try tool.run([
        "send", "--device", file("certified"), "--to", id(index), "--timeout", "60", "to \(scheme)",
      ])
      #expect(refused.status == (isOpen ? 77 : 0), "\(scheme): \(refused.error)")
      if isOpen {
        #expect(refused.error.contains("--hop-by-hop"))
        let allowed = try tool.run([
          "send", "--device", file("certified"), "--hop-by-hop", "--to", id(index), "--timeout", "60", "to \(scheme)",
        ])
        #expect(allowed.status == 0, "\(allowed.error)")
      }
      let rotated = try tool.run(["device", "rotate", "--device", file(scheme), "--output", "json"])
      #expect(rotated.json["generation"] as? Int == 2, "\(scheme): \(rotated.error)")
      let got = try tool.run([
        "listen", "--device", file(scheme), "--count", "1", "--timeout", "60", "--output", "json",
      ])
      #expect(got.json["text"] as? String == "to \(scheme)", "\(scheme): \(got.error)")
      #expect(got.json["route"] as? String == (isOpen ? "hop-by-hop" : "mailbox"))
      #expect(got.error.contains("the server reads every message") == isOpen)
    }
    let all = try tool.run([
      "listen", "--device", file("certified"), "--hop-by-hop", "--count", "8", "--timeout", "60",
    ])
    #expect(all.output.split(separator: "\n").count == 8, "\(all.error)")
    #expect(all.output.split(separator: "\n").filter { $0.contains("(hop-by-hop)") }.count == 5)
  }

  @Test func aFleetMovesAndTheOldFilesAreRefused() throws {
    let (tool, server) = try start()
    defer { stop(server) }
    let path = file("shared-key")
    var copies: [String] = []
    for (from, to) in [("shared-key", "derived-key"), ("derived-key", "certified")] {
      copies.append("\(path).\(from)")
      try FileManager.default.copyItem(atPath: path, toPath: copies.last!)
      let order = try tool.run(["device", "migrate", "--all", "--system", "works", "--from", from, "--to", to])
      #expect(order.status == 0 && order.output.contains("will move to \(to)"), "\(order.error)")
      #expect(try tool.run(["device", "migrate", "--status"]).output.contains("ordered to move to \(to)"))
      // Two sessions at most: one to get the new key, one to use it. How long they take is this machine's affair.
      let listener = try tool.start(["listen", "--device", path])
      let floor = to == "certified" ? "certified" : "derived"
      var shown: String?
      for _ in 0..<600 where shown != floor {
        usleep(100_000)
        shown = try tool.run(["device", "show", id(0), "--output", "json"]).json["floor"] as? String
      }
      #expect(shown == floor)
      listener.kill()
    }
    #expect(try tool.run(["inspect", path]).output.contains("certified"))
    for copy in copies {
      // No key is left under which the server could say anything.
      #expect(try tool.run(["send", "--device", copy, "--to", id(5), "x", "--timeout", "60"]).status == 69)
    }
    let back = try tool.run(["device", "migrate", id(0), "--to", "derived-key"])
    #expect(back.status == 77 && back.error.contains("never goes back"))
    #expect(
      try tool.run(["device", "add", "--system", "works", "--id", id(0), "--scheme", "shared-key", "--out", path + "2"])
        .status == 65)
    let revoked = try tool.run(["device", "revoke", id(4), "--reason", "key-compromise"])
    #expect(revoked.status == 0, "\(revoked.error)")
    let refused = try tool.run(["send", "--device", file(schemes[4]), "--to", id(5), "x", "--timeout", "60"])
    #expect(refused.status == 77 && refused.error.contains("refuses this device: it is revoked"), "\(refused.error)")
    #expect(try tool.run(["device", "list"]).output.contains("derived-key-ratchet\trevoked"))
  }

  @Test func wrongUseIsExplained() throws {
    let tool = CommandLineTool()
    for (arguments, words) in [
      (["device", "add", "--system", "x", "--out", "x", "--scheme", "none"], "shared-key"),
      (["device", "add", "--system", "x", "--out", "x", "--scheme", "broadcast"], "cannot be given"),
      (
        ["device", "add", "--system", "x", "--out", "x", "--scheme", "derived-key", "--public-key", "y"],
        "--scheme excludes"
      ),
      (["device", "migrate"], "--all"),
      (["device", "migrate", "--all", "--to", "certified"], "--from"),
      (["device", "migrate", "0000000000000001", "--to", "broadcast"], "broadcast is not one"),
    ] {
      let result = try tool.run(arguments)
      #expect(result.status == 64 && result.error.contains(words), "\(arguments): \(result.error)")
    }
  }
}
