// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// File systems that are full or mounted read-only, and directories of others. Mounting takes the superuser.
@Suite struct FileSystemTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  private static let canMount: Bool = {
    var tool = CommandLineTool()
    tool.wrapper = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt && exec \"$0\" \"$@\""]
    return (try? tool.run(["--version"]).status) == 0
  }()

  private func mounting(_ commands: String) -> CommandLineTool {
    var mounted = tool
    mounted.wrapper = ["unshare", "-m", "sh", "-c", commands + " && exec \"$0\" \"$@\""]
    return mounted
  }

  @Test(.enabled(if: canMount, "mounting takes the superuser")) func aReadOnlyFileSystemIsNamed() throws {
    let reader = mounting("mount --bind '\(dir)' '\(dir)' && mount -o remount,bind,ro '\(dir)'")
    for arguments in [
      ["device", "list"], ["audit"], ["epoch", "show"], ["backup", "--out", temporary.path + "/copy.sqlite"],
    ] {
      let result = try reader.run(arguments + ["--dir", dir])
      #expect(result.status == 77)
      #expect(result.error.contains("mounted read-only"), "\(arguments): \(result.error)")
    }
  }

  @Test(.enabled(if: canMount, "mounting takes the superuser")) func aFullDiskIsNamed() throws {
    let small = temporary.path + "/small"
    mkdir(small, 0o700)
    let result = try mounting("mount -t tmpfs -o size=16k none '\(small)'")
      .run(["backup", "--dir", dir, "--out", small + "/copy.sqlite"])
    #expect(result.status == 74)
    #expect(result.error.contains("\(small)/copy.sqlite"), "\(result.error)")
  }

  @Test(.enabled(if: CommandLineTool.unprivileged != nil, "nobody else may run this build"))
  func aDeviceFileMustBeOursToChange() throws {
    let file = temporary.path + "/pump.device"
    try #require(try tool.run(["device", "add", "--dir", dir, "--system", "alpha", "--out", file]).status == 0)
    let other = try #require(CommandLineTool.unprivileged)
    if getuid() == 0 { #expect(chown(file, 65534, 65534) == 0) }
    chmod(temporary.path, 0o555)
    defer { chmod(temporary.path, 0o700) }
    let send = ["send", "--to", "0000000000000001", "--server", "127.0.0.1:1", "words", "--device"]
    let result = try other.run(send + [file])
    #expect(result.status == 77, "\(result.error)")
    #expect(result.error.contains("directory"), "\(result.error)")
    #expect(try tool.run(send + [temporary.path + "/nowhere/x.device"]).status == 66)
  }

  @Test func aPassphraseThatEverybodyCanReadIsUsedWithAWarning() throws {
    let file = temporary.path + "/passphrase"
    try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: file))
    for (mode, isWarned) in [(mode_t(0o444), true), (0o600, false), (0o640, false)] {
      chmod(file, mode)
      let sealed = temporary.path + "/sealed-\(mode)"
      let result = try tool.run(["init", "--dir", sealed, "--passphrase-file", file, "--cost", "interactive"])
      #expect(result.status == 0)
      #expect(result.error.contains("everybody") == isWarned, "\(result.error)")
    }
  }
}
