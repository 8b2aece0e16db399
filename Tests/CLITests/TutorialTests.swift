// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// The tutorial's commands and the README's, as they stand there, in terminals that know nothing but what these have told them.
@Suite struct TutorialTests {
  /// The commands of a page in their order, block by block.
  private static func blocks(of page: String) throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../")
    let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
    return text.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
  }

  @Test("The README's first fleet is one")
  func readme() throws {
    let temporary = TemporaryDirectory()
    let home = temporary.path
    let programs = URL(filePath: CommandLineTool.path).deletingLastPathComponent().path
    // In the place of the person who is asked for it.
    try Data("your passphrase\n".utf8).write(to: URL(filePath: home + "/passphrase"))
    chmod(home + "/passphrase", 0o600)
    let before = "cd ~\nexport PATH=\(programs):$PATH COUNTERSIGN_PASSPHRASE_FILE=$HOME/passphrase\n"
    let port = try CommandLineTool.freePort()
    let block = try #require(try Self.blocks(of: "README.md").first { $0.contains("countersign init") })
    var running: [CommandLineTool.Running] = []
    defer { for process in running.reversed() { process.kill() } }
    var last = ""
    var heard: PrintedLines?
    for line in block.replacing("7700", with: "\(port)").split(separator: "\n") {
      let stays = line.hasPrefix("countersign serve") || line.hasPrefix("countersign listen")
      let command = try shell(before + (stays ? "exec " : "") + line, home)
      if stays {
        let isServer = line.hasPrefix("countersign serve")
        #expect((isServer ? command.output.line() : command.error.line()).lowercased().contains("listening"))
        running.append(command)
        if !isServer { heard = command.reading() }
      } else {
        let result = command.wait()
        #expect(result.status == 0, "\(line)\n\(result)")
        last = result.output
      }
    }
    #expect(running.count == 2 && last.hasPrefix("delivered "))
    #expect(heard?.next()?.hasSuffix("  open the north valve") == true)
  }

  private func shell(_ script: String, _ home: String) throws -> CommandLineTool.Running {
    CommandLineTool.Running(
      process: try ChildProcess(
        "sh", ["-e", "-c", script],
        environment: ["HOME": home, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"],
        input: [], output: .pipe, errors: .pipe))
  }

  @Test("A reader gets through it word for word")
  func wordForWord() throws {
    let temporary = TemporaryDirectory()
    let home = temporary.path
    // The build is the one that is tested; all that the first block says of it is where it lies.
    let checkout = home + "/checkout"
    try FileManager.default.createDirectory(atPath: checkout + "/.build", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: checkout + "/.build/release",
      withDestinationPath: URL(filePath: CommandLineTool.path).deletingLastPathComponent().path)
    let port = try CommandLineTool.freePort()
    var blocks = try Self.blocks(of: "docs/tutorial/first-fleet.md").map { $0.replacing("7700", with: "\(port)") }
    let build = "Scripts/setup\nswift build -c release --product countersign\n"
    try #require(blocks[0].hasPrefix(build))
    blocks[0] = "cd \(checkout)\n" + blocks[0].dropFirst(build.count)

    var running: [CommandLineTool.Running] = []
    defer { for process in running.reversed() { process.kill() } }
    var outputs: [String] = []
    var heard: PrintedLines?
    // What has been done before in the terminal that a block is typed into. One that begins with `cd` is another terminal.
    var terminal = ""
    for (index, block) in blocks.enumerated() {
      if block.hasPrefix("cd ") { terminal = "" }
      let stays = block.contains("countersign serve") || block.contains("countersign listen")
      // The shell makes way, so that what it runs can be ended.
      let script = stays ? ("\n" + block).replacing("\ncountersign", with: "\nexec countersign") : block
      let command = try shell(terminal + "\n" + script, home)
      if stays {
        let isServer = block.contains("countersign serve")
        let word = isServer ? command.output.line() : command.error.line()
        #expect(word.contains(isServer ? "Listening on 127.0.0.1:\(port)" : "listening as 1/0000000000000002"))
        running.append(command)
        if !isServer { heard = command.reading() }
        continue
      }
      let result = command.wait()
      #expect(result.status == 0, "\(block)\(result)")
      outputs.append(result.output)
      terminal = index == 0 ? "cd ~/first-fleet" : "cd ~/first-fleet && . ./settings"
    }
    #expect(running.count == 2)
    #expect(heard?.next() == "0000000000000001  open the north valve")
    #expect(outputs.contains { $0.hasPrefix("delivered ") })
    #expect(outputs.contains("Generation 1 is history; generation 2 is in use.\n"))
    #expect(outputs.last?.hasPrefix("Device 1/0000000000000002 is revoked through generation 1") == true)
  }
}
