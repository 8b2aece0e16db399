// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Secrecy
import Synchronization
import ThresholdSigning
import Wire

/// A co-signer without its sockets. Each request goes through the same order: its nonces are taken out for good, the statement is parsed
/// and judged, the share computed, the log written to the disk, the answer given.
public final class SigningService: Sendable {
  /// How many batches of nonces there are at once: one for each connection.
  public static let maximumBatches = 8

  public let share: KeyShare
  private let limits: Limits
  private let identity: StaticKey
  private let state: Mutex<State>

  struct State {
    var log: CosignerLog
    var ledger: Ledger
    var batches: [Bytes<16>: NonceBatch] = [:]
    /// Set when the log could not be written: what is in memory is then ahead of the disk.
    var isStopped = false
    /// The longest log of ours that anybody has shown and that is not ours.
    var missing: LogHead?
  }

  /// The bytes of a new log for a group's key.
  public static func newLog(for group: GroupKey, epoch: Epoch, now: UInt64) -> [UInt8] {
    CosignerLog.founding(Entry.founded(key: group.publicKey, epoch: epoch, time: now).encoded)
  }

  /// Reads the log.
  ///
  /// - Parameter staticKey: the key by which the server and devices know this co-signer. It is copied.
  /// - Throws: ``CosignerError/foreignLog`` when the log belongs to another key.
  public init(
    log storage: any LogStorage, share: KeyShare, staticKey: borrowing X25519.PrivateKey, limits: Limits
  ) throws(CosignerError) {
    self.share = share
    self.limits = limits
    identity = StaticKey(staticKey)
    var ledger: Ledger?
    let log = try CosignerLog(opening: storage) { bytes throws(CosignerError) in
      let entry = try Self.decode(bytes)
      if ledger == nil { ledger = try Ledger(entry) } else { try ledger?.apply(entry) }
    }
    guard let ledger, ledger.key == share.group.publicKey else { throw .foreignLog }
    state = Mutex(State(log: log, ledger: ledger))
  }

  public var head: LogHead { state.withLock { $0.log.head } }
  public var epoch: Epoch { state.withLock { $0.ledger.epoch } }
  public var staticKey: X25519.PublicKey { identity.key.publicKey }

  /// Which generations are revoked, by device: what the server compares its registry with.
  public var revocations: [DeviceAddress: Generation] {
    state.withLock { $0.ledger.devices.compactMapValues { $0.revokedThrough > 0 ? $0.revokedThrough : nil } }
  }

  // MARK: Connections

  /// New nonces for a connection.
  ///
  /// - Throws: ``CosignerError/invalidRequest`` when there are ``maximumBatches``: end one first.
  public func offer(_ count: Int) throws(CosignerError) -> NonceBatch {
    let batch: NonceBatch
    do throws(ThresholdError) { batch = try NonceBatch(for: share, count: count) } catch { throw .threshold(error) }
    let isAdded = state.withLock { state in
      guard state.batches.count < Self.maximumBatches else { return false }
      state.batches[batch.id] = batch
      return true
    }
    guard isAdded else { throw .invalidRequest }
    return batch
  }

  /// Forgets the nonces of a connection that has ended.
  public func end(_ batch: Bytes<16>) { state.withLock { $0.batches[batch] = nil } }

  // MARK: Requests

  /// Answers requests that have come together, with one wait for the disk.
  public func answer(_ requests: [SigningRequest], now: UInt64) -> [SigningAnswer] {
    state.withLock { state in
      var entries: [[UInt8]] = []
      let parts = requests.map { request -> Result<SignatureShare, Refusal> in
        do throws(Refusal) {
          let (share, entry) = try answer(request, now, &state)
          entries.append(entry)
          return .success(share)
        } catch { return .failure(error) }
      }
      guard write(entries, &state) else { return requests.map { _ in .refused(.unavailable) } }
      let head = state.log.head
      return parts.map { part in
        switch part {
        case .success(let share): .share(share, head)
        case .failure(let refusal): .refused(refusal)
        }
      }
    }
  }

  private func answer(
    _ request: SigningRequest, _ now: UInt64, _ state: inout State
  ) throws(Refusal) -> (SignatureShare, [UInt8]) {
    guard let batch = state.batches[request.batch] else { throw .nonceUsed }
    let nonces: SigningNonces
    do throws(ThresholdError) { nonces = try batch.take(request.index) } catch { throw .nonceUsed }
    try compare(request.remembered, &state)

    let statement: SignedContent
    do throws(WireError) { statement = try SignedContent(parsing: request.statement.bytes) } catch {
      throw .notAStatement
    }
    guard statement.signedBytes == request.statement else { throw .notAStatement }
    let proof = request.evidence.isEmpty ? nil : try? RotationProof(decoding: request.evidence.bytes)
    let basis = try state.ledger.judge(
      statement, Self.digest(request.statement), proof: proof, to: identity.key, now: now, limits)

    let part: SignatureShare
    do throws(ThresholdError) {
      var package = try SigningPackage(
        message: request.statement.bytes, commitments: request.others + [nonces.commitments], group: share.group)
      part = try package.sign(with: share, nonces)
    } catch { throw .badCommitments }

    let entry = Entry.signed(statement, basis, time: now)
    do throws(CosignerError) { try state.ledger.apply(entry) } catch { throw .notAStatement }
    return (part, entry.encoded)
  }

  /// A co-signer that is older than what somebody has seen of it has forgotten what it signed, and signs nothing.
  private func compare(_ remembered: LogHead, _ state: inout State) throws(Refusal) {
    if state.missing == nil {
      switch state.log.relation(to: remembered) {
      case .continues: return
      case .forked: throw .forked
      case .behind: break
      }
    }
    if remembered.count > state.missing?.count ?? 0 { state.missing = remembered }
    throw .behind
  }

  /// Brings entries, whose effects are in the ledger, to the disk. When that fails, nothing more is signed.
  private func write(_ entries: [[UInt8]], _ state: inout State) -> Bool {
    guard !state.isStopped else { return false }
    do throws(CosignerError) {
      try state.log.append(entries)
      return true
    } catch {
      state.isStopped = true
      state.batches = [:]
      return false
    }
  }

  // MARK: The owner

  /// Opens a batch or a window, on the disk when this returns.
  ///
  /// - Throws: ``CosignerError/invalidRequest`` for a number that was used before, or an end in the past.
  public func open(_ opening: Opening, now: UInt64) throws(CosignerError) {
    try enter(.opened(opening)) { ledger in
      !ledger.numbers.contains(opening.number) && opening.end > now && opening.count > 0
    }
  }

  /// Closes a batch or a window.
  public func close(_ number: UInt32) throws(CosignerError) {
    try enter(.closed(number: number)) { $0.openings[number] != nil }
  }

  /// Lets exactly this statement be signed, whenever the server asks for it.
  ///
  /// - Throws: ``CosignerError/invalidRequest`` for what is no statement under this key.
  public func approve(_ statement: [UInt8]) throws(CosignerError) {
    guard let parsed = try? SignedContent(parsing: statement.bytes), parsed.signedBytes == statement else {
      throw .invalidRequest
    }
    try enter(.approved(Self.digest(statement))) { $0.keyID == parsed.issuer }
  }

  private func enter(_ entry: Entry, if isAllowed: (borrowing Ledger) -> Bool) throws(CosignerError) {
    try state.withLock { state throws(CosignerError) in
      guard !state.isStopped else { throw .stopped }
      guard isAllowed(state.ledger) else { throw .invalidRequest }
      try state.ledger.apply(entry)
      guard write([entry.encoded], &state) else { throw .stopped }
    }
  }

  // MARK: Copies

  /// The log's records after the first `count`: what another copy lacks.
  public func records(after count: UInt64) throws(CosignerError) -> [UInt8] {
    try state.withLock { state throws(CosignerError) in try state.log.records(after: count) }
  }

  /// Continues a log that was restored from a backup, with the records of a newer copy.
  ///
  /// - Parameter target: the newest head that the server, another co-signer or a witness has seen.
  /// - Throws: ``CosignerError/foreignRecords`` unless they lead from this log's head to that one, or further back than what was shown.
  public func recover(_ records: [UInt8], to target: LogHead) throws(CosignerError) {
    try state.withLock { state throws(CosignerError) in
      guard !state.isStopped else { throw .stopped }
      let entries = try state.log.entries(of: records, leadingTo: target)
      if let missing = state.missing, target.count < missing.count { throw .foreignRecords }
      var ledger = state.ledger
      for entry in entries { try ledger.apply(try Self.decode(entry)) }
      do throws(CosignerError) { try state.log.append(records: records) } catch {
        state.isStopped = true
        throw error
      }
      state.ledger = ledger
      if let missing = state.missing, state.log.relation(to: missing) == .continues { state.missing = nil }
    }
  }

  private static func decode(_ bytes: [UInt8]) throws(CosignerError) -> Entry {
    do throws(WireError) { return try Entry(decoding: bytes) } catch { throw .foreignLog }
  }

  private static func digest(_ statement: [UInt8]) -> Bytes<32> {
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    Hash.SHA256.hash(statement.bytes, into: &target)
    return digest
  }
}
