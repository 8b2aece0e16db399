// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Foundation
import CountersignCrypto
import Mailbox
import Keyring
import Registry
import Relay
import Synchronization
import Wire

/// An authority's directory on disk, its SQLite registry, and the relay over it. Gone when it is released.
final class LiveServer {
  let directory: AuthorityDirectory
  let authority: Authority
  let system: SystemID
  private(set) var registry: SQLiteRegistry
  private(set) var gate: RelayGate
  /// Messages that wait for one device, as with `serve --mailbox-messages`: how many changes nothing but how long a flood takes.
  static let mailboxMessages = 200
  private let path: String
  private let weaknesses: Weaknesses
  private let clock = Clock()
  private var starts = 0

  final class Clock: Sendable {
    let seconds = Mutex<Int64>(1_800_000_000)
  }

  init(_ authority: Authority, _ weaknesses: Weaknesses = []) throws {
    self.authority = authority
    self.weaknesses = weaknesses
    // Hundreds of worlds: in memory, where there is a place for it, for none of them needs to survive a power cut.
    let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    var template = Array((folder + "/countersign-matrix-XXXXXX").utf8CString)
    guard let made = mkdtemp(&template) else { throw LaboratoryError.noAnswer("no temporary directory") }
    path = String(cString: made)
    directory = AuthorityDirectory(path + "/authority")
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "matrix")
    registry = try directory.openRegistry(actor: "matrix", clock: weaknesses.creditClock)
    system = try registry.addSystem(named: "matrix").id
    gate = try Self.start(registry, authority, path + "/mailbox-0.sqlite", weaknesses, clock)
  }

  deinit {
    try? registry.close()
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func start(
    _ registry: SQLiteRegistry, _ authority: Authority, _ mailbox: String, _ weaknesses: Weaknesses, _ clock: Clock
  ) throws -> RelayGate {
    var limits = RelayLimits()
    limits.mailbox.messagesPerDevice = mailboxMessages
    limits.mailbox.guards = weaknesses.mailboxGuards
    return RelayGate(
      try InProcessRelay(registry: registry, authority: authority, mailboxPath: mailbox, limits: limits) {
        clock.seconds.withLock { $0 }
      })
  }

  /// A file of a device's, in the folder that goes with this server.
  func file(_ name: String) -> String { path + "/" + name }

  func add(_ address: DeviceAddress, _ key: X25519.PublicKey) throws -> Certificate {
    try registry.addDevice(NewDevice(address: address, publicKey: key), issuer: authority.issuer)
  }

  /// Registers a device with an identity-based credential, and gives it the key that goes with it.
  func issue(to memory: inout DeviceMemory, inEscrow: Bool) throws {
    let fields = authority.identityMaster.fields(
      for: memory.address, generation: memory.generation, lastEpoch: try registry.state().lastEpoch)
    var key = X25519.PrivateKey()
    let issued: IssuedCredential
    if inEscrow {
      let credential = try authority.identityMaster.issueEscrow(fields, into: &key)
      issued = IssuedCredential(Certificate(credential, publicKey: key.publicKey))
    } else {
      // The device's part, made on the device.
      var request = IdentityRequest()
      request.generate()
      issued = try IssuedCredential(fields, request: request.point, authority: authority)
      guard let answer = issued.answer else { throw LaboratoryError.nothingToShow }
      try request.complete(answer, under: authority.identityMaster.publicKey, into: &key)
    }
    try registry.record([issued], enrolAgain: false)
    memory.privateKey = keyBytes(of: key)
    memory.certificate = issued.certificate
  }

  /// Registers a device whose key the server computes, and returns what the device gets.
  func add(_ address: DeviceAddress, _ scheme: SchemeID) throws -> [UInt8] {
    let device = try registry.addSymmetricDevice(address, scheme: scheme, authority: authority)
    return try authority.encodeKey(device.current, of: address)
  }

  /// Devices that nobody has heard of, each revoked at once.
  func addRevoked(_ count: Int) throws {
    for index in 0..<UInt64(count) {
      let address = DeviceAddress(system: system, device: DeviceID(0xDEAD << 16 | index))
      _ = try add(address, try Derivation.publicKey(.random(32)))
      _ = try registry.revoke(address, through: nil, reason: .keyCompromise, issuer: authority.issuer)
    }
    gate.relay.look()
  }

  func revoke(_ address: DeviceAddress) throws {
    _ = try registry.revoke(address, through: nil, reason: .keyCompromise, issuer: authority.issuer)
    gate.relay.look()
  }

  func advanceEpoch(by count: Epoch) throws {
    _ = try registry.advanceEpoch(by: count, issuer: authority.issuer)
    gate.relay.look()
  }

  func setClock(_ seconds: Int64) { clock.seconds.withLock { $0 = seconds } }

  /// A copy of the registry's file.
  func backUp() throws -> String {
    starts += 1
    let file = path + "/backup-\(starts).sqlite"
    try registry.backUp(to: file)
    return file
  }

  /// Stops the server, lets `change` do what it wants with the registry's file, and starts the server as `serve` does: the key
  /// file is opened against the registry.
  func restart(changing change: (_ registry: String) throws -> Void) throws -> RelayGate {
    try registry.close()
    try change(directory.registryPath)
    starts += 1
    registry = try directory.openRegistry(actor: "matrix", clock: weaknesses.creditClock)
    let authority = try directory.unlock(registry, passphrase: nil)
    gate = try Self.start(registry, authority, path + "/mailbox-\(starts).sqlite", weaknesses, clock)
    return gate
  }

  /// Puts a copy of the registry in its place, as after a restore.
  func replaceRegistry(by file: String) throws {
    for suffix in ["", "-wal", "-shm"] { unlink(directory.registryPath + suffix) }
    try FileManager.default.copyItem(atPath: file, toPath: directory.registryPath)
  }
}

extension Weaknesses {
  /// What the mailbox does for others than the sender.
  fileprivate var mailboxGuards: MailboxGuards {
    var guards = MailboxGuards.all
    if contains(.noShares) { guards.remove(.shares) }
    if contains(.noMemoryOfFull) { guards.remove(.memory) }
    if contains(.noWithholding) { guards.remove(.withholding) }
    if contains(.agesByClock) { guards.remove(.runningTime) }
    return guards
  }

  /// The registry's clock, where it is not the system's: one by which longer has passed at every look than a credit takes to fill.
  fileprivate var creditClock: (@Sendable () -> Int64)? {
    guard contains(.noKeyBudget) else { return nil }
    let looks = Mutex<Int64>(0)
    return {
      looks.withLock { looks in
        looks += 1
        return 1_800_000_000 + looks * 10 * 365 * 86_400
      }
    }
  }
}
