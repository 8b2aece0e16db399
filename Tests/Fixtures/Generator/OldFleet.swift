import Assembly
import Credentials
import Device
import DeviceHost
import Files
import Foundation
import Logging
import CountersignCrypto
import Keyring
import Mailbox
import Registry
import Relay
import RelayServer
import Schemes
import Wire

/// A fleet with one device of every kind and in every state, its authority and its mailbox, made by the program as it is.
final class OldFleet {
  static let passphrase = "fixture passphrase"

  let directory: AuthorityDirectory
  let authority: Authority
  let registry: SQLiteRegistry
  let systems: [SystemID]
  private let root: String
  private let server: RelayServer
  private let endpoint: Endpoint
  private var manifest = Manifest(passphrase: OldFleet.passphrase)
  private var paths: [String: String] = [:]
  private var addresses: [String: DeviceAddress] = [:]
  /// What waits for each device, and which scheme it shall move to.
  private var waiting: [String: [String]] = [:]
  private var moves: [String: SchemeID] = [:]

  init(at root: String) async throws {
    self.root = root
    try FileManager.default.createDirectory(atPath: root + "/devices", withIntermediateDirectories: true)
    directory = AuthorityDirectory(root + "/authority")
    authority = Authority.random()
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "fixture")
    let registry = try directory.openRegistry(actor: "fixture")
    self.registry = registry
    systems = try ["waterworks", "parking", "depot"].map { try registry.addSystem(named: $0).id }
    var limits = RelayLimits()
    // Mail that a test reads in many years.
    limits.mailbox.lifetime = 200 * 365 * 86_400
    limits.mailbox.memory = limits.mailbox.lifetime
    server = try RelayServer(
      registry: registry, authority: authority, mailboxPath: root + "/authority/mailbox.sqlite", limits: limits,
      threads: 1, logger: Logger(label: "fixture") { _ in SwiftLogNoOpLogHandler() })
    endpoint = Endpoint(host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
  }

  func make() async throws {
    try addDevices()
    try setPolicies()
    try leaveMail()
    try stopRotations()
    try stopMigrations()
    try expelSome()
    await server.shutDown()
    try registry.close()
    try seal()
    try write()
  }

  // MARK: Devices

  private static let schemes: [(String, SchemeID)] = [
    ("certified", .certified), ("registered", .registered), ("compact-kk", .compactKK),
    ("hybrid-ikpsk2", .hybridIKpsk2), ("shared-key", .sharedKey), ("derived-key", .derivedKey),
    ("derived-key-pbkdf2", .derivedKeyPBKDF2), ("derived-key-ephemeral", .derivedKeyEphemeral),
    ("derived-key-ratchet", .derivedKeyRatchet),
  ]
  private static let issuances: [IdentityCredential.Issuance] = [.blinded, .injected, .escrow]

  /// Each scheme fresh from the assembly line, once rotated, and one whose next key waits for its first use.
  private func addDevices() throws {
    for state in ["new", "rotated", "next"] {
      for (name, scheme) in Self.schemes { try add("\(name)-\(state)", scheme) }
      for issuance in Self.issuances { try add("identity-based-\(issuance)-\(state)", .identityBased, issuance) }
    }
    for state in ["pending", "retiring", "ordered", "inbox", "revoked", "enrolled-again", "quarantined"] {
      try add("certified-\(state)", .certified)
    }
    try add("identity-based-requested", .identityBased, .blinded)
    try add("derived-key-revoked", .derivedKey)
    try add("shared-key-to-derived-key", .sharedKey)
    try add("derived-key-to-certified", .derivedKey)
    try add("derived-key-ratchet-to-hybrid-ikpsk2", .derivedKeyRatchet)
    try add("derived-key-migrated", .derivedKey)
    try add("parking-certified", .certified, system: 1)
    try add("parking-shared-key", .sharedKey, system: 1)
    try add("depot-certified", .certified, system: 2)
    for name in paths.keys.sorted() where name.hasSuffix("-rotated") { try rotate(name) }
  }

  private func add(
    _ name: String, _ scheme: SchemeID, _ issuance: IdentityCredential.Issuance? = nil, system: Int = 0,
    enrolAgain: Bool = false
  ) throws {
    let path = "\(root)/devices/\(name).device"
    let address =
      addresses[name]
      ?? DeviceAddress(system: systems[system], device: DeviceID(0x0F1C_0000_0000_0001 + UInt64(addresses.count)))
    paths[name] = path
    addresses[name] = address
    if scheme.isSymmetric {
      _ = try SymmetricAssembly.make(address, scheme: scheme, file: path, registry, authority)
    } else if let issuance {
      _ = try IdentityAssembly.make(address, issuance, file: path, registry: registry, authority: authority)
    } else {
      if scheme == .hybridIKpsk2 {
        try SymmetricAssembly.makePSK(address, file: DeviceClient.pskPath(for: path), registry, authority)
      }
      _ = try SingleDevice.make(
        address, file: path, scheme: scheme, registry: registry, issuer: authority.issuer, enrolAgain: enrolAgain)
    }
  }

  private func device(_ name: String) throws -> AnyDevice { try AnyDevice(opening: paths[name]!) }

  private func rotate(_ name: String) throws {
    switch try device(name).store {
    case .key(let store):
      _ = try DeviceClient.rotate(store, at: endpoint)
      // A listener empties the mailbox, which retires the old key.
      try listen(name) { ($0 as? DeviceClient)?.isCaughtUp ?? true }
    case .symmetric(let store): _ = try SymmetricClient.rotate(store, at: endpoint)
    }
  }

  /// One session that goes on until `isDone`, or until it would connect again.
  private func listen(_ name: String, until isDone: (any DeviceSession) -> Bool) throws {
    let device = try device(name)
    let inbox = try Inbox(path: paths[name]! + ".inbox")
    let session = try device.connect(to: endpoint, listens: true)
    while !isDone(session), !session.shouldReconnect {
      _ = try session.receiveMessage(inbox: inbox, timeout: .milliseconds(100)) { _ in }
    }
    try FileManager.default.removeItem(atPath: paths[name]! + ".inbox")
  }

  // MARK: Policies

  private func setPolicies() throws {
    let issuer = authority.issuer
    _ = try registry.allow(from: systems[0], to: systems[1], through: nil, issuer: issuer)
    _ = try registry.allow(from: systems[1], to: systems[2], through: 6, issuer: issuer)
    _ = try registry.allow(from: systems[2], to: systems[0], through: nil, issuer: issuer)
    _ = try registry.deny(from: systems[2], to: systems[0], issuer: issuer)
    _ = try registry.advanceEpoch(by: 2, issuer: issuer)
    // The server looks at the registry ten times a second; a session shows that it has.
    Thread.sleep(forTimeInterval: 0.5)
  }

  // MARK: Mail

  /// What waits: sealed to every device with a key pair, in the open to every other.
  private func leaveMail() throws {
    let isInOrder = paths.keys.sorted()
    for name in isInOrder {
      guard !["depot-certified"].contains(name) else { continue }
      try send("to \(name)", from: "certified-new", to: name)
      if try device(name).isSymmetric { try send("also to \(name)", from: "shared-key-new", to: name) }
    }
    try send("to parking, 2", from: "registered-new", to: "parking-certified")
    try send("to depot-certified", from: "parking-certified", to: "depot-certified")
    try hadBefore("certified-inbox")
  }

  private func send(_ text: String, from sender: String, to recipient: String) throws {
    let device = try device(sender)
    let session = try device.connect(to: endpoint, listens: false, allowsHopByHop: true)
    let id = try device.nextMessageID()
    _ = try session.send(Array(text.utf8), to: addresses[recipient]!, id: id, timeout: .seconds(10))
    waiting[recipient, default: []].append(text)
  }

  /// Messages that the application has had and the server does not know of: they wait, and must not come twice.
  private func hadBefore(_ name: String) throws {
    let sender = try device("registered-new")
    let inbox = try Inbox(path: paths[name]! + ".inbox")
    let session = try sender.connect(to: endpoint, listens: false)
    for number in 1...3 {
      let id = try sender.nextMessageID()
      _ = try session.send(Array("had before \(number)".utf8), to: addresses[name]!, id: id, timeout: .seconds(10))
      try inbox.remember(id, from: addresses["registered-new"]!)
    }
    try send("after what was had", from: "certified-new", to: name)
  }

  // MARK: In the middle of something

  private func stopRotations() throws {
    for name in paths.keys.sorted() where name.hasSuffix("-next") {
      try registry.order(.rotate, for: addresses[name]!)
      try stopBeforeNextKey(name)
    }
    try keyed("certified-pending").update { identity throws(DeviceError) in try identity.beginRotation() }
    try keyed("identity-based-requested").update { identity throws(DeviceError) in try identity.beginRotation() }
    // Two sessions: one that gets the certificate, one that uses it. Neither empties the mailbox.
    let retiring = try keyed("certified-retiring")
    _ = try DeviceClient.rotate(retiring, at: endpoint)
    try registry.order(.rotate, for: addresses["certified-ordered"]!)
    try registry.order(.rotate, for: addresses["derived-key-new"]!)
  }

  private func keyed(_ name: String) throws -> DeviceStore { try DeviceStore(opening: paths[name]!) }

  /// A session that ends when the next key is there and has not been used.
  private func stopBeforeNextKey(_ name: String) throws {
    let device = try device(name)
    let inbox = try Inbox(path: root + "/scratch.inbox")
    defer { try? FileManager.default.removeItem(atPath: root + "/scratch.inbox") }
    let session = try device.connect(to: endpoint, listens: false)
    while !session.shouldReconnect {
      _ = try session.receiveMessage(inbox: inbox, timeout: .seconds(1)) { _ in }
    }
  }

  private func stopMigrations() throws {
    for (name, scheme) in [
      ("shared-key-to-derived-key", SchemeID.derivedKey), ("derived-key-to-certified", .certified),
      ("derived-key-ratchet-to-hybrid-ikpsk2", .hybridIKpsk2), ("derived-key-migrated", .registered),
    ] {
      try orderMove(name, to: scheme)
      try stopBeforeNextKey(name)
    }
    _ = try device("derived-key-migrated").connect(to: endpoint, listens: false)
    try orderMove("shared-key-new", to: .certified)
  }

  private func orderMove(_ name: String, to scheme: SchemeID) throws {
    try registry.orderMigration(to: scheme, for: addresses[name]!)
    moves[name] = scheme
  }

  private func expelSome() throws {
    let issuer = authority.issuer
    for (name, reason) in [
      ("certified-revoked", RevocationReason.keyCompromise), ("derived-key-revoked", .keyCompromise),
      ("certified-enrolled-again", .keyCompromise),
    ] {
      _ = try registry.revoke(addresses[name]!, through: nil, reason: reason, issuer: issuer)
    }
    try FileManager.default.removeItem(atPath: paths["certified-enrolled-again"]!)
    try add("certified-enrolled-again", .certified, enrolAgain: true)
    // What waits was sealed to the key that is gone.
    waiting["certified-enrolled-again"] = nil
    try registry.quarantine(addresses["certified-quarantined"]!, because: "two holders")
  }

  // MARK: Files

  /// The same root a second time, under a passphrase that costs next to nothing.
  private func seal() throws {
    let text = Array(Self.passphrase.utf8)
    guard let passphrase = Passphrase(copying: text.bytes) else { return }
    let sealed = try KeyFile.seal(authority, passphrase: passphrase, cost: PasswordHash.Cost(passes: 1, memory: 64))
    try SecretFile.create(root + "/authority/sealed.key", sealed.bytes)
  }

  private func write() throws {
    for name in paths.keys.sorted() {
      let scheme = try device(name).scheme
      let address = addresses[name]!
      let digits = String(address.device.rawValue, radix: 16)
      manifest.devices.append(
        Manifest.Device(
          file: "\(name).device", system: address.system.rawValue,
          id: String(repeating: "0", count: 16 - digits.count) + digits, scheme: scheme.rawValue,
          schemeAfterSessions: (moves[name] ?? scheme).rawValue, waiting: waiting[name] ?? [],
          refused: name.hasSuffix("-revoked") ? "revoked" : name.hasSuffix("-quarantined") ? "quarantine" : nil))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(manifest).write(to: URL(fileURLWithPath: root + "/manifest.json"))
    // Locks are made anew where they are missing. Databases have names under which nobody takes them for something in use.
    let files = FileManager.default
    for name in try files.subpathsOfDirectory(atPath: root) where name.hasSuffix(".lock") {
      try files.removeItem(atPath: root + "/" + name)
    }
    for (name, kept) in [
      ("registry.sqlite", "registry.fixture"), ("mailbox.sqlite", "mailbox.fixture"), ("authority.key", "unsealed.key"),
    ] {
      try files.moveItem(atPath: "\(root)/authority/\(name)", toPath: "\(root)/authority/\(kept)")
    }
  }
}
