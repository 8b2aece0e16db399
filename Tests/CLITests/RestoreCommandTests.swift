// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

@testable import CountersignCLI

/// A registry that is put back, as the guide says it is done.
@Suite struct RestoreCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()

  @Test func aBackupIsPutBackAndAccepted() throws {
    let dir = temporary.path + "/fleet"
    let backup = temporary.path + "/monday.sqlite"
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    let add = ["device", "add", "--dir", dir, "--system", "alpha", "--id", "0000000000000001", "--out"]
    try #require(try tool.run(add + [temporary.path + "/pump"]).status == 0)
    try #require(try tool.run(["backup", "--dir", dir, "--out", backup]).status == 0)
    #expect(access(backup + "-wal", F_OK) != 0 && access(backup + "-shm", F_OK) != 0)
    let restore = ["restore", "--dir", dir, "--from", backup]
    let same = try tool.run(restore)
    #expect(same.status == 0 && same.output.contains("1 devices and 0 revocations"), "\(same)")
    #expect(same.output.contains("countersign doctor"), "\(same)")

    try #require(try tool.run(["device", "revoke", "--dir", dir, "0000000000000001"]).status == 0)
    let older = try tool.run(restore + ["--output", "json"])
    #expect(older.status == 0 && older.json["is_behind"] as? Bool == true, "\(older)")
    #expect(older.json["replaced"] as? String == dir + "/registry.sqlite.replaced")
    #expect(try tool.run(["epoch", "advance", "--dir", dir]).status == 78)
    #expect(try tool.run(["accept-restored", "--dir", dir]).status == 0)
    #expect(try tool.run(["epoch", "advance", "--dir", dir]).status == 0)

    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0"])
    defer { server.kill() }
    #expect(!server.output.line().isEmpty)
    let running = try tool.run(restore)
    #expect(running.status == 75 && running.error.contains("a server runs"), "\(running)")
  }

  @Test func howADeviceStands() {
    #expect(DeviceStatus.phrase(isRevoked: false, nil, nextKey: nil) == "active")
    #expect(
      DeviceStatus.phrase(isRevoked: false, "two keys", nextKey: "next key pending")
        == "quarantined (two keys), next key pending")
    #expect(DeviceStatus.phrase(isRevoked: true, "two keys", nextKey: "next key pending") == "revoked")
  }
}
