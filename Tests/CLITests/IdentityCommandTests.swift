// SPDX-License-Identifier: Apache-2.0

import Assembly
import CountersignCrypto
import Credentials
import Foundation
import Processes
import Testing

@Suite struct IdentityCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  private func add(_ more: [String], out: String) throws -> CommandLineTool.Result {
    try tool.run(
      ["device", "add", "--dir", dir, "--system", "alpha", "--credential", "identity-based", "--output", "json"] + more
        + ["--out", temporary.path + "/" + out])
  }

  @Test("Each flavour is made, shown and inspected under its name", arguments: ["blinded", "injected", "escrow"])
  func flavours(flavour: String) throws {
    let made = try add(["--issuance", flavour], out: "a.device")
    #expect(made.status == 0 && made.json["issuance"] as? String == flavour)
    let id = try #require(made.json["device"] as? String)
    let shown = try tool.run(["device", "show", "--dir", dir, id])
    #expect(shown.output.contains("credential   52 bytes") && shown.output.contains("(\(flavour):"))
    #expect(try tool.run(["device", "list", "--dir", dir]).output.contains("identity-based, \(flavour)"))
    let pem = try tool.run(["device", "show", "--dir", dir, id, "--pem"]).output
    let inspected = try tool.run(["inspect", "-", "--dir", dir, "--output", "json"], input: pem)
    #expect(inspected.json["credential_bytes"] as? Int == 52)
    #expect(inspected.json["escrow"] as? Bool == (flavour == "escrow"))
    #expect(inspected.json["public_key"] as? String == made.json["public_key"] as? String)
    let fields = try #require(inspected.json["fields"] as? [[String: Any]])
    #expect(fields.last?["offset"] as? Int == 20 && fields.last?["length"] as? Int == 32)
    // A file in the way is never overwritten.
    #expect(try add([], out: "a.device").status == 73)
  }

  @Test("A device that draws its secret itself gets the same answer each time")
  func request() throws {
    var request = IdentityRequest()
    request.generate()
    let point = request.point.bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
    for name in ["a.pem", "b.pem"] {
      #expect(try add(["--request", point, "--id", "00000000000000aa"], out: name).status == 0)
    }
    let answers = try ["a.pem", "b.pem"].map { try Data(contentsOf: URL(fileURLWithPath: temporary.path + "/" + $0)) }
    #expect(answers[0] == answers[1])
    let pem = try PEM(parsing: [UInt8](answers[0]))
    #expect(pem.label == .blindedCredential && pem.content.count == 84)
    // The neutral point, with which the server alone would know the key.
    let neutral = "01" + String(repeating: "00", count: 31)
    #expect(try add(["--request", neutral, "--id", "00000000000000ab"], out: "c.pem").status == 65)
  }

  @Test("A batch is made, found again, and refused where the table has public keys")
  func batch() throws {
    let csv = temporary.path + "/line.csv"
    try Data("id\n00000000000000aa\n00000000000000bb\n".utf8).write(to: URL(fileURLWithPath: csv))
    #expect(try add(["--batch", csv], out: "line").json["made"] as? Int == 2)
    #expect(try add(["--batch", csv], out: "line").json["found"] as? Int == 2)
    let key = String(repeating: "09", count: 32)
    try Data("id,public_key\n00000000000000cc,\(key)\n".utf8).write(to: URL(fileURLWithPath: csv))
    #expect(try add(["--batch", csv], out: "other").status == 65)
  }

  @Test("Options that do not go together are refused")
  func usage() throws {
    let base = ["device", "add", "--dir", dir, "--system", "alpha", "--out", temporary.path + "/x"]
    #expect(try tool.run(base + ["--issuance", "escrow"]).status == 64)
    #expect(try add(["--public-key", "00"], out: "x").status == 64)
    #expect(try add(["--issuance", "escrow", "--request", "00"], out: "x").status == 64)
  }

  @Test("Devices of both kinds exchange messages through a server")
  func messages() throws {
    #expect(try add([], out: "a.device").status == 0)
    let other = try tool.run(
      ["device", "add", "--dir", dir, "--system", "alpha", "--out", temporary.path + "/b.device", "--output", "json"])
    let b = try #require(other.json["device"] as? String)
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0"])
    defer { server.kill() }
    let ready = server.output.line()
    let address = try #require(ready.split(whereSeparator: \.isWhitespace).last.map(String.init))
    let sent = try tool.run(
      [
        "send", "--device", temporary.path + "/a.device", "--server", address, "--to", b, "hello", "--timeout", "60",
        "--output",
        "json",
      ])
    #expect(sent.status == 0 && sent.json["outcome"] as? String == "stored", "\(sent.error)")
    let heard = try tool.run(
      ["listen", "--device", temporary.path + "/b.device", "--server", address, "--count", "1", "--timeout", "60"])
    #expect(heard.output.contains("hello"), "\(heard.error)")
    let rotated = try tool.run(["device", "rotate", "--device", temporary.path + "/a.device", "--server", address])
    #expect(rotated.status == 0, "\(rotated.error)")
    let inspected = try tool.run(["inspect", temporary.path + "/a.device", "--dir", dir]).output
    #expect(inspected.contains("identity-based") && inspected.contains("leads to this key"))
  }
}
