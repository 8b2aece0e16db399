// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct AuthorityCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private var passphraseFile: String { temporary.path + "/passphrase" }

  private func initialize(sealed: Bool = false) throws {
    let protection =
      sealed ? ["--passphrase-file", passphraseFile, "--cost", "interactive"] : ["--unsealed"]
    try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: passphraseFile))
    let result = try tool.run(["init", "--dir", dir] + protection)
    try #require(result.status == 0, "\(result.error)")
    #expect(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  @Test func thePassphraseComesFromAFileADescriptorOrAVariable() throws {
    try initialize(sealed: true)
    #expect(try tool.run(["epoch", "advance", "--dir", dir, "--passphrase-file", passphraseFile]).status == 0)
    #expect(
      try tool.run(["epoch", "advance", "--dir", dir, "--passphrase-file", "-"], input: "correct horse").status == 0)
    #expect(
      try tool.run(["epoch", "advance", "--dir", dir, "--passphrase-fd", "0"], input: "correct horse\n").status == 0)
    var withVariables = tool
    withVariables.environment = ["COUNTERSIGN_PASSPHRASE_FILE": passphraseFile, "COUNTERSIGN_DIR": dir]
    let result = try withVariables.run(["epoch", "advance", "--output", "json"])
    #expect(result.json["epoch"] as? Int == 5)
  }

  @Test func aWrongPassphraseDoesNothing() throws {
    try initialize(sealed: true)
    let wrong = try tool.run(["epoch", "advance", "--dir", dir, "--passphrase-fd", "0"], input: "correct hors")
    #expect(wrong.status == 77)
    #expect(wrong.error.hasPrefix("countersign: wrong passphrase"))
    var detached = tool
    detached.wrapper = ["setsid", "--wait"]
    let none = try detached.run(["epoch", "advance", "--dir", dir])
    #expect(none.status == 64)
    #expect(none.error.contains("--passphrase-file"))
    #expect(try tool.run(["epoch", "show", "--dir", dir, "--output", "json"]).json["epoch"] as? Int == 1)
  }

  @Test func errorsSayWhatToDo() throws {
    try initialize()
    let expectations: [([String], Int32, String)] = [
      (["init", "--dir", dir, "--unsealed"], 73, "holds an authority already"),
      (["system", "add", "--dir", dir, "alpha"], 65, "a system named alpha already"),
      (["system", "list"], 64, "--dir"),
      (["system", "list", "--dir", temporary.path + "/nowhere"], 78, "countersign init"),
      (["device", "show", "--dir", dir, "0000000000000001"], 65, "no device"),
      (["device", "show", "--dir", dir, "1"], 64, "16 hexadecimal digits"),
      (["device", "add", "--dir", dir, "--system", "gamma", "--out", "x"], 65, "system add"),
      (["inspect", passphraseFile], 65, "nothing that this program recognises"),
      (["inspect", temporary.path + "/missing"], 66, "cannot read"),
    ]
    for (arguments, status, words) in expectations {
      let result = try tool.run(arguments)
      #expect(result.status == status, "\(arguments): \(result.error)")
      #expect(result.error.contains(words), "\(result.error)")
      #expect(result.output.isEmpty)
    }
  }

  @Test func aKeyFileThatOthersCanReadIsRefused() throws {
    try initialize()
    chmod(dir + "/authority.key", 0o644)
    let result = try tool.run(["epoch", "advance", "--dir", dir])
    #expect(result.status == 77)
    #expect(result.error.contains("chmod 600"))
    let doctor = try tool.run(["doctor", "--dir", dir, "--output", "json"])
    #expect(doctor.status == 78)
    #expect(doctor.json["ok"] as? Bool == false)
  }

  @Test(.enabled(if: CommandLineTool.unprivileged != nil, "nobody else may run this build"))
  func aReadOnlyDirectoryIsReported() throws {
    try initialize()
    let reader = try #require(CommandLineTool.unprivileged)
    if getuid() == 0 {
      #expect(chown(temporary.path, 65534, 65534) == 0)
      for name in ["", "/authority.key", "/registry.sqlite"] { #expect(chown(dir + name, 65534, 65534) == 0) }
    }
    chmod(dir, 0o500)
    chmod(dir + "/registry.sqlite", 0o400)
    defer { chmod(dir, 0o700) }
    let result = try reader.run(["system", "add", "--dir", dir, "beta"])
    #expect(result.status == 77, "\(result.error)")
    #expect(result.error.contains("owner"), "\(result.error)")
    chmod(dir, 0o700)
    chmod(dir + "/registry.sqlite", 0o600)
    #expect(try reader.run(["system", "list", "--dir", dir]).output == "1\talpha\t0 devices\n")
  }

  @Test func aStepThatOutdatesEveryCertificateTakesAWord() throws {
    try initialize()
    let show = ["epoch", "show", "--dir", dir, "--output", "json"]
    let lifetime = try #require(try tool.run(show).json["certificate_epochs"] as? Int)
    let advance = ["epoch", "advance", "--dir", dir, "--by"]
    for step in [lifetime + 1, 65534] {
      let refused = try tool.run(advance + ["\(step)"])
      #expect(refused.status == 64, "\(refused.error)")
      #expect(refused.error.contains("after \(step) epochs no existing certificate would be good"), "\(refused.error)")
      #expect(refused.error.contains("--yes"), "\(refused.error)")
    }
    #expect(try tool.run(show).json["epoch"] as? Int == 1)
    // A step that certificates outlive is nobody's question; one that is too long for the counter is refused as before.
    #expect(try tool.run(advance + ["\(lifetime)"]).status == 0)
    #expect(try tool.run(advance + ["65535"]).status == 65)
    #expect(try tool.run(advance + ["\(lifetime + 1)", "--yes"]).status == 0)
    #expect(try tool.run(show).json["epoch"] as? Int == 2 * lifetime + 2)

    // At a terminal it asks.
    guard access("/usr/bin/script", X_OK) == 0 else { return print("SKIPPED in part: there is no program script") }
    for (answer, status) in [("no", Int32(64)), ("yes", 0)] {
      let command = (["exec", CommandLineTool.path] + advance + ["\(lifetime + 1)"]).joined(separator: " ")
      var asking = tool
      asking.wrapper = [
        "sh", "-c", "echo \(answer) | script --quiet --return --command '\(command)' /dev/null", "sh",
      ]
      let result = try asking.run([])
      #expect(result.status == status, "\(answer): \(result.output) \(result.error)")
      #expect(result.output.contains("Type yes"), "\(result.output)")
    }
  }

  @Test func aDevicesLife() throws {
    try initialize()
    let file = temporary.path + "/pump.device"
    let id = "00a0b1c2d3e4f506"
    let add = ["device", "add", "--dir", dir, "--system", "alpha", "--id", id, "--out"]
    #expect(try tool.run(add + [file, "--output", "json"]).json["generation"] as? Int == 1)
    #expect(try tool.run(add + [file + "2"]).status == 65)
    #expect(access(file + "2", F_OK) != 0)

    let pem = try tool.run(["device", "show", "--dir", dir, id, "--pem"]).output
    let inspection = try tool.run(["inspect", "-", "--dir", dir, "--output", "json"], input: pem).json
    #expect(inspection["credential_bytes"] as? Int == 116)
    #expect(inspection["handshake_bytes"] as? Int == 84)
    #expect(inspection["device"] as? String == id)
    #expect(inspection["signature"] as? String == "valid")
    let fields = inspection["fields"] as? [[String: Any]] ?? []
    #expect(fields.compactMap { $0["length"] as? Int }.reduce(0, +) == 116)
    // Of a device file everything but the secret is told.
    let secret = try Data(contentsOf: URL(fileURLWithPath: file))[62..<94].map { String(format: "%02x", $0) }.joined()
    for output in ["text", "json"] {
      let told = try tool.run(["inspect", file, "--output", output])
      #expect(told.status == 0 && told.output.contains(id))
      #expect(!told.output.contains(secret))
    }
    #expect(try tool.run(["inspect", file, "--pem"]).output == pem)

    #expect(try tool.run(["device", "rotate", "--dir", dir, id]).status == 0)
    #expect(
      try tool.run(["device", "show", "--dir", dir, id, "--output", "json"]).json["orders"] as? [String] == ["rotate"])
    let statement = temporary.path + "/revoked.pem"
    let revoke = try tool.run([
      "device", "revoke", "--dir", dir, id, "--reason", "key-compromise", "--statement", statement, "--output", "json",
    ])
    #expect(revoke.json["generation"] as? Int == 1)
    let revocation = try tool.run(["inspect", statement, "--dir", dir, "--output", "json"]).json
    #expect(revocation["reason"] as? String == "key-compromise")
    #expect(revocation["signature"] as? String == "valid")
    #expect(try tool.run(["device", "rotate", "--dir", dir, id]).status == 77)
    #expect(try tool.run(add + [file + "3", "--enrol-again", "--output", "json"]).json["generation"] as? Int == 2)
    let doctor = try tool.run(["doctor", "--dir", dir, "--certificates", "--output", "json"])
    #expect(doctor.status == 0 && doctor.json["ok"] as? Bool == true)
    #expect(try tool.run(["audit", "--dir", dir]).output.split(separator: "\n").count == 6)
  }

  @Test func aPolicyIsAllowedListedAndDenied() throws {
    try initialize()
    #expect(try tool.run(["system", "add", "--dir", dir, "beta"]).status == 0)
    let list = ["policy", "list", "--dir", dir]
    #expect(try tool.run(["policy", "allow", "--dir", dir, "alpha", "beta"]).status == 0)
    #expect(try tool.run(list).output == "alpha\tbeta\tallowed\n")
    let denial = try tool.run(["policy", "deny", "--dir", dir, "alpha", "2", "--output", "json"]).json
    #expect(denial["allowed"] as? Bool == false)
    let statement = try #require(denial["statement"] as? String)
    let inspection = try tool.run(["inspect", "-", "--dir", dir, "--output", "json"], input: statement).json
    #expect(inspection["kind"] as? String == "policy statement")
    #expect(inspection["signature"] as? String == "valid")
    #expect(try tool.run(list).output == "alpha\tbeta\tdenied\n")
    #expect(try tool.run(["policy", "allow", "--dir", dir, "alpha", "alpha"]).status == 64)
  }

  @Test func aBackupIsMadeBesideEverything() throws {
    try initialize()
    let copy = temporary.path + "/copy.sqlite"
    #expect(try tool.run(["backup", "--dir", dir, "--out", copy, "--output", "json"]).json["devices"] as? Int == 0)
    #expect(try tool.run(["backup", "--dir", dir, "--out", copy]).status == 73)
  }

  @Test func everyCommandHasHelpWithAnExample() throws {
    let commands = [
      ["init"], ["system", "add"], ["system", "list"], ["device", "add"], ["device", "list"], ["device", "show"],
      ["device", "rotate"], ["device", "revoke"], ["policy", "allow"], ["policy", "deny"], ["policy", "list"],
      ["epoch", "show"], ["epoch", "advance"], ["inspect"], ["doctor"], ["audit"], ["backup"],
    ]
    for command in commands {
      let help = try tool.run(command + ["--help"])
      #expect(help.status == 0)
      #expect(help.output.contains("Example") && help.output.contains("countersign \(command.joined(separator: " ")) "))
      #expect(help.output.contains("--output"))
    }
  }
}
