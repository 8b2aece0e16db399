// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import Processes
import Registry
import Testing

/// The pages of docs/how-to, and the other pages that show commands, as they stand there: block by block, in the page's order, in a
/// directory in which there is nothing but what the page takes for granted.
@Suite struct HowToTests {
  /// What a page takes for granted, and what its reader puts in the place of some words.
  struct Script: Sendable, CustomTestStringConvertible {
    let page: String
    /// Typed before the page's first block.
    var before = ""
    /// Words of the page and what stands for them. `PORT` there is one that is free.
    var words: [(String, String)] = []
    /// Typed before the block of that number, for what the page says in prose. `serve` alone starts a server for the fleet.
    var between: [Int: String] = [:]
    /// Typed behind the page's last block: whether all is as it says.
    var after = ""
    /// How commands that begin so end, when that is not by 0.
    var statuses: [String: Int32] = [:]
    /// Blocks, by their numbers, that are in ``HowToTests/notRun``.
    var leavesOut: Set<Int> = []

    var testDescription: String { page }
  }

  private static let fleet = """
    countersign init --dir fleet --unsealed
    countersign system add --dir fleet waterworks

    """
  private static let twoDevices =
    fleet + """
      countersign device add --dir fleet --system waterworks --id 00a0b1c2d3e4f506 --out pump.device
      countersign device add --dir fleet --system waterworks --id 00a0b1c2d3e4f507 --out valve.device

      """
  private static let id = [("ID", "00a0b1c2d3e4f506"), ("SYSTEM", "waterworks"), ("HOST:PORT", "127.0.0.1:PORT")]
  /// Devices of the page on migration come to the server, and stay until they have done what they were told.
  private static let devicesCome = """
    for device in pump.device dairy-devices/*.device dairy-keys/*.device; do
      countersign listen --device $device --server 127.0.0.1:PORT --hop-by-hop --timeout 3 || test $? = 75
    done
    """

  static let scripts: [Script] = [
    Script(page: "docs/how-to/assemble-a-batch.md", before: fleet),
    Script(
      page: "docs/how-to/back-up-and-restore.md", before: twoDevices, words: id + [("/safe", "safe")],
      between: [
        1: "mkdir safe; cp fleet/authority.key safe/; mv fleet old-machine",
        3: """
        countersign device add --dir fleet --system waterworks --out later.device
        countersign restore --dir fleet --from fleet-monday.sqlite
        """,
        4: "serve",
      ]),
    Script(
      page: "docs/how-to/find-false-certificates.md",
      before: fleet + """
        countersign device add --dir fleet --system waterworks --out gate.device
        cp -r fleet twin
        countersign device add --dir fleet --system waterworks --id 00a0b1c2d3e4f506 --out pump.device
        countersign device add --dir twin --system waterworks --id 00a0b1c2d3e4f506 --out other.device
        """,
      words: [("127.0.0.1:7700", "127.0.0.1:PORT"), ("kept/FILE", "kept/false.pem")],
      between: [
        0: "serve", 2: "countersign device show --dir twin --pem 00a0b1c2d3e4f506 > kept/false.pem",
      ], statuses: ["countersign audit --dir fleet --certificate kept/false.pem": 65]),
    Script(page: "docs/how-to/lost-device.md", before: twoDevices, words: id),
    Script(
      page: "docs/how-to/migrate-a-fleet.md",
      before: fleet + """
        echo \(String(repeating: "5a", count: 32)) > old-shared.key
        chmod 600 old-shared.key
        printf 'id\\n00a0b1c2d3e4f505\\n00a0b1c2d3e4f506\\n' > ids.csv
        """,
      words: [("HOST:PORT", "127.0.0.1:PORT")], between: [3: "serve", 5: devicesCome, 6: devicesCome],
      after: """
        countersign device show --dir fleet 1/00a0b1c2d3e4f501 --output json | grep '"floor":"certified"'
        countersign device show --dir fleet 2/00a0b1c2d3e4f505 --output json | grep '"scheme":"shared-key"'
        countersign device show --dir fleet 2/00a0b1c2d3e4f507 --output json | grep '"scheme":"derived-key"'
        """),
    Script(page: "docs/how-to/rotate-keys.md", before: twoDevices, words: id, between: [0: "serve"]),
    Script(
      page: "docs/how-to/run-the-server.md",
      before: """
        printf 'a passphrase\\n' > passphrase
        chmod 600 passphrase
        countersign init --dir fleet --passphrase-file passphrase
        """,
      words: [
        ("0.0.0.0:7700", "127.0.0.1:PORT"), ("/run/credentials/passphrase", "passphrase"),
        ("127.0.0.1:9700", "127.0.0.1:0"),
      ],
      leavesOut: [1, 2]),
    Script(page: "docs/how-to/try-a-noise-protocol.md", words: [("127.0.0.1:7000", "127.0.0.1:PORT")]),
    Script(page: "docs/tutorial/which-key.md", leavesOut: [4]),
    Script(page: "docs/how-to/write-an-application.md", before: fleet),
    Script(page: "docs/reference/agent.md", before: twoDevices, words: id, between: [0: "serve"]),
    Script(page: "docs/reference/command-line.md"),
    Script(page: "README.md", leavesOut: [0, 1, 2]),
  ]

  /// What no test types, and why.
  static let notRun: [(page: String, blocks: Set<Int>?, reason: String)] = [
    ("README.md", [0, 1], "the demonstration and the test of everything: the second runs the first, and this"),
    ("README.md", [2], "run by TutorialTests"),
    ("docs/tutorial/first-fleet.md", nil, "run by TutorialTests"),
    ("docs/tutorial/which-key.md", [4], "with a budget file that the reader writes; BudgetTests reads such files"),
    ("docs/explanation/compromise-matrix.md", nil, "the whole matrix, three times: run by MatrixTests"),
    (
      "docs/how-to/bring-up-a-board.md", nil,
      "boards, and packages for emulators; Scripts/test builds the modules for every core"
    ),
    (
      "docs/how-to/check-the-guards.md", nil,
      "from a minute to an hour each, with valgrind, z3 and libFuzzer; Scripts/test runs the short ones"
    ),
    ("docs/how-to/use-from-python.md", nil, "with the shared library for C: typed by Tests/Library/run"),
    ("docs/how-to/write-firmware-in-c.md", nil, "with the library for C: typed by Tests/Library/run"),
    ("docs/how-to/run-the-server.md", [1], "the superuser and systemd; ServiceUnitTests reads the unit"),
    ("docs/how-to/run-the-server.md", [2], "a thousand devices at once, on both processors"),
    ("docs/reference/server.md", nil, "loads and attacks for minutes, on a machine without other work"),
  ]

  @Test("Every block that is to be typed is run, or is listed with the reason why not")
  func nothingIsForgotten() throws {
    for name in DocumentedPage.names {
      let page = try DocumentedPage(name)
      var open = Set(page.typed.indices)
      if let script = Self.scripts.first(where: { $0.page == name }) { open = script.leavesOut }
      for entry in Self.notRun where entry.page == name { open.subtract(entry.blocks ?? open) }
      #expect(open.isEmpty, "\(name): blocks \(open.sorted()) are neither run nor listed")
      if name.hasPrefix("docs/how-to/") {
        #expect(page.blocks.allSatisfy { !$0.kind.isEmpty }, "\(name) says of each block what it is")
      }
    }
    for entry in Self.notRun {
      #expect(DocumentedPage.names.contains(entry.page))
      print("not typed by a test: \(entry.page)\(entry.blocks.map { " \($0.sorted())" } ?? ""): \(entry.reason)")
    }
  }

  @Test("A page's commands work in its order", arguments: scripts)
  func works(_ script: Script) throws {
    let terminal = try Terminal(port: CommandLineTool.freePort())
    try terminal.type(script.before)
    let page = try DocumentedPage(script.page)
    var number = 0
    for block in page.blocks {
      if block.kind.hasPrefix("csv ") {
        try Data(block.text.utf8).write(to: URL(filePath: terminal.home + "/" + block.kind.dropFirst(4)))
      }
      guard block.kind == "sh" else { continue }
      defer { number += 1 }
      if let between = script.between[number] {
        if between == "serve" { try terminal.serve() } else { try terminal.type(between) }
      }
      if script.leavesOut.contains(number) { continue }
      for command in block.commands {
        var command = script.words.reduce(command) { $0.replacing($1.0, with: $1.1) }
        if command.contains("KEY") { command = command.replacing("KEY", with: try terminal.issuerKey()) }
        let status = script.statuses.first { command.hasPrefix($0.key) }?.value ?? 0
        try terminal.type(command, status: status)
      }
    }
    try terminal.type(script.after)
  }
}

/// A terminal in a directory of its own, which is gone with it, and so is what runs in it.
private final class Terminal {
  private let directory = TemporaryDirectory()
  private let port: UInt16
  private var running: [CommandLineTool.Running] = []

  var home: String { directory.path }

  init(port: UInt16) {
    self.port = port
  }

  deinit { for process in running.reversed() { process.kill() } }

  /// A server for the fleet in this directory.
  func serve() throws { try type("countersign serve --dir fleet --listen 127.0.0.1:PORT") }

  func issuerKey() throws -> String {
    let state = try AuthorityDirectory(home + "/fleet").openRegistry(actor: "test").state()
    return state.issuerKey.bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
  }

  /// Types lines. One that goes on by itself is left running once it is ready; any other must end by `status`.
  func type(_ text: String, status: Int32 = 0) throws {
    let text = text.replacing("PORT", with: "\(port)")
    guard !text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty else { return }
    let goesOn = ["countersign serve", "countersign listen", "countersign noise listen"].contains { text.hasPrefix($0) }
    let programs = URL(filePath: CommandLineTool.path).deletingLastPathComponent().path
    let process = try ChildProcess(
      "sh", ["-e", "-c", (goesOn ? "exec " : "") + text],
      environment: ["HOME": home, "PATH": "\(programs):/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"], directory: home,
      input: [], output: .pipe, errors: .pipe)
    let command = CommandLineTool.Running(process: process)
    guard goesOn else {
      let result = command.wait()
      #expect(result.status == status, "\(text)\n\(result.output)\(result.error)")
      return
    }
    let says = text.hasPrefix("countersign serve") ? command.output.line() : command.error.line()
    #expect(says.lowercased().contains("listening"), "\(text)\n\(says)")
    running.append(command)
  }
}
