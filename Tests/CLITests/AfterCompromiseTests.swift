// SPDX-License-Identifier: Apache-2.0

import Assembly
import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Testing
import Wire

/// The commands that an owner needs after a compromise.
@Suite struct AfterCompromiseTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()
  private var dir: String { temporary.path + "/fleet" }

  private func initialize() throws {
    #expect(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    #expect(try tool.run(["system", "add", "--dir", dir, "alpha"]).status == 0)
    let added = try tool.run([
      "device", "add", "--dir", dir, "--system", "alpha", "--id", "0000000000000007", "--out",
      temporary.path + "/seven.device",
    ])
    try #require(added.status == 0, "\(added.error)")
  }

  @Test func aRestoredBackupIsRefusedUntilItIsAccepted() throws {
    try initialize()
    #expect(try tool.run(["backup", "--dir", dir, "--out", temporary.path + "/monday"]).status == 0)
    #expect(try tool.run(["device", "revoke", "--dir", dir, "0000000000000007"]).status == 0)
    for suffix in ["", "-wal", "-shm"] { unlink(dir + "/registry.sqlite" + suffix) }
    try FileManager.default.copyItem(atPath: temporary.path + "/monday", toPath: dir + "/registry.sqlite")
    for command in [["epoch", "advance", "--dir", dir], ["serve", "--dir", dir, "--listen", "127.0.0.1:0"]] {
      let refused = try tool.run(command)
      #expect(refused.status == 78)
      #expect(refused.error.contains("1 changes are missing, 1 revocations"))
      #expect(refused.error.contains("countersign accept-restored"))
    }
    #expect(try tool.run(["doctor", "--dir", dir]).output.contains("BAD  witness"))
    let accepted = try tool.run(["accept-restored", "--dir", dir, "--output", "json"])
    #expect(
      accepted.status == 0
        && accepted.json["missingRevocations"] as? Int ?? accepted.json["missing_revocations"] as? Int == 1)
    #expect(try tool.run(["doctor", "--dir", dir]).status == 0)
    #expect(try tool.run(["epoch", "advance", "--dir", dir]).status == 0)
  }

  @Test func aCertificateBehindTheOwnersBackIsProvedToBeOne() throws {
    try initialize()
    let good = try tool.run(["device", "show", "--dir", dir, "0000000000000007", "--pem"])
    let entered = try tool.run(["audit", "--dir", dir, "--certificate", "-"], input: good.output)
    #expect(entered.status == 0 && entered.output.hasPrefix("In the issuance log"))

    let directory = AuthorityDirectory(dir)
    let registry = try directory.openRegistry(actor: "test")
    let authority = try directory.unlock(registry, passphrase: nil)
    let system = try #require(try registry.systems().first).id
    let minted = try authority.issuer.certificate(
      for: X25519.PrivateKey.random().publicKey, system: system, device: DeviceID(7), generation: 1, lastEpoch: 9)
    try registry.close()
    let proof = temporary.path + "/proof.pem"
    let found = try tool.run(
      ["audit", "--dir", dir, "--certificate", "-", "--proof", proof], input: PEM(minted).text)
    #expect(found.status == 65 && found.output.hasPrefix("MISISSUED"))
    // Whoever has the owner's public key checks it.
    let checked = try tool.run(["inspect", proof, "--dir", dir, "--output", "json"])
    #expect(checked.json["kind"] as? String == "misissuance proof" && checked.json["proof"] as? String == "valid")
    let stranger = try tool.run(["inspect", proof, "--issuer-key", String(repeating: "11", count: 32)])
    #expect(stranger.status == 65 && stranger.output.contains("invalid"))
  }

  @Test func theMatrixAnswersForOneCellAndNamesWhatItDoesNotKnow() throws {
    let cell = try tool.run(["matrix", "--scheme", "certified", "--attack", "replay"])
    #expect(cell.status == 0 && cell.output.hasPrefix("replay on certified: failed"))
    #expect(try tool.run(["matrix", "--scheme", "rot13"]).error.contains("shared-key"))
    #expect(try tool.run(["matrix", "--attack", "nonsense"]).status == 64)
  }
}
