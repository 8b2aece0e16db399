// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import Noise
import Schemes

/// A scheme with a Noise handshake.
struct NoiseProbe: SchemeProbe {
  let facts: SchemeFacts
  private let scheme: SchemeID
  private let parties: NoiseParties
  private let registry: NoiseRegistry

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    scheme = facts.scheme
    parties = try NoiseParties(scheme)
    registry = NoiseRegistry(scheme, parties)
  }

  func run(_ trace: inout HandshakeTrace) throws {
    let row = scheme.row
    var ends = SessionEnds()
    var frame = SessionEnds.frame()
    var bytes = frame.mutableBytes
    var derived = SecretBytes<32>()
    parties.derive(into: &derived)

    trace.turn(.device)
    var device = Initiator(scheme)
    if row.hasKeyPair { device.setStatic(parties.device, server: parties.server.publicKey) }
    if row.usesPSK { try device.setPSK(derived) }
    let hint = hint(derived, Hash.SHA256.self)
    var shown = Bytes<84>()
    var shownBytes = shown.mutableBytes
    if row.shown != .nothing { parties.certificate.encodeForHandshake(into: &shownBytes) }
    // What vouches for the device goes with its last message.
    let length = row.messageCount == 2 ? parties.shownLength : 0
    let hello = try device.writeHello(
      hint: hint.bytes.extracting(0..<row.hint.length), showing: shown.bytes.extracting(0..<length),
      master: parties.master, into: &bytes)
    trace.sent(hello)

    trace.end()
    let received = [UInt8](copying: bytes.bytes.extracting(0..<hello))
    trace.turn(.server)
    let first = received.bytes
    var server = Responder(scheme)
    var known: X25519.PublicKey?
    var key = SecretBytes<32>()
    if row.hint != .none {
      guard registry.hints.contains(try RoutingHint.of(first, scheme)) else { throw SchemesError.authenticationFailed }
      if row.hasKeyPair { known = parties.device.publicKey }
    }
    if !row.hasKeyPair {
      parties.derive(into: &key)
      try server.setPSK(key)
    }
    var claim = try server.readHello(first, key: parties.server, device: known, master: parties.master)
    guard row.messageCount == 3 || registry.knows(claim) else { throw SchemesError.authenticationFailed }
    if row.hasKeyBeside {
      parties.derive(into: &key)
      try server.setPSK(key)
    }
    let reply = try server.writeReply(into: &bytes, keys: &ends.server)
    trace.sent(reply)

    trace.turn(.device)
    try device.readReply(bytes.bytes.extracting(0..<reply), keys: &ends.device)
    if device.isMyTurn {
      let last = try device.writeLast(
        showing: shown.bytes.extracting(0..<parties.shownLength), into: &bytes, keys: &ends.device)
      trace.sent(last)
      trace.turn(.server)
      var proof = ProofContext()
      claim = try server.readLast(bytes.bytes.extracting(0..<last), keys: &ends.server, proof: &proof)
      guard registry.knows(claim) else { throw SchemesError.authenticationFailed }
    }
    trace.end()
    try ends.check()
  }

  private func hint<H: Hash.Function>(_ derived: borrowing SecretBytes<32>, _: H.Type) -> Bytes<8> {
    var hint = Bytes<8>()
    var target = hint.mutableBytes
    switch scheme.row.hint {
    case .keyHash:
      let bytes = RoutingHint.bytes(of: parties.device.publicKey)
      copyBytes(bytes.bytes, to: &target)
    case .pseudonym, .pseudonymStart:
      let pseudonym = Pseudonym<H>.make(for: parties.epoch, key: derived)
      copyBytes(pseudonym.bytes, to: &target)
    case .none, .address, .saltStart: break
    }
    return hint
  }

  /// The server's computing of a key from a credential is in its measured time; no operation that is counted stands for it.
  func count(_ trace: inout HandshakeTrace) throws {
    let row = scheme.row
    guard let pattern = row.exchange.pattern else { throw SchemesError.unexpectedScheme(scheme.rawValue) }
    trace.turn(.device)
    _ = hint(parties.system, CountingHash.self)
    trace.end()
    let shown = [UInt8](repeating: 0, count: parties.shownLength)
    try CountedNoise(
      pattern: pattern, prologueLength: prologueLength, payload: row.shown == .certificate ? shown.count : 0,
      psk: row.usesPSK ? pattern.pskPositions.trailingZeroBitCount : nil,
      credential: row.shown == .credential ? shown : []
    ).run(device: parties.device, server: parties.server, &trace)
    var more = (device: OperationCounts(), server: OperationCounts())
    // The hint of a key is one compression.
    if row.hint == .keyHash { more.device.hashBlocks = 1 }
    if row.shown == .certificate { more.server.ed25519Verify = 1 }
    trace.add(more.device, for: .device)
    trace.add(more.server, for: .server)
  }

  private var prologueLength: Int {
    let row = scheme.row
    if row.hasKeyPair {
      let prologue = Prologue(
        scheme: scheme, serverKey: parties.server.publicKey, master: row.shown == .credential ? parties.master : nil)
      return prologue.bytes.byteCount
    }
    let hint = [UInt8](repeating: 0, count: 1 + row.hint.length)
    let prologue = Prologue(scheme: scheme, hint: hint.bytes)
    return prologue.bytes.byteCount
  }

  func rotation() throws -> [SchemeProfile.Message]? {
    let row = scheme.row
    guard row.hasKeyPair else { return try Rekeying.messages(scheme) }
    // A derived key beside the key pair goes with the certificate.
    return try parties.renewal() + (row.hasKeyBeside ? [try Rekeying.answer(scheme)] : [])
  }
}

/// The server's registry, as far as a handshake asks it.
private struct NoiseRegistry {
  private let scheme: SchemeID
  private let certificate: Certificate
  private let issuerKey: Ed25519.PublicKey
  private let keys: Set<X25519.PublicKey>
  let hints: Set<UInt16>

  init(_ scheme: SchemeID, _ parties: NoiseParties) {
    self.scheme = scheme
    certificate = parties.certificate
    issuerKey = parties.issuerKey
    keys = [parties.device.publicKey]
    var derived = SecretBytes<32>()
    parties.derive(into: &derived)
    hints = [
      scheme.row.hint == .keyHash
        ? RoutingHint.of(parties.device.publicKey)
        : RoutingHint.of(Pseudonym<Hash.SHA256>.make(for: parties.epoch, key: derived))
    ]
  }

  func knows(_ claim: Responder.Claim) -> Bool {
    switch scheme.row.shown {
    case .certificate: claim.certificate?.isSigned(by: issuerKey) == true
    case .credential: claim.certificate == certificate
    case .nothing: claim.publicKey.map(keys.contains) ?? true
    }
  }
}
