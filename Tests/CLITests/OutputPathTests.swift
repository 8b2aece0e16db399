// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Outputs that cannot be written, and inputs that hold nothing.
@Suite struct OutputPathTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private let id = "00a0b1c2d3e4f506"

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  private func addDevice(_ name: String = "pump.device") throws -> String {
    let file = temporary.path + "/" + name
    let result = try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--out", file])
    try #require(result.status == 0, "\(result.error)")
    return file
  }

  @Test("A name beside which a device's other files have no room is refused before the registry knows the device")
  func aNameThatIsTooLong() throws {
    for (scheme, length) in [("certified", 216), ("derived-key", 216), ("certified", 255)] {
      let add = ["device", "add", "--dir", dir, "--system", "alpha", "--scheme", scheme, "--out"]
      let refused = try tool.run(add + [temporary.path + "/" + String(repeating: "p", count: length)])
      #expect(refused.status == 73 && refused.error.contains("choose a shorter name"), "\(refused)")
    }
    #expect(try tool.run(["device", "list", "--dir", dir]).output.isEmpty)
    let file = try addDevice(String(repeating: "p", count: 215))
    let unheard = try tool.run(["listen", "--device", file, "--direct", "127.0.0.1:0", "--timeout", "0.1"])
    #expect(unheard.status == 75, "\(unheard)")
  }

  @Test func aStatementThatCannotBeWrittenRevokesNothing() throws {
    _ = try addDevice()
    let existing = temporary.path + "/old.pem"
    try Data("something".utf8).write(to: URL(fileURLWithPath: existing))
    let revoke = ["device", "revoke", "--dir", dir, id, "--statement"]
    for path in [existing, temporary.path + "/nowhere/new.pem", existing + "/new.pem"] {
      let result = try tool.run(revoke + [path])
      #expect(result.status == 73, "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 2, "\(result.error)")
      #expect(
        try tool.run(["device", "show", "--dir", dir, id, "--output", "json"]).json["status"] as? String == "active")
    }
    #expect(try String(contentsOfFile: existing, encoding: .utf8) == "something")
    // And a revocation that is refused leaves no file behind.
    let new = temporary.path + "/new.pem"
    #expect(try tool.run(["device", "revoke", "--dir", dir, "0000000000000009", "--statement", new]).status == 65)
    #expect(access(new, F_OK) != 0)
    #expect(try tool.run(revoke + [new]).status == 0)
    #expect(try tool.run(["inspect", new, "--dir", dir]).status == 0)
    #expect(try tool.run(revoke + ["-", "--output", "json"]).status == 64)
  }

  @Test func aPathThatCannotBeMadeIs73WithAdvice() throws {
    let key = String(repeating: "09", count: 32)
    let table = temporary.path + "/line.csv"
    try Data("id\n0000000000000001\n".utf8).write(to: URL(fileURLWithPath: table))
    let add = ["device", "add", "--dir", dir, "--system", "alpha", "--out", temporary.path + "/nowhere/x"]
    for arguments in [
      add, add + ["--public-key", key], add + ["--batch", table],
      ["backup", "--dir", dir, "--out", temporary.path + "/nowhere/x"],
    ] {
      let result = try tool.run(arguments)
      #expect(result.status == 73, "\(arguments): \(result.status) \(result.error)")
      #expect(result.error.contains("its directory does not exist"), "\(result.error)")
    }
    #expect(try tool.run(["device", "list", "--dir", dir]).output.isEmpty)
  }

  @Test func aTableWithoutDevicesIsRefused() throws {
    let result = try tool.run(
      ["device", "add", "--dir", dir, "--system", "alpha", "--batch", "-", "--out", temporary.path + "/out"],
      input: "id,label\n")
    #expect(result.status == 65)
    #expect(result.error.contains("no devices in the table"))
    #expect(access(temporary.path + "/out", F_OK) != 0)
  }

  @Test func aSignatureByAnotherKeyEnds65() throws {
    let file = try addDevice()
    let pem = try tool.run(["inspect", file, "--pem"]).output
    let other = temporary.path + "/other"
    let key = try #require(
      try tool.run(["init", "--dir", other, "--unsealed", "--output", "json"]).json["issuer_key"] as? String)
    #expect(try tool.run(["inspect", "-"], input: pem).status == 0)
    for check in [["--issuer-key", key], ["--dir", other]] {
      for (input, arguments) in [(pem, ["-"]), ("", [file])] {
        let result = try tool.run(["inspect"] + arguments + check, input: input)
        #expect(result.status == 65)
        #expect(result.output.contains("invalid"))
        let armoured = try tool.run(["inspect", "--pem"] + arguments + check, input: input)
        #expect(armoured.status == 65 && armoured.output.isEmpty)
      }
    }
    #expect(try tool.run(["inspect", file, "--dir", dir]).status == 0)
  }

  /// JSON and PEM cannot both be what is printed.
  @Test func twoFormsAtOnceAreRefused() throws {
    let file = try addDevice()
    #expect(try tool.run(["device", "show", "--dir", dir, id, "--pem", "--output", "json"]).status == 64)
    #expect(try tool.run(["inspect", file, "--pem", "--output", "json"]).status == 64)
  }
}
