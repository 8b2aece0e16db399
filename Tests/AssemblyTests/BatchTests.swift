// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Testing
import Wire

@testable import Assembly

@Suite struct BatchTests {
  let bench: TestBench

  init() throws { bench = try TestBench() }

  @Test func everyRowBecomesADevice() throws {
    let plan = try bench.plan(1...700)
    let summary = try bench.batch.run(plan)
    #expect(summary == Batch.Summary(made: 700, found: 0))
    #expect(try bench.registry.deviceCount(in: bench.system) == 700)
    try bench.checkFiles(plan)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.out).count == 701)  // and the lock
  }

  @Test func runningAgainDoesNothing() throws {
    let plan = try bench.plan(1...20)
    _ = try bench.batch.run(plan)
    let before = try bench.contents()
    #expect(try bench.batch.run(plan) == Batch.Summary(made: 0, found: 20))
    #expect(try bench.contents() == before)
    // A longer list goes on where the shorter one ended.
    #expect(try bench.batch.run(try bench.plan(1...25)) == Batch.Summary(made: 5, found: 20))
  }

  @Test(
    "Every scheme has its batch, which goes on where it was cut off",
    arguments: [
      SchemeID.sharedKey, .derivedKey, .derivedKeyPBKDF2, .derivedKeyEphemeral, .derivedKeyRatchet, .registered,
      .compactKK, .hybridIKpsk2,
    ])
  func schemes(_ scheme: SchemeID) throws {
    let batch = Batch(
      registry: bench.registry, issuer: bench.authority.issuer, system: bench.system, directory: bench.out,
      scheme: scheme, authority: bench.authority)
    let plan = try bench.plan(1...6)
    #expect(try batch.run(plan) == Batch.Summary(made: 6, found: 0))
    let before = try bench.contents()
    #expect(try batch.run(plan) == Batch.Summary(made: 0, found: 6))
    if scheme.isSymmetric {
      // The process ended between the row and the file.
      unlink(bench.out + "/0000000000000002.device")
      #expect(try batch.run(plan) == Batch.Summary(made: 1, found: 5))
      #expect(try bench.registry.symmetricDevices(in: bench.system, after: nil, limit: 10).count == 6)
    } else {
      try bench.checkFiles(plan)
    }
    #expect(try bench.contents() == before)
    #expect(before.keys.filter { $0.hasSuffix(".psk") }.count == (scheme == .hybridIKpsk2 ? 6 : 0))
    let manifest = bench.out + "/manifest.csv"
    try Manifest.write(plan, of: batch, to: manifest)
    let lines = try CSV(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: manifest)))).rows
    #expect(lines.count == 7 && lines[1].fields[5].isEmpty == scheme.isSymmetric)
    // A device that somebody else has made is not taken over.
    let elsewhere = Batch(
      registry: bench.registry, issuer: bench.authority.issuer, system: bench.system, directory: bench.out + "/other",
      scheme: scheme == .derivedKey ? .sharedKey : .derivedKey, authority: bench.authority)
    #expect(throws: AssemblyError.self) { try elsewhere.run(plan) }
    let key = String(repeating: "09", count: 32)
    let withKey = try BatchPlan(csv: Array("id,public_key\n0000000000000009,\(key)\n".utf8))
    #expect(throws: AssemblyError.csv(line: 2, .unexpectedPublicKey)) { try batch.run(withKey) }
  }

  @Test func keysThatDevicesMadeGetCertificates() throws {
    let key = X25519.PrivateKey.random().publicKey
    let hex = key.bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
    let plan = try BatchPlan(csv: Array("id,public_key\n0000000000000001,\(hex)\n0000000000000002,\n".utf8))
    #expect(try bench.batch.run(plan).made == 2)
    let pem = try PEM(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: bench.out + "/0000000000000001.pem"))))
    let certificate = try Certificate(decoding: pem.content.bytes)
    #expect(certificate.publicKey == key)
    #expect(certificate.isSigned(by: bench.authority.issuerKey))
    // The certificate can always be written again.
    unlink(bench.out + "/0000000000000001.pem")
    #expect(try bench.batch.run(plan) == Batch.Summary(made: 0, found: 2))
    #expect(access(bench.out + "/0000000000000001.pem", F_OK) == 0)
  }

  /// The process ends after the registry has committed and before some files are written: their keys are in the journal.
  @Test func filesThatWereNotWrittenAreWrittenFromTheJournal() throws {
    let plan = try bench.plan(1...10)
    _ = try bench.makeWithJournal(plan)
    unlink(bench.out + "/0000000000000003.device")
    try Data("torn".utf8).write(to: URL(fileURLWithPath: bench.out + "/0000000000000004.device"))
    #expect(try bench.batch.run(plan) == Batch.Summary(made: 0, found: 10))
    try bench.checkFiles(plan)
  }

  /// Any end of the journal may be missing: what is torn was not registered.
  @Test func aTornJournalIsCutOff() throws {
    let plan = try bench.plan(1...4)
    _ = try bench.makeWithJournal(plan)
    let journal = bench.out + "/.batch-keys"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: journal))
    bytes.append(Data(repeating: 7, count: 123))
    try bytes.write(to: URL(fileURLWithPath: journal))
    chmod(journal, 0o600)
    unlink(bench.out + "/0000000000000002.device")
    #expect(try bench.batch.run(try bench.plan(1...6)) == Batch.Summary(made: 2, found: 4))
    try bench.checkFiles(try bench.plan(1...6))
  }

  @Test func nothingIsDoneWhenSomethingStandsInTheWay() throws {
    _ = try bench.batch.run(try bench.plan(1...2))
    unlink(bench.out + "/0000000000000002.device")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: bench.out + "/0000000000000003.device"))
    let conflicts = [
      BatchConflict(device: DeviceID(2), line: 3, reason: .registeredElsewhere),
      BatchConflict(device: DeviceID(3), line: 4, reason: .foreignFile),
    ]
    #expect(throws: AssemblyError.conflicts(conflicts)) { try bench.batch.run(try bench.plan(1...5)) }
    #expect(try bench.registry.deviceCount(in: bench.system) == 2)
  }

  @Test func twoBatchesDoNotShareADirectory() throws {
    mkdir(bench.out, 0o700)
    var lock: FileLock? = try FileLock(bench.out + "/.batch-lock")
    #expect(throws: AssemblyError.directoryInUse(path: bench.out)) { try bench.batch.run(try bench.plan(1...1)) }
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(try bench.batch.run(try bench.plan(1...1)).made == 1)
  }

  @Test func theManifestListsWhatWasMade() throws {
    let plan = try BatchPlan(csv: Array("id,label\n0000000000000001,\"a,b\"\n".utf8))
    _ = try bench.batch.run(plan)
    let path = bench.out + "/manifest.csv"
    try Manifest.write(plan, of: bench.batch, to: path)
    let rows = try CSV(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))).rows.map(\.fields)
    #expect(rows[0] == ["id", "file", "system", "generation", "last_epoch", "public_key", "label"])
    #expect(rows[1][..<5] == ["0000000000000001", "0000000000000001.device", "1", "1", "9"])
    #expect(rows[1][6] == "a,b")
    try Manifest.write(plan, of: bench.batch, to: bench.out + "/manifest.json")
    let json = try JSONSerialization.jsonObject(
      with: try Data(contentsOf: URL(fileURLWithPath: bench.out + "/manifest.json")))
    #expect(((json as? [[String: Any]])?.first?["extra"] as? [String: String]) == ["label": "a,b"])
  }
}
