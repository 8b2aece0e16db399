// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// The unit of docs/how-to/countersign.service, as far as this machine can try it, and what it leaves a server.
@Suite struct ServiceUnitTests {
  private let temporary = TemporaryDirectory()

  /// The unit with this build's program in it.
  private func unit() throws -> String {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/how-to/countersign.service")
    let text = try String(contentsOf: source, encoding: .utf8)
    let path = temporary.path + "/countersign.service"
    #expect(text.contains("ExecStart=/usr/local/bin/countersign serve "))
    try text.replacing("/usr/local/bin/countersign", with: CommandLineTool.path)
      .write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func analyze(_ arguments: [String]) throws -> (status: Int32, text: String)? {
    guard let process = try? ChildProcess("systemd-analyze", arguments, output: .pipe, errors: .pipe) else {
      print("SKIPPED: systemd-analyze is not installed")
      return nil
    }
    let text = String(decoding: process.output!.rest() + process.errors!.rest(), as: UTF8.self)
    return (process.wait(), text)
  }

  @Test func systemdUnderstandsEveryLine() throws {
    guard let verdict = try analyze(["verify", "--man=no", try unit()]) else { return }
    #expect(verdict.status == 0 && verdict.text.isEmpty, "\(verdict.text)")
  }

  @Test func theServiceCanDoLittleElse() throws {
    guard let verdict = try analyze(["security", "--offline=true", "--threshold=20", "--no-pager", try unit()]) else {
      return
    }
    if verdict.text.contains("unrecognized option") { return print("SKIPPED: this systemd-analyze is too old") }
    #expect(verdict.status == 0, "\(verdict.text)")
  }

  /// No privilege and none to be had, a directory of its own, and as much locked memory as the unit grants, or none.
  @Test(
    .enabled(if: CommandLineTool.unprivileged != nil && getuid() == 0, "becoming somebody else takes the superuser"),
    arguments: [8 << 20, 0])
  func aServerRunsWithThat(lockedBytes: Int) throws {
    let tool = CommandLineTool()
    let dir = temporary.path + "/fleet"
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    for name in ["", "/fleet", "/fleet/authority.key", "/fleet/registry.sqlite", "/fleet/registry.witness"] {
      chown(temporary.path + name, 65534, 65534)
    }
    var service = tool
    service.wrapper = [
      "prlimit", "--core=0", "--memlock=\(lockedBytes)", "setpriv", "--reuid", "65534", "--regid", "65534",
      "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
    ]
    let server = try service.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--log-level", "error"])
    #expect(server.output.line().contains("Listening on 127.0.0.1:"))
    #expect(server.process.stop() == 0)
    let warning = String(decoding: server.error.rest(), as: UTF8.self)
    #expect(warning.contains("cannot be locked") == (lockedBytes == 0), "\(warning)")
  }
}
