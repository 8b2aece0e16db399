// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// No file that somebody else chose is opened, and none is waited for: a symbolic link, a pipe, another user's file or directory in the
/// place of each file that a command reads or makes.
@Suite(.serialized) struct FileSafetyTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  /// Its directory, by the name that has no links in it.
  private let path: String
  private var dir: String { path + "/fleet" }
  private var device: String { path + "/pump.device" }

  init() throws {
    let resolved = try #require(realpath(temporary.path, nil))
    path = String(cString: resolved)
    free(resolved)
    try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: path + "/passphrase"))
    chmod(path + "/passphrase", 0o600)
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    try #require(try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--out", device]).status == 0)
    try Data("id\n0000000000000001\n".utf8).write(to: URL(fileURLWithPath: path + "/batch.csv"))
    try Data(repeating: UInt8(ascii: "0"), count: 64).write(to: URL(fileURLWithPath: path + "/noise.key"))
    chmod(path + "/noise.key", 0o600)
  }

  /// A command, and a file that it opens.
  private struct Opening {
    let file: String
    let command: [String]
    /// Whether a symbolic link there is followed.
    var follows = false
    /// Whether it must be this user's.
    var isOwn = true
  }

  private var openings: [Opening] {
    let listen = ["listen", "--device", device, "--server", "127.0.0.1:1", "--timeout", "1"]
    let serve = ["serve", "--dir", dir, "--listen", "127.0.0.1:0"]
    let batch = [
      "device", "add", "--dir", dir, "--system", "alpha", "--out", path + "/out", "--batch",
      path + "/batch.csv",
    ]
    return [
      Opening(file: device, command: listen, follows: true),
      Opening(file: device + ".lock", command: listen),
      Opening(file: device + ".inbox", command: listen),
      Opening(file: device + ".inbox.lock", command: listen),
      Opening(file: dir + "/authority.key", command: ["epoch", "advance", "--dir", dir], follows: true),
      Opening(file: dir + "/registry.sqlite", command: ["device", "list", "--dir", dir]),
      Opening(file: dir + "/registry.sqlite-wal", command: ["device", "list", "--dir", dir]),
      Opening(file: dir + "/mailbox.sqlite", command: serve),
      Opening(file: dir + "/server.lock", command: serve),
      Opening(
        file: path + "/passphrase",
        command: ["init", "--dir", path + "/sealed", "--passphrase-file", path + "/passphrase"],
        follows: true),
      Opening(file: path + "/batch.csv", command: batch, follows: true, isOwn: false),
      Opening(file: path + "/out/.batch-lock", command: batch),
      Opening(file: path + "/out/.batch-keys", command: batch),
      Opening(
        file: path + "/noise.key",
        command: [
          "noise", "connect", "--protocol", "Noise_XX_25519_ChaChaPoly_SHA256", "--address", "127.0.0.1:1",
          "--static", path + "/noise.key",
        ], follows: true,
        isOwn: false),
    ]
  }

  /// Runs a command that must end by itself.
  private func run(_ command: [String]) throws -> CommandLineTool.Result {
    let running = try tool.start(command)
    let guardian = DispatchWorkItem { running.process.send(SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: guardian)
    defer { guardian.cancel() }
    return running.wait()
  }

  /// Puts what `make` makes in the place of a file, runs the command, and puts the file back.
  private func replacing(
    _ opening: Opening, by make: (String) throws -> Void
  ) throws -> CommandLineTool.Result {
    let files = FileManager.default
    let kept = opening.file + ".kept"
    let folder = (opening.file as NSString).deletingLastPathComponent
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let wasThere = rename(opening.file, kept) == 0
    try make(opening.file)
    defer {
      unlink(opening.file)
      if wasThere { rename(kept, opening.file) }
    }
    return try run(opening.command)
  }

  @Test func aSymbolicLinkIsNotFollowed() throws {
    let victim = path + "/victim"
    for opening in openings where !opening.follows {
      let result = try replacing(opening) { name in
        symlink(access(name + ".kept", F_OK) == 0 ? name + ".kept" : victim, name)
      }
      #expect(result.status == 77, "\(opening.file): \(result.status) \(result.error)")
      #expect(result.error.contains("\(opening.file) is a symbolic link"), "\(result.error)")
      #expect(access(victim, F_OK) != 0, "\(opening.file) made what it led to")
    }
  }

  @Test func aPipeIsNotWaitedFor() throws {
    for opening in openings {
      let result = try replacing(opening) { mkfifo($0, 0o600) }
      #expect(result.status > 0, "\(opening.file): \(result.status) \(result.error)")
      #expect(
        result.error.contains("regular file") || result.error.contains("cannot read") && !opening.isOwn,
        "\(opening.file): \(result.error)")
    }
  }

  @Test(.enabled(if: getuid() == 0, "giving files away takes the superuser"))
  func anotherUsersFileIsRefused() throws {
    for opening in openings where opening.isOwn {
      let result = try replacing(opening) { name in
        if rename(name + ".kept", name) != 0 { try Data().write(to: URL(fileURLWithPath: name)) }
        chmod(name, 0o600)
        chown(name, 54321, 54321)
        // Put back, and not given back.
        link(name, name + ".kept")
      }
      #expect(result.status == 77, "\(opening.file): \(result.status) \(result.error)")
      #expect(result.error.contains("belongs to another user (number 54321)"), "\(opening.file): \(result.error)")
      #expect(result.error.contains("chown"), "\(result.error)")
      chown(opening.file, 0, 0)
    }
  }

  @Test func aDirectoryThatOthersMayWriteIsRefused() throws {
    let kept = path + "/kept"
    mkdir(kept, 0o777)
    let commands = [
      ["device", "list", "--dir", dir], ["epoch", "advance", "--dir", dir], ["doctor", "--dir", dir],
      ["send", "--device", device, "--server", "127.0.0.1:1", "--to", "0000000000000001", "words"],
      ["listen", "--device", device, "--server", "127.0.0.1:1"],
    ]
    for (mode, isRefused) in [(mode_t(0o777), true), (0o757, true), (0o1777, false), (0o755, false)] {
      chmod(path, mode)
      for command in commands {
        let result = try run(command)
        let complaint = "others may write to the directory \(path)"
        // The path may lead through a link, as /tmp does on some systems.
        #expect(
          (result.error + result.output).contains("others may write") == isRefused,
          "\(complaint) \(command): \(result.error)")
        if isRefused && command[0] != "doctor" {
          #expect((result.error + result.output).contains("chmod go-w"), "\(result.error)")
        }
      }
    }
    chmod(path, 0o700)
    chmod(kept, 0o777)
    let listen = ["listen", "--device", device, "--server", "127.0.0.1:1", "--keep-certificates", kept]
    #expect(try run(listen).error.contains("others may write"))
  }

  @Test func aGroupOfTheOwnersOwnMayWrite() throws {
    // Number of group and user are the same: the group is the user's own.
    chmod(path, 0o770)
    defer { chmod(path, 0o700) }
    let result = try run(["device", "list", "--dir", dir])
    #expect((result.status == 0) == (getuid() == getgid()), "\(result.error)")
  }

  @Test func secretsMayBeHandedOutByLinksAndPipes() throws {
    let link = path + "/handed-out"
    symlink(path + "/passphrase", link)
    let sealed = path + "/sealed"
    #expect(
      try run(["init", "--dir", sealed, "--passphrase-file", link, "--cost", "interactive"]).status == 0)
    var shell = tool
    shell.wrapper = ["bash", "-c", "exec \"$0\" \"$@\" --passphrase-file <(sleep 0.2; echo correct horse)"]
    let result = try shell.run(["epoch", "advance", "--dir", sealed])
    #expect(result.status == 0, "\(result.error)")
  }
}
