// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Processes
import Registry
import TestSeed
import Testing
import Wire

@testable import Assembly

@Suite struct BatchCommandTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }
  private var out: String { temporary.path + "/out" }
  private var csv: String { temporary.path + "/line.csv" }

  init() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
  }

  private func write(_ count: Int) throws {
    let rows = (1...count).map { String(format: "%016x,unit %d\n", $0, $0) }.joined()
    try Data(("id,label\n" + rows).utf8).write(to: URL(fileURLWithPath: csv))
  }

  private var arguments: [String] {
    ["device", "add", "--dir", dir, "--system", "alpha", "--batch", csv, "--out", out, "--output", "json"]
  }

  /// Every device is registered once, and its file holds the key that the registry certified.
  private func check(_ count: Int) throws {
    let registry = try AuthorityDirectory(dir).openRegistry(actor: "test")
    #expect(try registry.deviceCount(in: nil) == count)
    #expect(try registry.integrityProblems().isEmpty)
    #expect(try registry.audit(since: 0, limit: 10 * count).filter { $0.action == "device.add" }.count == count)
    for id in 1...UInt64(count) {
      let address = DeviceAddress(system: SystemID(1), device: DeviceID(id))
      let path = out + "/" + Batch.fileName(address.device, isDeviceFile: true)
      var identity = DeviceIdentity()
      try identity.load([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))).bytes)
      let certificate = identity.certificate
      #expect(try certificate != nil && certificate == registry.device(address)?.certificate)
    }
    let manifest = try CSV(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: out + "/manifest.csv"))))
    #expect(manifest.rows.count == count + 1)
  }

  /// The process is killed at twelve moments, spread over the batch, and started again each time.
  @Test func aKilledBatchGoesOnWithoutLossOrDuplicates() throws {
    try write(6000)
    var kills = 0
    var generator = SeededGenerator(for: "kills of a batch")
    for round in 0..<12 {
      let running = try tool.start(arguments)
      // At no particular moment: while it starts, makes keys, commits, or writes files.
      usleep(UInt32.random(in: 20_000...600_000, using: &generator))
      if running.process.isRunning {
        running.process.send(SIGKILL)
        if running.wait().status == -SIGKILL { kills += 1 }
      } else {
        let result = running.wait()
        #expect(result.status == 0, "round \(round): \(result.error)")
      }
    }
    #expect(kills > 0)
    let last = try tool.run(arguments)
    #expect(last.status == 0, "\(last.error)")
    #expect(last.json["devices"] as? Int == 6000)
    try check(6000)
  }

  /// The system refuses to let any file grow beyond a size, at several sizes; then it does not.
  @Test func aFullDiskLosesNothing() throws {
    try write(1500)
    for blocks in [150, 400, 700, 1000] {
      var limited = tool
      limited.wrapper = ["sh", "-c", "trap '' XFSZ; ulimit -f \(blocks); exec \"$0\" \"$@\""]
      let result = try limited.run(arguments)
      #expect([0, 74].contains(result.status), "\(result.status): \(result.error)")
      if blocks == 150 { #expect(result.status == 74) }
    }
    #expect(try tool.run(arguments).status == 0)
    try check(1500)
  }

  @Test func aWrongTableIsRefusedAsAWhole() throws {
    try Data("id\n0000000000000001\n123\n".utf8).write(to: URL(fileURLWithPath: csv))
    let result = try tool.run(arguments)
    #expect(result.status == 65)
    #expect(result.error.contains("line 3"))
    #expect(access(out, F_OK) != 0)
    #expect(try tool.run(["device", "list", "--dir", dir]).output.isEmpty)
  }

  @Test func aTableMayComeThroughAPipe() throws {
    let result = try tool.run(
      [
        "device", "add", "--dir", dir, "--system", "alpha", "--batch", "-", "--out", out, "--manifest", out + "/m.json",
      ],
      input: "id\n0000000000000001\n")
    #expect(result.status == 0)
    #expect(result.error.isEmpty)  // no progress bar off a terminal
    #expect(try String(contentsOfFile: out + "/m.json", encoding: .utf8).contains("\"id\":\"0000000000000001\""))
  }
}
