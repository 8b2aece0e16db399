// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// A session between two devices, each of which verifies the other's certificate. The relay, if there is one, sees only frames.
///
/// Through the relay the initiator has looked its peer up and runs Noise_IK; over a direct socket, where neither knows the other,
/// they run Noise_XX. Both verify certificates with what they have stored, without asking a server. The first byte of a frame
/// says which message it is. An initiator whose credential is identity-based runs IK with the modifier `implicit`; over a direct
/// socket, where neither knows the other's kind beforehand, each shows its credential of either kind beside its key.
public struct PeerSession: ~Copyable {
  /// First bytes of frames.
  enum Step: UInt8 {
    case ik1 = 0x01
    case ik2 = 0x02
    case transport = 0x03
    /// "I cannot read this": not authenticated, so it is only a reason to look the peer up again.
    case reject = 0x04
    /// Noise_IKimplicit: the credential takes the key's place in the first.
    case implicit1 = 0x05
    case implicit2 = 0x06
    case xx1 = 0x11
    case xx2 = 0x12
    case xx3 = 0x13
  }

  /// The frame that asks the other side to look this device up again.
  public static let rejection: UInt8 = Step.reject.rawValue

  /// Room that any handshake frame needs.
  public static let maximumHandshakeLength = 1 + 96 + Certificate.handshakeLength + tagLength

  private var noise: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  private var sending = CipherState<Cipher.ChaChaPoly>()
  private var receiving = CipherState<Cipher.ChaChaPoly>()
  /// The device that the other side must be; over a direct socket any device that the trust store accepts.
  private var other: DeviceAddress?
  private let isDirect: Bool
  /// Whether the initiator shows an identity-based credential in place of its key.
  private var isImplicit = false
  /// The peer's certificate; trusted once the session ``isEstablished``.
  public var peer: Certificate? { peerPlace.certificate }
  private var peerPlace = CertificatePlace()

  /// A session over a direct socket.
  @inline(never)
  public init(direct role: Role) {
    noise = HandshakeState(.XX, role: role)
    isDirect = true
  }

  /// A session through the relay. The initiator gives the certificate that it looked up.
  public init(relayed role: Role, peer: Certificate? = nil) {
    noise = HandshakeState(.IK, role: role)
    isDirect = false
    peerPlace.set(peer)
  }

  /// A session through the relay that answers this first frame, which determines the pattern.
  public init(answering frame: RawSpan) {
    self.init(relayed: .responder)
    if frame.byteCount > 0, frame.unsafeLoad(as: UInt8.self) == Step.implicit1.rawValue { becomeImplicit() }
  }

  /// Whether both directions have keys and the peer's certificate has been verified.
  public var isEstablished: Bool { sending.hasKey }

  /// Whether the next frame of the handshake is this device's to write.
  public var isMyTurn: Bool { noise.isMyTurn }

  /// Gives the session an ephemeral key made ahead, before ``start(_:other:)``, and takes it away from its place: it opens this session
  /// and no other. Without one there, the session draws its own.
  public mutating func take(_ key: inout EphemeralKey) {
    guard key.isPresent else { return }
    noise.takeEphemeral(&key.key)
    key.wipe()
  }

  /// Prepares the handshake with this device's active key, and verifies the certificate that an initiator looked up.
  ///
  /// - Parameter other: the other device's address, as the relay says it. Over a direct socket it is the device to talk to, or
  ///   nil if any device that the trust store accepts will do.
  public mutating func start(_ identity: borrowing DeviceIdentity, other: DeviceAddress?) throws(DeviceError) {
    let prologue: Prologue
    if !isDirect, noise.role == .initiator, identity.certificate?.identityCredential != nil { becomeImplicit() }
    if isImplicit, identity.trust.master == nil {
      throw .credentials(.unknownIssuer(identity.certificate?.fields.issuer ?? IssuerKeyID(0)))
    }
    let master = isImplicit ? identity.trust.master : nil
    if isDirect {
      prologue = Prologue(.direct)
    } else {
      guard let other else { throw .subjectMismatch }
      let mine = identity.address
      prologue =
        noise.role == .initiator
        ? Prologue(.relayed(from: mine, to: other), master: master)
        : Prologue(.relayed(from: other, to: mine), master: master)
    }
    self.other = other
    if peer != nil { try verifyPeer(identity.trust) }
    do throws(NoiseError) {
      switch identity.slot(.active) {
      case .a: noise.setStatic(identity.slotA.key)
      case .b: noise.setStatic(identity.slotB.key)
      case nil: throw .missingKey(.localStatic)
      }
      if !isDirect, noise.role == .initiator, let peer { noise.setRemoteStatic(peer.publicKey) }
      try noise.start(prologue: prologue.bytes)
    } catch { throw .noise(error) }
  }

  /// Writes the next frame of the handshake and returns its length.
  public mutating func writeHandshake(
    _ identity: borrowing DeviceIdentity, into frame: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard frame.byteCount >= Self.maximumHandshakeLength else {
      throw .noise(.bufferTooSmall(needed: Self.maximumHandshakeLength))
    }
    guard let certificate = identity.certificate else { throw .noUsableKey }
    frame.storeBytes(of: nextStep, as: UInt8.self)
    var message = frame.suffix(from: 1)
    let written: Int
    do throws(NoiseError) {
      var shown = Bytes<84>()
      var shownBytes = shown.mutableBytes
      certificate.encodeForHandshake(into: &shownBytes)
      let bytes = shown.bytes.extracting(0..<certificate.encodedHandshakeLength)
      let length = try noise.writeMessage(
        payloadLength: carriesCertificate ? bytes.byteCount : 0, credential: bytes, into: &message
      ) { payload in
        if payload.byteCount > 0 { copyBytes(bytes, to: &payload) }
      }
      written = 1 + length
    } catch { throw .noise(error) }
    try splitIfFinished()
    return written
  }

  /// Reads the next frame of the handshake and verifies the certificate in it.
  public mutating func readHandshake(_ frame: RawSpan, trust: borrowing TrustStore) throws(DeviceError) {
    guard frame.byteCount > 0 else { throw .malformedRecord }
    let step = frame.unsafeLoad(as: UInt8.self)
    guard step == nextStep else { throw .unexpectedRecord(step) }
    let holdsCertificate = carriesCertificate || (isImplicit && noise.messageIndex == 0)
    try readMessage(frame.extracting(1...), trust)
    do throws(DeviceError) {
      if holdsCertificate { try verifyPeer(trust) }
    } catch {
      // Authenticated, but not acceptable: this handshake must not continue.
      abandon()
      throw error
    }
    try splitIfFinished()
  }

  @inline(never)
  private mutating func abandon() {
    noise.wipe()
    peerPlace.set(nil)
  }

  /// Not inlined, like all that ``readHandshake(_:trust:)`` does beside verifying.
  @inline(never)
  private mutating func splitIfFinished() throws(DeviceError) {
    do throws(NoiseError) {
      if noise.isFinished { try noise.split(sending: &sending, receiving: &receiving) }
    } catch { throw .noise(error) }
  }

  /// Reads a message and the certificate in it, which is not verified yet. Not inlined: verifying takes most of a small
  /// device's stack, and what this function needs must be free again by then.
  @inline(never)
  private mutating func readMessage(_ message: RawSpan, _ trust: borrowing TrustStore) throws(DeviceError) {
    let master = trust.master
    let holdsCertificate = carriesCertificate
    var payload = Bytes<84>()
    var payloadBytes = payload.mutableBytes
    var shown: IdentityCredential?
    let length: Int
    do throws(NoiseError) {
      length = try noise.readMessage(
        message, into: &payloadBytes,
        reconstructing: { bytes throws(NoiseError) in
          let credential = try IdentityCredential(claimedIn: bytes)
          shown = credential
          return try credential.claimedKey(under: master)
        })
    } catch { throw .noise(error) }
    do throws(DeviceError) {
      let bytes = payloadBytes.bytes.extracting(0..<length)
      guard length == (holdsCertificate ? Certificate.handshakeLength(of: bytes) : 0) else { throw .malformedRecord }
      guard let key = noise.remoteStatic else { return }
      if let shown { peerPlace.set(Certificate(shown, publicKey: key)) }
      guard holdsCertificate else { return }
      do { peerPlace.set(try Certificate(decoding: bytes, publicKey: key)) } catch {
        throw .credentials(.malformed(error))
      }
    } catch {
      noise.wipe()
      throw error
    }
  }

  /// Whether the peer may still be talked to: its revocation, or a new epoch, may have come since the handshake.
  public func checkPeer(_ trust: borrowing TrustStore) throws(DeviceError) {
    guard isEstablished else { throw .noise(.outOfTurn) }
    try checkFields(trust)
  }

  private func verifyPeer(_ trust: borrowing TrustStore) throws(DeviceError) {
    // The key of a credential that took the key's place was computed from it, with the master key that this device trusts.
    if !(isImplicit && noise.role == .responder) {
      do { try trust.verifySignature(of: peerPlace) } catch { throw .credentials(error) }
    }
    try checkFields(trust)
  }

  @inline(never)
  private func checkFields(_ trust: borrowing TrustStore) throws(DeviceError) {
    guard let peer else { throw .subjectMismatch }
    try check(peer.fields, trust)
  }

  private func check(_ fields: CertificateFields, _ trust: borrowing TrustStore) throws(DeviceError) {
    do {
      try trust.check(fields, isInitiator: noise.role == .responder, isVouchedFor: !isDirect)
    } catch { throw .credentials(error) }
    if let other, fields.address != other { throw .subjectMismatch }
  }

  private mutating func becomeImplicit() {
    noise = HandshakeState(.IK.implicit(credentialLength: IdentityCredential.encodedLength), role: noise.role)
    isImplicit = true
  }

  /// The first byte of the handshake's next frame.
  private var nextStep: UInt8 {
    let first: Step = isDirect ? .xx1 : isImplicit ? .implicit1 : .ik1
    return first.rawValue + UInt8(noise.messageIndex)
  }

  /// Overwrites the session's keys: it is over.
  public mutating func close() {
    noise.wipe()
    sending.wipe()
    receiving.wipe()
  }

  /// Seals a record and returns the frame's length.
  public mutating func seal(_ record: PeerRecord, into frame: inout MutableRawSpan) throws(DeviceError) -> Int {
    guard isEstablished else { throw .noise(.outOfTurn) }
    let needed = 1 + record.encodedLength + tagLength
    guard needed <= Framing.maximumFrameLength else { throw .messageTooLong }
    guard frame.byteCount >= needed else { throw .noise(.bufferTooSmall(needed: needed)) }
    frame.storeBytes(of: Step.transport.rawValue, as: UInt8.self)
    var body = frame.suffix(from: 1)
    let length = record.encode(into: &body) + tagLength
    var message = body.prefix(length)
    do { try sending.encrypt(inPlace: &message) } catch { throw .noise(error) }
    return 1 + length
  }

  /// Opens a frame in place; the result lives in it.
  @_lifetime(copy frame)
  public mutating func open(_ frame: inout MutableRawSpan) throws(DeviceError) -> PeerRecord {
    guard isEstablished else { throw .noise(.outOfTurn) }
    guard frame.byteCount > tagLength else { throw .malformedRecord }
    let step = frame.bytes.unsafeLoad(as: UInt8.self)
    guard step == Step.transport.rawValue else { throw .unexpectedRecord(step) }
    var message = frame.suffix(from: 1)
    do { try receiving.decrypt(inPlace: &message) } catch { throw .noise(error) }
    do {
      return try PeerRecord(
        decoding: _overrideLifetime(frame.bytes.extracting(1..<frame.byteCount - tagLength), copying: frame))
    } catch { throw DeviceError(record: error) }
  }

  /// In IK the initiator shows its certificate in the first message and has looked up its peer's; in XX each shows its own
  /// with its static key. In IKimplicit the credential takes the static key's place.
  private var carriesCertificate: Bool { isDirect ? noise.messageIndex > 0 : noise.messageIndex == 0 && !isImplicit }
}
