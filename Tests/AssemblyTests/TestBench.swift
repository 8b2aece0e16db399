// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Testing
import Wire

@testable import Assembly

/// An authority with one system, and a directory for what is made.
final class TestBench {
  private let path: String
  let authority = Authority.random()
  let registry: SQLiteRegistry
  let system: SystemID
  let out: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/countersign-test-XXXXXX").utf8CString)
    path = String(cString: mkdtemp(&template)!)
    out = path + "/out"
    let directory = AuthorityDirectory(path + "/authority")
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "test")
    registry = try directory.openRegistry(actor: "test")
    system = try registry.addSystem(named: "alpha").id
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var batch: Batch { Batch(registry: registry, issuer: authority.issuer, system: system, directory: out) }

  func plan(_ ids: ClosedRange<Int>) throws(AssemblyError) -> BatchPlan {
    try BatchPlan(csv: Array(("id\n" + ids.map { String(format: "%016x\n", $0) }.joined()).utf8))
  }

  /// Runs a batch and puts the journal back as it was before the last step, which removes it.
  func makeWithJournal(_ plan: BatchPlan) throws -> Batch.Summary {
    // A batch that stands where the journal may not be removed: the directory's entry is kept alive by a second link.
    mkdir(out, 0o700)
    let journal = out + "/.batch-keys"
    _ = FileManager.default.createFile(atPath: journal, contents: nil, attributes: [.posixPermissions: 0o600])
    link(journal, path + "/kept")
    let summary = try batch.run(plan)
    rename(path + "/kept", journal)
    return summary
  }

  /// Every device file is whole, private, and holds the key and the certificate that the registry has.
  func checkFiles(_ plan: BatchPlan) throws {
    for row in plan.rows {
      let path = batch.path(of: row)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
      var identity = DeviceIdentity()
      try identity.load([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))).bytes)
      let registered = try registry.device(DeviceAddress(system: system, device: row.device))
      let certificate = identity.certificate
      let key = identity.slotA.key.publicKey
      #expect(certificate != nil && certificate == registered?.certificate)
      #expect(key == registered?.certificate.publicKey)
      #expect(certificate?.isSigned(by: authority.issuerKey) == true)
    }
  }

  /// Every file by name.
  func contents() throws -> [String: Data] {
    var files = [String: Data]()
    for name in try FileManager.default.contentsOfDirectory(atPath: out) {
      files[name] = FileManager.default.contents(atPath: out + "/" + name)
    }
    return files
  }
}
