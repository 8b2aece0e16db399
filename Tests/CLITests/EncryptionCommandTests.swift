// SPDX-License-Identifier: Apache-2.0

import Foundation
import IdentityEncryption
import Testing

/// `countersign ibe`, which only builds with blst can do.
@Suite struct EncryptionCommandTests {
  private let tool = CommandLineTool()
  private let temporary = TemporaryDirectory()
  private let recipient = ["--to", "7/00a0b1c2d3e4f506", "--epochs", "1-8"]

  private func path(_ name: String) -> String { temporary.path + "/" + name }

  private func data(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }

  @Test(
    "a build without blst says how to make one, whatever is asked of it, and makes no file",
    .enabled(if: !IBE.isAvailable, "this build has blst"))
  func withoutBlst() throws {
    let key = String(repeating: "09", count: 48)
    let commands = [
      ["init", path("master")], ["public", path("master")],
      ["extract", "--key", path("master"), "--out", path("key")] + recipient,
      ["seal", "--public-key", key, "--out", path("sealed"), "-"] + recipient, ["open", "--key", path("key"), "-"],
      ["share", "--key", path("master"), "--threshold", "2", "--holders", "3", "--out", path("shares")],
      ["combine", "--commitments", path("commitments"), "--out", path("key"), path("part")],
    ]
    for command in commands {
      let result = try tool.run(["ibe"] + command)
      #expect(result.status == 69 && result.output.isEmpty)
      #expect(result.error.contains("no identity-based encryption") && result.error.contains("Scripts/get-blst"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
  }

  @Test(arguments: [
    ["seal", "--public-key", "09", "--to", "7/00a0b1c2d3e4f506", "--epochs", "8-1", "--out", "x", "-"],
    ["seal", "--public-key", "09", "--to", "7/00a0b1c2d3e4f506", "--epochs", "1", "--out", "x", "-"],
    ["seal", "--public-key", "09", "--to", "7/00a0b1c2d3e4f506", "--epochs", "1-65536", "--out", "x", "-"],
    ["extract", "--to", "7/00a0b1c2d3e4f506", "--epochs", "1-8", "--out", "x"],
    ["extract", "--share", "a", "--to", "7/00a0b1c2d3e4f506", "--epochs", "1-8", "--out", "x"],
    ["share", "--key", "a", "--threshold", "1", "--holders", "3", "--out", "x"],
    ["share", "--key", "a", "--threshold", "4", "--holders", "3", "--out", "x"],
  ])
  func usage(_ arguments: [String]) throws {
    #expect(try tool.run(["ibe"] + arguments).status == 64)
  }

  #if IdentityEncryption
    private func run(_ arguments: [String], input: String = "") throws -> String {
      let result = try tool.run(["ibe"] + arguments, input: input)
      #expect(result.status == 0, "\(arguments): \(result.error)")
      return result.output.trimmingCharacters(in: .newlines)
    }

    @Test(
      "what is sealed to an id is opened with the key that is made afterwards, and says that its sender is not known")
    func sealing() throws {
      let publicKey = try run(["init", path("master")])
      #expect(publicKey.utf8.count == 96)
      #expect(try run(["public", path("master")]) == publicKey)
      _ = try run(["seal", "--public-key", publicKey, "--out", path("sealed"), "-"] + recipient, input: "valve open")
      #expect(try data("sealed").count == 10 + 120)
      _ = try run(["extract", "--key", path("master"), "--out", path("key")] + recipient)
      let opened = try tool.run(["ibe", "open", "--key", path("key"), path("sealed")])
      #expect(opened.status == 0 && opened.output == "valve open")
      #expect(opened.error.contains("who sealed this message is not known"))
      for name in ["master", "key"] {
        let mode = try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
        #expect(mode == 0o600)
      }
      // No file is overwritten.
      #expect(try tool.run(["ibe", "init", path("master")]).status == 73)
      #expect(try tool.run(["ibe", "extract", "--key", path("master"), "--out", path("key")] + recipient).status == 73)
      // The key of another range, a changed message, and the shown identity changed.
      let other = ["--to", "7/00a0b1c2d3e4f506", "--epochs", "9-16"]
      _ = try run(["extract", "--key", path("master"), "--out", path("other")] + other)
      #expect(try tool.run(["ibe", "open", "--key", path("other"), path("sealed")]).status == 65)
      for index in [8, 23, 24, 129] {
        var changed = try data("sealed")
        changed[index] ^= 1
        try changed.write(to: URL(filePath: path("changed")))
        let result = try tool.run(["ibe", "open", "--key", path("key"), path("changed")])
        #expect(result.status == 65 && result.output.isEmpty)
      }
      var changed = try data("key")
      changed[100] ^= 1
      #expect(
        FileManager.default.createFile(atPath: path("bad"), contents: changed, attributes: [.posixPermissions: 0o600]))
      #expect(try tool.run(["ibe", "open", "--key", path("bad"), path("sealed")]).status == 65)
    }

    @Test("two of three holders make the key, and the one who gives something else is named")
    func sharing() throws {
      _ = try run(["init", path("master")])
      _ = try run([
        "share", "--key", path("master"), "--threshold", "2", "--holders", "3", "--out", path("shares"),
      ])
      let commitments = ["--commitments", path("shares/commitments")]
      for holder in 1...3 {
        let share = ["--share", path("shares/share-\(holder)")]
        _ = try run(["extract", "--out", path("part-\(holder)")] + share + commitments + recipient)
      }
      _ = try run(["combine", "--out", path("combined")] + commitments + [path("part-3"), path("part-1")])
      _ = try run(["extract", "--key", path("master"), "--out", path("whole")] + recipient)
      #expect(try data("combined") == data("whole"))

      let other = ["--to", "7/00a0b1c2d3e4f506", "--epochs", "1-9"]
      let second = ["--share", path("shares/share-2")]
      _ = try run(["extract", "--out", path("wrong")] + second + commitments + other)
      var wrong = try data("wrong")
      wrong.replaceSubrange(8..<24, with: try data("part-1")[8..<24])
      try wrong.write(to: URL(filePath: path("wrong")))
      let named = try tool.run(
        ["ibe", "combine", "--out", path("again")] + commitments + [path("wrong"), path("part-1"), path("part-3")])
      #expect(named.status == 0 && named.error.contains("what holder 2 gave is not its part"))
      #expect(try data("again") == data("whole"))
      let few = try tool.run(["ibe", "combine", "--out", path("few")] + commitments + [path("wrong"), path("part-1")])
      #expect(few.status == 65 && few.error.contains("the parts of 2 holders; right ones here: 1"))
      let twice = [path("part-1"), path("part-1")]
      #expect(try tool.run(["ibe", "combine", "--out", path("few")] + commitments + twice).status == 65)
      #expect(!FileManager.default.fileExists(atPath: path("few")))
    }
  #endif
}
