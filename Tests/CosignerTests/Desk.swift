// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Testing
import ThresholdSigning
import Wire

@testable import Cosigner

/// A server and its co-signer, which share a key. What the server got signed it verifies, and remembers for good.
final class Desk {
  static let limits = Limits(lead: 10, epochInterval: 3600)
  static let firstEpoch: Epoch = 20
  static let start: UInt64 = 1_800_000_000

  let shares: [KeyShare]
  let staticKey = X25519.PrivateKey.random()
  var disk: any LogStorage
  var service: SigningService
  var now = Desk.start
  /// What the server has seen of the co-signer's log.
  var remembered = LogHead.none
  /// All that there is a signature for.
  private(set) var signed: [SignedContent] = []
  private var batch: NonceBatch
  private var next = 0

  var group: GroupKey { shares[0].group }
  var issuer: IssuerKeyID { IssuerKeyID(group.publicKey) }

  convenience init() throws {
    let shares = try Self.shareKey()
    let log = SigningService.newLog(for: shares[0].group, epoch: Self.firstEpoch, now: Self.start)
    try self.init(shares, on: SimulatedDisk(log))
  }

  init(_ shares: [KeyShare], on disk: any LogStorage) throws {
    self.shares = shares
    self.disk = disk
    service = try SigningService(log: disk, share: shares[1], staticKey: staticKey, limits: Self.limits)
    batch = try service.offer(50)
  }

  /// The co-signer starts again, from what is on this disk.
  func restart(on disk: any LogStorage) throws {
    self.disk = disk
    service = try SigningService(log: disk, share: shares[1], staticKey: staticKey, limits: Self.limits)
    try reconnect()
  }

  func reconnect() throws {
    service.end(batch.id)
    batch = try service.offer(50)
    next = 0
  }

  /// A request for the next nonces, and the server's own part of the signature.
  func request(
    _ statement: [UInt8], evidence: [UInt8] = [], index: Int? = nil
  ) throws -> (request: SigningRequest, complete: (SignatureShare) throws -> Void) {
    if next == batch.commitments.count { try reconnect() }
    let index = index ?? next
    if index == next { next += 1 }
    let own = try NonceBatch(for: shares[0], count: 1)
    let request = SigningRequest(
      batch: batch.id, index: index, statement: statement, evidence: evidence, others: own.commitments,
      remembered: remembered)
    let commitments = own.commitments + [batch.commitments[index]]
    return (
      request,
      { [self] part in
        var package = try SigningPackage(message: statement.bytes, commitments: commitments, group: group)
        let ours = try package.sign(with: shares[0], own.take(0))
        let signature = try package.aggregate([ours, part])
        let isValid = Ed25519.isValid(signature, for: statement.bytes, under: group.publicKey)
        #expect(isValid)
        signed.append(try SignedContent(parsing: statement.bytes))
      }
    )
  }

  /// Nil when the statement is signed now.
  @discardableResult
  func ask(_ content: SignedContent, evidence: [UInt8] = []) throws -> Refusal? {
    try ask(bytes: content.signedBytes, evidence: evidence)
  }

  func ask(bytes: [UInt8], evidence: [UInt8] = []) throws -> Refusal? {
    let (request, complete) = try request(bytes, evidence: evidence)
    switch service.answer([request], now: now)[0] {
    case .refused(let refusal): return refusal
    case .share(let part, let head):
      remembered = head
      try complete(part)
      return nil
    }
  }

  // MARK: Statements

  func certificate(
    _ device: UInt64, _ generation: Generation, _ key: X25519.PublicKey, until lastEpoch: Epoch = 25,
    system: UInt32 = 1
  ) -> SignedContent {
    SignedContent(
      certificate: CertificateFields(
        issuer: issuer, system: SystemID(system), device: DeviceID(device), generation: generation,
        lastEpoch: lastEpoch), for: key)
  }

  func epoch(_ epoch: Epoch) -> SignedContent { SignedContent(.epoch(EpochContent(epoch: epoch)), issuer: issuer) }

  func revocation(_ device: UInt64, _ generation: Generation) -> SignedContent {
    SignedContent(
      .revocation(
        RevocationContent(
          reason: .keyCompromise, system: SystemID(1), device: DeviceID(device), generation: generation, lastEpoch: 30,
          sequence: 1)), issuer: issuer)
  }

  func rotation(_ device: UInt64, _ generation: Generation) -> SignedContent {
    SignedContent(
      .rotation(
        RotationContent(
          system: SystemID(1), device: DeviceID(device), generation: generation, lastEpoch: 30, sequence: 1)),
      issuer: issuer)
  }

  /// What the device with `key` tells the co-signer about its next one.
  func proof(
    _ device: UInt64, of newKey: X25519.PublicKey, _ to: Generation, with key: borrowing X25519.PrivateKey,
    from: Generation, system: UInt32 = 1, cosigner: X25519.PublicKey? = nil, group: Ed25519.PublicKey? = nil
  ) throws -> [UInt8] {
    try RotationProof(
      of: newKey, generation: to, from: from,
      of: DeviceAddress(system: SystemID(system), device: DeviceID(device)), with: key,
      to: cosigner ?? staticKey.publicKey, group: group ?? self.group.publicKey
    ).encoded
  }

  func open(
    _ kind: Opening.Kind, _ number: UInt32, _ devices: ClosedRange<UInt64>, count: UInt32 = 100, for time: UInt64 = 1000
  ) throws {
    try service.open(
      Opening(
        kind, number: number, system: SystemID(1),
        devices: DeviceID(devices.lowerBound)...DeviceID(devices.upperBound), count: count, end: now + time), now: now)
  }

  // MARK: The key

  /// A key of the server (1) and one co-signer (2), made without a dealer.
  static func shareKey() throws -> [KeyShare] {
    let everybody = [Participant(1)!, Participant(2)!]
    var session = Bytes<32>()
    var target = session.mutableBytes
    fillWithRandomBytes(&target)
    let ceremony = try Ceremony(
      generating: 2, session: session,
      keys: Dictionary(uniqueKeysWithValues: everybody.map { ($0, X25519.PrivateKey.random().publicKey) }))
    let parties = try everybody.map { try CeremonyParty(ceremony, as: $0) }
    let pairs = [(parties[0], parties[1]), (parties[1], parties[0])]
    for (a, b) in pairs { try b.receive(pledge: a.pledge!, from: a.participant) }
    for (a, b) in pairs {
      let announcement = try a.announcement()
      try b.receive(announcement: announcement.bytes, from: a.participant)
    }
    for (a, b) in pairs {
      var share = SecretBytes<32>()
      try a.writeShare(for: b.participant, into: &share)
      try b.receive(share: share.bytes, from: a.participant)
    }
    for (a, b) in pairs { try b.receive(transcript: a.transcript(), from: a.participant) }
    return try parties.map { try $0.finish() }
  }
}

extension Desk {
  /// What must hold of everything that was ever signed.
  func checkPromises(at location: SourceLocation = #_sourceLocation) {
    var keys: [Ledger.Place: X25519.PublicKey] = [:]
    var places: [X25519.PublicKey: Ledger.Place] = [:]
    var revoked: [DeviceAddress: Generation] = [:]
    var epoch = Self.firstEpoch
    for statement in signed {
      switch statement.content {
      case .certificate(let fields, let key):
        let place = Ledger.Place(address: fields.address, generation: fields.generation)
        #expect(keys.updateValue(key, forKey: place) ?? key == key, "two keys", sourceLocation: location)
        #expect(places.updateValue(place, forKey: key) ?? place == place, "one key twice", sourceLocation: location)
        #expect(fields.generation > revoked[fields.address] ?? 0, "after its revocation", sourceLocation: location)
        #expect(fields.lastEpoch <= epoch + Self.limits.lead, "lasts too long", sourceLocation: location)
      case .revocation(let content):
        let address = DeviceAddress(system: content.system, device: content.device)
        revoked[address] = max(revoked[address] ?? 0, content.generation)
      case .epoch(let content):
        #expect(content.epoch == epoch || content.epoch == epoch + 1, sourceLocation: location)
        epoch = max(epoch, content.epoch)
      case .policy, .rotation, .issuance: break
      }
    }
  }
}

extension Ledger.Place: Hashable {
  public func hash(into hasher: inout Hasher) {
    hasher.combine(address)
    hasher.combine(generation)
  }
}

/// A key in a place that an array can hold.
final class PrivateKeyBox {
  let key = X25519.PrivateKey.random()
}
