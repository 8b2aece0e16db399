// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Logging
import CountersignCrypto
import Processes
import Keyring
import Registry
import Relay
import RelayServer
import Schemes
import Testing
import Wire

/// What deployed fleets have on their disks goes on working: see Tests/Fixtures/README.md.
@Suite("Files of older versions", .serialized)
struct OldFilesTests {
  static let fixtures = ["2026-11"]

  @Test(
    "The authority opens by either key file, its issuance log holds, and the registry is not behind its witness",
    arguments: fixtures)
  func authority(_ name: String) throws {
    let fleet = try OldFleet(name)
    let registry = try fleet.directory.openRegistry(actor: "test")
    #expect(try fleet.directory.keyFile().protection == .unsealed)
    let unsealed = try fleet.directory.unlock(registry, passphrase: nil)

    try fleet.take("authority/sealed.key", as: "authority/authority.key")
    #expect(try fleet.directory.keyFile().protection == .passphrase)
    #expect(throws: RegistryError.keyring(.passphraseRequired)) {
      try fleet.directory.unlock(registry, passphrase: nil)
    }
    let text = Array(fleet.manifest.passphrase.utf8)
    let passphrase = Passphrase(copying: text.bytes)
    let sealed = try fleet.directory.unlock(registry, passphrase: passphrase)
    #expect(sealed.issuerKey == unsealed.issuerKey)

    let systems = try registry.systems()
    #expect(systems.map(\.name) == ["waterworks", "parking", "depot"])
    #expect(try registry.state().epoch == 3)
    #expect(try registry.allows(from: systems[0].id, to: systems[1].id))
    #expect(try registry.allows(from: systems[1].id, to: systems[2].id))
    #expect(try !registry.allows(from: systems[2].id, to: systems[0].id))
    #expect(try registry.revocations(since: 0, for: systems[0].id).count == 3)
    #expect(try registry.orders().count { $0.kind == .rotate } >= 2)
    #expect(try registry.audit(since: 0, limit: 10_000).count > 100)
    try registry.close()
    try fleet.doctorFindsNothing()
  }

  @Test("Every device connects, reads what waited for it, obeys, changes its key and sends", arguments: fixtures)
  func devices(_ name: String) async throws {
    let fleet = try OldFleet(name)
    let registry = try fleet.directory.openRegistry(actor: "test")
    let server = try RelayServer(
      registry: registry, authority: try fleet.directory.unlock(registry, passphrase: nil),
      mailboxPath: fleet.path + "/authority/mailbox.sqlite", threads: 1,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let endpoint = Endpoint(
      host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
    for entry in fleet.manifest.devices {
      let device = try AnyDevice(opening: fleet.path + "/devices/" + entry.file)
      #expect(try device.address == entry.address)
      #expect(try device.scheme.rawValue == entry.scheme, "\(entry.file)")
      if let reason = entry.refused {
        #expect(throws: DeviceHostError.self, "\(entry.file) is served") {
          try device.connect(to: endpoint, listens: true)
        }
        guard reason == "quarantine" else { continue }
        try registry.releaseFromQuarantine(entry.address)
      }
      #expect(try Self.listen(device, endpoint, for: entry.waiting.count) == entry.waiting, "\(entry.file)")
      #expect(try device.scheme.rawValue == entry.schemeAfterSessions, "\(entry.file)")
      let rotation =
        switch device.store {
        case .key(let store): try DeviceClient.rotate(store, at: endpoint)
        case .symmetric(let store): try SymmetricClient.rotate(store, at: endpoint)
        }
      #expect(rotation.after == rotation.before + 1, "\(entry.file)")
      try Self.send("news of \(entry.file)", from: device, to: entry, endpoint)
      #expect(try Self.listen(device, endpoint, for: 1) == ["news of \(entry.file)"])
    }
    await server.shutDown()
    try registry.close()
    try fleet.doctorFindsNothing()
  }

  /// What comes in as many sessions as it takes until the device has done all it was told, and has `count` messages.
  private static func listen(_ device: AnyDevice, _ endpoint: Endpoint, for count: Int) throws -> [String] {
    let inbox = try Inbox(path: device.path + ".inbox")
    var texts: [String] = []
    for _ in 0..<6 {
      let session = try device.connect(to: endpoint, listens: true, allowsHopByHop: true, timeout: .seconds(60))
      while !session.shouldReconnect, !session.hasCaughtUp || texts.count < count {
        guard
          try session.receiveMessage(
            inbox: inbox, timeout: session.hasCaughtUp ? .seconds(60) : .milliseconds(100),
            deliver: { texts.append(String(decoding: $0.body, as: UTF8.self)) })
        else {
          if session.hasCaughtUp && !session.shouldReconnect { return texts }
          continue
        }
      }
      if !session.shouldReconnect { return texts }
    }
    return texts
  }

  private static func send(
    _ text: String, from device: AnyDevice, to entry: OldFleet.Manifest.Device, _ endpoint: Endpoint
  ) throws {
    let session = try device.connect(to: endpoint, listens: false, allowsHopByHop: true, timeout: .seconds(60))
    let id = try device.nextMessageID()
    _ = try session.send(Array(text.utf8), to: entry.address, id: id, timeout: .seconds(60))
  }
}

extension DeviceSession {
  fileprivate var hasCaughtUp: Bool {
    (self as? DeviceClient)?.isCaughtUp ?? (self as? SymmetricClient)?.isCaughtUp ?? true
  }
}

/// A copy of a fixture, with the names and modes that the program gives to its files.
private final class OldFleet {
  struct Manifest: Decodable {
    struct Device: Decodable {
      let file: String
      let system: UInt32
      let id: String
      let scheme: UInt8
      let schemeAfterSessions: UInt8
      let waiting: [String]
      let refused: String?

      var address: DeviceAddress {
        DeviceAddress(system: SystemID(system), device: DeviceID(UInt64(id, radix: 16) ?? 0))
      }
    }

    let passphrase: String
    let devices: [Device]
  }

  let path: String
  let manifest: Manifest
  private let source: String

  var directory: AuthorityDirectory { AuthorityDirectory(path + "/authority") }

  init(_ name: String) throws {
    source =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)").path
    var template = Array((NSTemporaryDirectory() + "/countersign-old-XXXXXX").utf8CString)
    path = String(cString: mkdtemp(&template)!)
    manifest = try JSONDecoder().decode(
      Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: source + "/manifest.json")))
    for folder in ["authority", "devices"] {
      mkdir("\(path)/\(folder)", 0o700)
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(source)/\(folder)") {
        guard name != "sealed.key" else { continue }
        let isKey = name == "unsealed.key"
        let name = "\(folder)/\(name)"
        try take(name, as: isKey ? "authority/authority.key" : name.replacing(".fixture", with: ".sqlite"))
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Copies one file, for its owner only: a checkout has another mode.
  func take(_ name: String, as copy: String) throws {
    let target = "\(path)/\(copy)"
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: target)
    try #require(chmod(target, 0o600) == 0)
  }

  /// `countersign doctor`, where the program is built.
  func doctorFindsNothing() throws {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let tool = own.appendingPathComponent("countersign").path
    guard FileManager.default.isExecutableFile(atPath: tool) else {
      return print("SKIPPED: countersign is not built beside the tests; run swift build first")
    }
    let process = try ChildProcess(
      tool, ["doctor", "--dir", directory.path], output: .pipe, errors: .pipe)
    let report = String(decoding: process.output!.rest() + process.errors!.rest(), as: UTF8.self)
    #expect(process.wait() == 0, "\(report)")
  }
}
