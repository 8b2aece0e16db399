// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Noise

/// The server's side of every scheme with a Noise handshake.
///
/// ``readHello(_:key:device:master:reconstructing:resolving:)``, ``writeReply(into:keys:proof:)`` or ``writeRefusal(_:into:)``, and in a
/// handshake of three messages ``readLast(_:keys:proof:)``. The first message can be replayed and, by whoever holds the server's key,
/// forged. Reading it therefore changes nothing outside this value, and the server must act on nothing before the device's first transport
/// message.
public struct Responder: ~Copyable {
  public let scheme: SchemeID
  private var noise: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  private var hasPSK = false

  /// - Parameter scheme: one with a Noise handshake: else ``readHello(_:key:device:master:reconstructing:resolving:)`` refuses.
  public init(_ scheme: SchemeID) {
    self.init(scheme, pattern: scheme.row.exchange.noisePattern)
  }

  init(_ scheme: SchemeID, pattern: HandshakePattern) {
    self.scheme = scheme
    noise = HandshakeState(pattern, role: .responder)
  }

  /// For the scheme that a first frame names.
  ///
  /// - Throws: ``SchemesError/malformed`` for an empty frame, ``SchemesError/unexpectedScheme(_:)`` for a scheme that does not exist
  ///   or has no Noise handshake.
  public init(answering frame: RawSpan) throws(SchemesError) {
    guard frame.byteCount > 0 else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard let scheme = SchemeID(rawValue: first), scheme.row.exchange.isNoise else { throw .unexpectedScheme(first) }
    self.init(scheme)
  }

  /// What a handshake claims so far: a key, if the device has shown one, and what came with it: a certificate, not yet verified,
  /// or the implicit certificate of the credential from which the key was computed.
  public struct Claim {
    public let publicKey: X25519.PublicKey?
    public let certificate: Certificate?
  }

  /// Sets the device's derived key, in the schemes that mix one in: before the first frame, or, if that frame tells whose it is,
  /// before the answer.
  public mutating func setPSK(_ key: borrowing SecretBytes<32>) throws(SchemesError) {
    do { try noise.setPSK(key, at: pskPosition) } catch { throw .noise(error) }
    hasPSK = true
  }

  /// Whether the handshake mixes the static shared secret, so that a cached one saves a multiplication.
  public var mixesStaticSharedSecret: Bool { noise.pattern.sends(.ss, by: .initiator) }

  private var pskPosition: Int { noise.pattern.pskPositions.trailingZeroBitCount }

  /// Reads the first frame. After an error this handshake is over: if several keys share a hint, try the next with a new value.
  ///
  /// - Parameters:
  ///   - key: the server's static key.
  ///   - device: the device's key, in the schemes in which the hint leads to it.
  ///   - master: the master public key; without it a scheme that shows a credential is refused.
  ///   - reconstructing: returns the key of a credential under `master`, if it is already known; nil has it computed here. It may
  ///     throw to refuse a stranger before anything is computed.
  ///   - resolving: called with the key that the frame shows, not yet authenticated; it may set the static shared secret, so that
  ///     it is not computed again.
  public mutating func readHello(
    _ frame: RawSpan, key: borrowing X25519.PrivateKey, device: X25519.PublicKey? = nil, master: MasterPublicKey? = nil,
    reconstructing: (IdentityCredential) throws(NoiseError) -> X25519.PublicKey? = { _ throws(NoiseError) in nil },
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void = { _, _ throws(NoiseError) in }
  ) throws(SchemesError) -> Claim {
    let row = scheme.row
    guard frame.byteCount > 0 else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard first == scheme.rawValue, row.exchange.isNoise, row.shown != .credential || master != nil else {
      throw .unexpectedScheme(first)
    }
    let start = 1 + row.hint.length
    guard frame.byteCount >= start else { throw .malformed }
    do throws(NoiseError) {
      if noise.pattern.needsStatic(.responder) {
        noise.setStatic(key)
        if let device { noise.setRemoteStatic(device) }
        if row.usesPSK && !hasPSK { try noise.deferPSK(at: pskPosition) }
        let prologue = Prologue(
          scheme: scheme, serverKey: key.publicKey, master: row.shown == .credential ? master : nil)
        try noise.start(prologue: prologue.bytes)
      } else {
        let prologue = Prologue(scheme: scheme, hint: frame.extracting(0..<start))
        try noise.start(prologue: prologue.bytes)
      }
    } catch { throw .noise(error) }
    return try read(frame.extracting(start...), device, master, reconstructing, resolving)
  }

  private mutating func read(
    _ message: RawSpan, _ device: X25519.PublicKey?, _ master: MasterPublicKey?,
    _ reconstructing: (IdentityCredential) throws(NoiseError) -> X25519.PublicKey?,
    _ resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
  ) throws(SchemesError) -> Claim {
    // What vouches for the device goes with its last message.
    let isLast = noise.messageIndex == (noise.pattern.messageCount - 1) & ~1
    let shown = isLast ? scheme.row.shown : .nothing
    var payload = Bytes<84>()
    var payloadBytes = payload.mutableBytes
    var credential: IdentityCredential?
    let length: Int
    do throws(NoiseError) {
      length = try noise.readMessage(
        message, into: &payloadBytes,
        reconstructing: { bytes throws(NoiseError) in
          let claimed = try IdentityCredential(claimedIn: bytes)
          credential = claimed
          if let known = try reconstructing(claimed) { return known }
          return try claimed.claimedKey(under: master)
        }, resolving: resolving)
    } catch { throw .noise(error) }
    do throws(SchemesError) {
      guard length == (shown == .certificate ? Certificate.handshakeLength : 0) else { throw .malformed }
      let publicKey = noise.remoteStatic
      var certificate: Certificate?
      if let publicKey, let credential { certificate = Certificate(credential, publicKey: publicKey) }
      if let publicKey, shown == .certificate {
        do { certificate = try Certificate(decoding: payload.bytes, publicKey: publicKey) } catch {
          throw .credentials(.malformed(error))
        }
      }
      return Claim(publicKey: publicKey, certificate: certificate)
    } catch {
      noise.wipe()
      throw error
    }
  }

  /// Reads the third message, in the schemes that have one, and derives the session's keys.
  public mutating func readLast(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(SchemesError) -> Claim {
    let claim = try read(frame, nil, nil, { _ throws(NoiseError) in nil }, { _, _ throws(NoiseError) in })
    try finish(&keys) { proof.keep($0, $1) }
    return claim
  }

  /// Writes the answer, ``Scheme/replyLength`` bytes, and derives the session's keys, unless a third message follows.
  public mutating func writeReply(into frame: inout MutableRawSpan, keys: inout SessionKeys) throws(SchemesError) -> Int
  {
    try writeReply(into: &frame, keys: &keys) { _, _ in }
  }

  /// ``writeReply(into:keys:)`` for a session in which a device with a key pair may prove its next key.
  public mutating func writeReply(
    into frame: inout MutableRawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(SchemesError) -> Int {
    try writeReply(into: &frame, keys: &keys) { proof.keep($0, $1) }
  }

  /// Writes, in the place of the answer, why the server opens no session, ``Scheme/refusalLength`` bytes. The handshake is over
  /// then. Only who has the private half of the key that the first frame was made with can read it.
  ///
  /// It costs what an answer costs. Where an answer mixes a derived key, this mixes zeros: it is for strangers too, who have none.
  public mutating func writeRefusal(
    _ reason: SessionRefusal, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    defer { noise.wipe() }
    do throws(NoiseError) {
      if noise.pattern.mixesPSKIntoReply {
        let nothing = SecretBytes<32>()
        try noise.setPSK(nothing, at: 2)
      }
      return try noise.writeMessage(payloadLength: SessionRefusal.length, into: &frame) {
        $0.storeBytes(of: reason.rawValue, as: UInt8.self)
      }
    } catch { throw .noise(error) }
  }

  private mutating func writeReply(
    into frame: inout MutableRawSpan, keys: inout SessionKeys,
    _ keep: (borrowing X25519.PrivateKey, RawSpan) -> Void
  ) throws(SchemesError) -> Int {
    let length: Int
    do { length = try noise.writeMessage(into: &frame) } catch { throw .noise(error) }
    if noise.isFinished { try finish(&keys, keep) }
    return length
  }

  private mutating func finish(
    _ keys: inout SessionKeys, _ keep: (borrowing X25519.PrivateKey, RawSpan) -> Void
  ) throws(SchemesError) {
    do throws(NoiseError) {
      try noise.withEphemeral(keep)
      try noise.split(sending: &keys.sending, receiving: &keys.receiving, export: &keys.export)
    } catch { throw .noise(error) }
  }

  /// Overwrites the keys of a handshake that will not be finished; a finished one has done so.
  public mutating func close() {
    noise.wipe()
  }
}

extension IdentityCredential {
  /// ``init(decoding:)`` in the midst of a handshake.
  public init(claimedIn bytes: RawSpan) throws(NoiseError) {
    do { self = try IdentityCredential(decoding: bytes) } catch { throw .peerRefused }
  }

  /// ``publicKey(under:)`` in the midst of a handshake.
  public func claimedKey(under master: MasterPublicKey?) throws(NoiseError) -> X25519.PublicKey {
    guard let master else { throw .peerRefused }
    do { return try publicKey(under: master) } catch { throw .peerRefused }
  }
}
