// SPDX-License-Identifier: Apache-2.0

import Foundation
import CountersignCrypto
import Processes
import RelayServer
import Testing

@testable import Keyring
@testable import Registry

/// `countersign serve` when it cannot: each a clear line, a hint, and a status of its own.
@Suite("serve", .serialized)
struct CommandTests {
  private static var executable: URL? {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let tool = own.appendingPathComponent("countersign")
    return FileManager.default.isExecutableFile(atPath: tool.path) ? tool : nil
  }

  private struct Outcome: Equatable {
    let status: Int32
    let error: String
  }

  /// Runs a server that is expected to end at once.
  private func serve(_ directory: String, _ options: String...) throws -> Outcome {
    let process = try ChildProcess(
      Self.executable!.path, ["serve", "--dir", directory] + options, output: .discarded, errors: .pipe)
    // One that does start must not keep the test waiting.
    let guardian = DispatchWorkItem { process.send(SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 300, execute: guardian)
    defer { guardian.cancel() }
    let text = String(decoding: process.errors!.rest(), as: UTF8.self)
    return Outcome(status: process.wait(), error: text)
  }

  @Test("Each cause has its status, and its first line names it")
  func failures() async throws {
    guard Self.executable != nil else {
      print("SKIPPED: countersign is not built beside the tests; run swift build first")
      return
    }
    let fleet = try TestFleet()
    let directory = fleet.path + "/authority"
    let any = "127.0.0.1:0"

    let none = try serve(fleet.path + "/nowhere", "--listen", any)
    #expect(none.status == 78)
    #expect(none.error.contains("holds no authority"))
    let address = try serve(directory, "--listen", "nonsense")
    #expect(address.status == 64)
    #expect(address.error.contains("is not an address"))
    let foreign = try serve(directory, "--listen", "203.0.113.7:7700")
    #expect(foreign.status == 68)
    #expect(foreign.error.contains("cannot listen on 203.0.113.7:7700"))

    do {
      let lock = try ServerLock(directory: directory)
      let second = try serve(directory, "--listen", any)
      #expect(second.status == 75)
      #expect(second.error.contains("a server runs on"))
      withExtendedLifetime(lock) {}
    }

    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    try await Self.unlocked(directory)
    let taken = try serve(directory, "--listen", "\(bound)")
    #expect(taken.status == 69)
    #expect(taken.error.contains("something else listens on \(bound)"))
    await server.shutDown()

    let sealed = AuthorityDirectory(fleet.path + "/sealed")
    let text = Array("right".utf8)
    let passphrase = Passphrase(copying: text.bytes)
    let right = try #require(passphrase)
    try sealed.create(
      sealing: .passphrase(right, .init(passes: 1, memory: 64)), certificateEpochs: 8, actor: "test")
    let file = fleet.path + "/wrong"
    try Data("wrong\n".utf8).write(to: URL(fileURLWithPath: file))
    chmod(file, 0o600)
    let wrong = try serve(sealed.path, "--listen", any, "--passphrase-file", file)
    #expect(wrong.status == 77)
    #expect(wrong.error.hasPrefix("countersign: wrong passphrase"))

    // The journal would bring a damaged file back.
    for name in ["mailbox.sqlite-wal", "mailbox.sqlite-shm"] {
      try? FileManager.default.removeItem(atPath: directory + "/" + name)
    }
    try Data("this is no mailbox but has some length".utf8).write(
      to: URL(fileURLWithPath: directory + "/mailbox.sqlite"))
    let damaged = try serve(directory, "--listen", any)
    #expect(damaged.status == 65)
    #expect(damaged.error.contains("is not a mailbox"))
  }

  /// Waits until nobody holds the directory's lock: a child that was just spawned may share it for a moment.
  private static func unlocked(_ directory: String) async throws {
    for _ in 0..<1000 {
      do {
        _ = try ServerLock(directory: directory)
        return
      } catch { try await Task.sleep(for: .milliseconds(10)) }
    }
  }
}
