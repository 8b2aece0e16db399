// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// What devices keep of those they have met, and what the owner finds in it.
@Suite struct KeptCertificatesTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private var kept: String { temporary.path + "/kept" }

  private func initialize() throws {
    #expect(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    #expect(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  /// Adds a device to the registry in `dir`, and returns its file.
  private func device(_ id: String, in dir: String, _ kind: String, as name: String) throws -> String {
    let file = temporary.path + "/" + name
    let added = try tool.run([
      "device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--credential", kind, "--out", file,
    ])
    try #require(added.status == 0, "\(added.error)")
    return file
  }

  /// Sends a text, directly or as `way` says, and again while nobody listens there yet.
  private func send(
    _ text: String, from file: String, _ way: String = "--direct", to endpoint: String, _ more: [String] = []
  ) throws {
    for _ in 0..<200 {
      let result = try tool.run(["send", "--device", file, way, endpoint, text] + more)
      if result.status == 0 { return }
      try #require(result.status == 69, "\(result.error)")
      usleep(50_000)
    }
    Issue.record("nobody listens")
  }

  private func files(_ suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: kept).filter { $0.hasSuffix(suffix) }.sorted()
  }

  @Test(
    "Two holders of one name leave a proof in the device that met them, and the owner finds the false one",
    arguments: ["certificate", "identity-based"])
  func met(_ kind: String) throws {
    try initialize()
    // Somebody with the owner's keys keeps another registry.
    let rogue = temporary.path + "/rogue"
    try FileManager.default.copyItem(atPath: dir, toPath: rogue)
    let gate = try device("0000000000000001", in: dir, kind, as: "gate.device")
    let pump = try device("0000000000000007", in: dir, kind, as: "pump.device")
    let false7 = try device("0000000000000007", in: rogue, kind, as: "false.device")

    let endpoint = try "127.0.0.1:\(CommandLineTool.freePort())"
    let listener = try tool.start([
      "listen", "--device", gate, "--direct", endpoint, "--keep-certificates", kept, "--count", "3", "--timeout", "60",
    ])
    defer { listener.kill() }
    let printed = listener.reading()
    let sent = temporary.path + "/sent"
    try send("one", from: pump, to: endpoint, ["--keep-certificates", sent])
    try send("two", from: pump, to: endpoint)
    #expect(try files(".certificate.pem").count == 1 && files(".misissued.pem").isEmpty)
    let audit = ["audit", "--dir", dir, "--certificate"]
    #expect(try tool.run(audit + [kept]).status == 0)
    // The first two have numbers that the device under that name has used already.
    for text in ["a", "b", "c"] { try send(text, from: false7, to: endpoint) }
    let notes = String(decoding: listener.error.rest(), as: UTF8.self)
    #expect(listener.process.wait() == 0 && notes.contains("MISISSUED: 1/0000000000000007 was met with two keys"))
    #expect(printed.next() == "0000000000000007  one")

    let proof = try #require(try files(".misissued.pem").first)
    let inspected = try tool.run(["inspect", kept + "/" + proof, "--dir", dir, "--output", "json"])
    #expect(inspected.status == 0, "\(inspected.error)")
    #expect((inspected.json["kind"] as? String)?.contains("misissuance") == true)
    #expect(try files(".certificate.pem").count == 2)
    let found = try tool.run(audit + [kept])
    #expect(found.status == 65, "\(found.error)")
    let verdicts = found.output.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1)[1] }
    #expect(verdicts.count { $0.contains("In the issuance log: generation 1 of device 0000000000000007") } == 1)
    #expect(verdicts.count { $0.contains("MISISSUED") && $0.contains("belongs to another key") } == 1)
    let lines = try tool.run(audit + [kept, "--output", "json"]).output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.compactMap { $0["verdict"] as? String }.sorted() == ["contradicted", "entered"])
    #expect(lines.allSatisfy { ($0["file"] as? String)?.hasPrefix("1-0000000000000007-1-") == true })
    #expect(
      try tool.run(audit + [sent]).output.contains("In the issuance log: generation 1 of device 0000000000000001"))
    // The other registry has it the other way round.
    let other = try tool.run(["audit", "--dir", rogue, "--certificate", kept, "--output", "json"])
    #expect(other.status == 65 && other.output.contains("contradicted") && other.output.contains("entered"))
  }

  @Test("What the server says of a recipient, and what comes out of the mailbox, is kept too")
  func throughTheServer() throws {
    try initialize()
    let gate = try device("0000000000000001", in: dir, "certificate", as: "gate.device")
    let pump = try device("0000000000000007", in: dir, "identity-based", as: "pump.device")
    let endpoint = try "127.0.0.1:\(CommandLineTool.freePort())"
    let server = try tool.start(["serve", "--dir", dir, "--listen", endpoint])
    defer { server.kill() }
    let sent = temporary.path + "/sent"
    try send(
      "one", from: pump, "--server", to: endpoint, ["--to", "0000000000000001", "--keep-certificates", sent])
    let heard = try tool.run([
      "listen", "--device", gate, "--server", endpoint, "--count", "1", "--timeout", "20", "--keep-certificates", kept,
    ])
    #expect(heard.status == 0, "\(heard.error)")
    for (directory, device) in [(sent, "0000000000000001"), (kept, "0000000000000007")] {
      let audit = try tool.run(["audit", "--dir", dir, "--certificate", directory])
      #expect(audit.status == 0 && audit.output.contains("In the issuance log: generation 1 of device \(device)."))
    }
  }

  @Test("What is no directory of kept certificates is told")
  func nothingKept() throws {
    try initialize()
    let empty = temporary.path + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    let audit = ["audit", "--dir", dir, "--certificate", empty]
    let nothing = try tool.run(audit)
    #expect(nothing.status == 66 && nothing.error.contains("holds no certificate that was kept"), "\(nothing.error)")
    let proof = try tool.run(audit + ["--proof", temporary.path + "/proof.pem"])
    #expect(proof.status == 64 && proof.error.contains("--proof goes with one certificate"), "\(proof.error)")
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: empty + "/1-7-1-00.certificate.pem"))
    let spoilt = try tool.run(audit)
    #expect(
      spoilt.status == 65 && spoilt.error.contains("1-7-1-00.certificate.pem holds no certificate"), "\(spoilt.error)")
    let file = temporary.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    let pump = try device("0000000000000007", in: dir, "certificate", as: "pump.device")
    let listen = try tool.run([
      "listen", "--device", pump, "--direct", "127.0.0.1:0", "--keep-certificates", file + "/x",
    ])
    #expect(listen.status == 73 && listen.error.contains("cannot create"), "\(listen.error)")
  }
}
