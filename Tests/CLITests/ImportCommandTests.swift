// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Keys that come from another server, on the command line.
@Suite struct ImportCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "works"]).status == 0)
  }

  private func file(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let path = temporary.path + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    chmod(path, mode)
    return path
  }

  private static let key = String(repeating: "5a", count: 32)

  @Test func aSharedKeyIsImportedOnceFromAFileOfItsOwnersAlone() throws {
    let exposed = try file("exposed.key", Self.key, mode: 0o644)
    let refused = try tool.run(["system", "import-key", "--dir", dir, "works", "--key-file", exposed])
    #expect(refused.status == 77 && refused.error.contains("chmod"), "\(refused.error)")
    let path = try file("old.key", Self.key + "\n")
    let imported = try tool.run(["system", "import-key", "--dir", dir, "works", "--key-file", path])
    #expect(imported.status == 0 && !(imported.output + imported.error).contains("5a5a"), "\(imported.error)")
    #expect(try tool.run(["system", "import-key", "--dir", dir, "works", "--key-file", path]).status == 0)
    let another = try file("another.key", String(repeating: "5b", count: 32))
    #expect(try tool.run(["system", "import-key", "--dir", dir, "works", "--key-file", another]).status == 65)
    let out = temporary.path + "/pump.device"
    let added = try tool.run([
      "device", "add", "--dir", dir, "--system", "works", "--scheme", "shared-key", "--out", out,
    ])
    #expect(added.status == 0, "\(added.error)")
    #expect(try Data(contentsOf: URL(filePath: out)).range(of: Data(repeating: 0x5A, count: 32)) != nil)
    #expect(try tool.run(["audit", "--dir", dir]).output.contains("system.import-key"))
  }

  @Test func aTableWithSecretKeysIsItsOwnersAlone() throws {
    let text = "id,secret_key\n00a0b1c2d3e4f506,\(Self.key)\n"
    let out = temporary.path + "/out"
    func run(_ path: String) throws -> CommandLineTool.Result {
      try tool.run([
        "device", "add", "--dir", dir, "--system", "works", "--scheme", "derived-key", "--batch", path, "--out", out,
      ])
    }
    let refused = try run(try file("exposed.csv", text, mode: 0o640))
    #expect(refused.status == 77 && !refused.error.contains(Self.key), "\(refused.error)")
    #expect(try tool.run(["device", "list", "--dir", dir]).output.isEmpty)
    let made = try run(try file("keys.csv", text))
    #expect(made.status == 0 && !(made.output + made.error).contains(Self.key), "\(made.error)")
    #expect(try !String(contentsOfFile: out + "/manifest.csv", encoding: .utf8).contains(Self.key))
    let wrong = try run(try file("wrong.csv", "id,secret_key\n00a0b1c2d3e4f507,\(Self.key.dropLast())\n"))
    #expect(wrong.status == 65 && !wrong.error.contains("5a5a"), "\(wrong.error)")
  }

  @Test func oneDeviceTakesItsKeyFromAFile() throws {
    let path = try file("old.key", Self.key)
    let out = temporary.path + "/pump.device"
    let arguments = ["device", "add", "--dir", dir, "--system", "works", "--key-file", path, "--out", out]
    #expect(try tool.run(arguments).status == 64)
    #expect(try tool.run(arguments + ["--scheme", "derived-key-ratchet"]).status == 64)
    let added = try tool.run(arguments + ["--scheme", "derived-key"])
    #expect(added.status == 0, "\(added.error)")
    #expect(try Data(contentsOf: URL(filePath: out)).range(of: Data(repeating: 0x5A, count: 32)) != nil)
  }
}
