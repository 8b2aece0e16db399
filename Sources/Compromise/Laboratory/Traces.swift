// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import Foundation
import Keyring
import Records
import Registry
import Wire

/// What the owner is shown after an attack.
extension World {
  /// What the registry's record says of a second holder of a device's key or a second credential; nil when it says nothing.
  func alarm(about address: DeviceAddress) throws -> String? {
    guard let live else { return nil }
    let alarms = ["device.quarantine", "misissuance"]
    return try live.registry.audit(since: 0, limit: 10_000).last {
      alarms.contains($0.action) && $0.system == address.system && $0.device == address.device
    }.map { "\($0.action): \($0.detail.map { $0.count > 80 ? $0.prefix(48) + "..." : $0 } ?? "")" }
  }

  /// What came of posing as a device of this world: whoever fails may still have been noticed.
  func finding(
    _ posing: Posing, as address: DeviceAddress, if success: String, else failure: String, noticed: String
  ) throws -> Finding {
    if !posing.isBelieved, let alarm = try alarm(about: address) {
      return Finding(.detected, noticed, "\(alarm); \(posing.evidence)")
    }
    return Finding(posing.isBelieved, if: success, else: failure, posing.evidence)
  }

  /// Proof that a certificate, met anywhere, was not issued by the books; nil when there is none.
  func proof(against certificate: Certificate) throws -> String? {
    if weaknesses.contains(.noBooks) { return nil }
    switch try books().registry.verdict(on: certificate) {
    case .entered, .foreign: return nil
    case .missing: return "the books have no such generation of this device"
    case .contradicted(let known, let contradiction):
      let books = "by the books generation \(known.generation) is key \(known.publicKey.array.digest); "
      switch contradiction {
      case .certificates(let proof) where proof.isValid(under: authority.issuerKey):
        return books + "two certificates for one generation under the owner's key: valid proof"
      case .credentials(let evidence):
        try evidence.check(under: authority.identityMaster.publicKey)
        return books + "two credentials for one generation lead to two keys under the owner's master key"
      default: return books + "no proof"
      }
    }
  }

  /// A session that stays open, and what the server sent to begin it.
  func open(_ index: Int, listens: Bool) throws -> (client: DeviceEnd, line: any Line, frames: [[UInt8]]) {
    let line = gate.connect()
    let client = try client(index)
    guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply) { _ = line.send($0) }
    return (client, line, line.send(try client.seal(helloRecord(index, listens: listens))))
  }

  /// Whether the server lets a device do nothing but renew its certificate.
  func mayOnlyRenew(_ index: Int) throws -> Bool {
    let session = try open(index, listens: false)
    guard let welcome = session.frames.first else { throw LaboratoryError.noAnswer(session.line.refusal ?? "") }
    let record = try session.client.open(welcome)
    guard case .welcome(_, let mayOnlyRenew, _) = try ServerRecord(decoding: record.bytes) else {
      throw LaboratoryError.noAnswer("no welcome")
    }
    return mayOnlyRenew
  }

  /// A session, or, with the weakness `actsOnFirstMessage`, one whose text is in the first message.
  func sessionOrEarly(_ index: Int) throws -> Recording {
    guard weaknesses.contains(.actsOnFirstMessage) else { return try session(index) }
    let line = gate.connect()
    let hello = try client(index, saying: Self.secret(index)).hello()
    var recording = Recording(scheme: scheme)
    recording.frames.append(.init(isFromDevice: true, bytes: hello))
    recording.frames += line.send(hello).map { .init(isFromDevice: false, bytes: $0) }
    return recording
  }
}

extension LiveServer {
  /// The weakness `noWitness`.
  func removeWitness() { unlink(directory.path + "/" + RegistryWitness.fileName) }
}
