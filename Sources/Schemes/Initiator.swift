// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Noise

/// The device's side of every scheme with a Noise handshake: from its keys and what it shows to a session's keys.
///
/// The first frame is the scheme (1), the hint where there is one, and the first message. The prologue binds the scheme and the
/// server's key, or the hint if the server has no key; with an identity-based credential also the master public key. Set the keys
/// that the scheme needs, ``writeHello(hint:showing:master:into:)``, then ``readReply(_:keys:)``. In a handshake of three
/// messages ``writeLast(showing:into:keys:)`` follows. The device's certificate or credential goes with its last message.
public struct Initiator: ~Copyable {
  /// The longest first frame of any scheme.
  public static let maximumHelloLength = 97 + Certificate.handshakeLength

  public let scheme: SchemeID
  private var noise: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>

  /// - Parameter scheme: one with a Noise handshake.
  @inline(never)
  public init(_ scheme: SchemeID) {
    self.init(scheme, pattern: scheme.row.exchange.noisePattern)
  }

  /// For firmware that has one scheme and names its pattern here: then no other is linked.
  @inline(__always)
  public init(_ scheme: SchemeID, pattern: HandshakePattern) {
    self.scheme = scheme
    noise = HandshakeState(pattern, role: .initiator)
  }

  // MARK: Keys, before the first frame

  /// Sets the device's key pair and the server's public key, in the schemes in which a device has a key pair.
  public mutating func setStatic(_ key: borrowing X25519.PrivateKey, server: X25519.PublicKey) {
    noise.setStatic(key)
    noise.setRemoteStatic(server)
  }

  /// Sets DH of the device's static key and the server's, if it is kept. With a wrong one the server refuses the first frame.
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    noise.setStaticSharedSecret(shared)
  }

  /// Sets the derived key, in the schemes that mix one in: ``Scheme/usesPSK``.
  public mutating func setPSK(_ key: borrowing SecretBytes<32>) throws(SchemesError) {
    do { try noise.setPSK(key, at: noise.pattern.pskPositions.trailingZeroBitCount) } catch { throw .noise(error) }
  }

  /// Gives the ephemeral key, where it was made ahead, and takes it away from its place: no other handshake has it.
  public mutating func takeEphemeral(_ key: inout X25519.PrivateKey) {
    noise.takeEphemeral(&key)
  }

  // MARK: Messages

  /// Writes the first frame and returns its length.
  ///
  /// - Parameters:
  ///   - hint: what the scheme's ``Scheme/Hint`` says, as many bytes as that has.
  ///   - shown: the certificate or credential in its handshake form, in the schemes that show one in the first message.
  ///   - master: the master public key, in the schemes that show a credential.
  /// - Throws: ``SchemesError/unexpectedScheme(_:)`` for a scheme without a Noise handshake, ``SchemesError/malformed`` for a hint of
  ///   another length.
  @inline(__always)
  public mutating func writeHello(
    hint: RawSpan = RawSpan(), showing shown: RawSpan = RawSpan(), master: MasterPublicKey? = nil,
    into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let row = scheme.row
    guard row.exchange.isNoise else { throw .unexpectedScheme(scheme.rawValue) }
    guard hint.byteCount == row.hint.length else { throw .malformed }
    guard frame.byteCount >= row.maximumHelloLength else { throw .bufferTooSmall(needed: row.maximumHelloLength) }
    return try writeFirst(hint, shown, isCredential: row.shown == .credential, master, into: &frame)
  }

  private mutating func writeFirst(
    _ hint: RawSpan, _ shown: RawSpan, isCredential: Bool, _ master: MasterPublicKey?, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    frame.storeBytes(of: scheme.rawValue, as: UInt8.self)
    copyBytes(hint, to: &frame, at: 1)
    let start = 1 + hint.byteCount
    do throws(NoiseError) {
      try begin(frame.bytes.extracting(0..<start), isCredential ? master : nil)
      var message = frame.suffix(from: start)
      return start
        + (try noise.writeMessage(
          payloadLength: isCredential ? 0 : shown.byteCount, credential: isCredential ? shown : RawSpan(),
          into: &message
        ) { if !isCredential { copyBytes(shown, to: &$0) } })
    } catch { throw .noise(error) }
  }

  /// Not inlined: the messages need its stack.
  @inline(never)
  private mutating func begin(_ prefix: RawSpan, _ master: MasterPublicKey?) throws(NoiseError) {
    let prologue =
      if let server = noise.remoteStatic {
        Prologue(scheme: scheme, serverKey: server, master: master)
      } else {
        Prologue(scheme: scheme, hint: prefix)
      }
    try noise.start(prologue: prologue.bytes)
  }

  /// Reads the server's answer and, unless ``isMyTurn`` afterwards, derives the session's keys into the caller's place.
  ///
  /// - Throws: ``SchemesError/refused(_:)`` when the server proves to be it and opens no session with this key. The handshake is over
  ///   then, and, in a scheme with a derived key beside the key pair, after a forged refusal too.
  public mutating func readReply(_ frame: RawSpan, keys: inout SessionKeys) throws(SchemesError) {
    var reason = Bytes<1>()
    var payload = reason.mutableBytes
    let length: Int
    do throws(NoiseError) {
      if noise.pattern.mixesPSKIntoReply, frame.byteCount == scheme.row.refusalLength { try leaveOutPSK() }
      length = try noise.readMessage(frame, into: &payload)
      if length == 0 && noise.isFinished {
        try noise.split(sending: &keys.sending, receiving: &keys.receiving, export: &keys.export)
      }
    } catch { throw .noise(error) }
    guard length == 0 else {
      noise.wipe()
      throw .refused(SessionRefusal(rawValue: reason[0]))
    }
  }

  /// A refusal is made without the device's derived key, for the server gives one to strangers too.
  @inline(never)
  private mutating func leaveOutPSK() throws(NoiseError) {
    let nothing = SecretBytes<32>()
    try noise.setPSK(nothing, at: 2)
  }

  /// Whether the next message is the device's to send.
  public var isMyTurn: Bool { noise.isMyTurn }

  /// Writes the third message, in the schemes that have one, derives the session's keys, and returns the frame's length.
  ///
  /// - Parameter shown: the certificate in its handshake form, in the schemes that show one.
  public mutating func writeLast(
    showing shown: RawSpan, into frame: inout MutableRawSpan, keys: inout SessionKeys
  ) throws(SchemesError) -> Int {
    do throws(NoiseError) {
      let length = try noise.writeMessage(shown, into: &frame)
      try noise.split(sending: &keys.sending, receiving: &keys.receiving, export: &keys.export)
      return length
    } catch { throw .noise(error) }
  }

  /// Overwrites the keys of a handshake that will not be finished; a finished one has done so.
  public mutating func close() {
    noise.wipe()
  }

  // MARK: Keys to come

  /// Proves a key in this session, after the server's answer has been read.
  ///
  /// - Throws: ``SchemesError/malformed`` before that.
  public func proof(of key: borrowing X25519.PrivateKey) throws(SchemesError) -> Bytes<16> {
    guard let ephemeral = noise.remoteEphemeral else { throw .malformed }
    return try KeyProof.make(for: key, serverEphemeral: ephemeral, handshakeHash: noise.handshakeHash)
  }
}

extension Initiator {
  /// ``writeHello(hint:showing:master:into:)`` of a device with a key pair, that has been given with ``setStatic(_:server:)``, in the
  /// schemes without a hint.
  ///
  /// - Throws: ``SchemesError/unexpectedScheme(_:)`` for a certificate of the other kind than the scheme's, and for a credential
  ///   without a master public key.
  public mutating func writeHello(
    _ certificate: Certificate, master: MasterPublicKey? = nil, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let row = scheme.row
    let isCredential = certificate.identityCredential != nil
    guard (row.shown == .credential) == isCredential, !isCredential || master != nil else {
      throw .unexpectedScheme(scheme.rawValue)
    }
    let length = row.shown != .nothing && row.messageCount == 2 ? certificate.encodedHandshakeLength : 0
    var shown = Bytes<84>()
    var shownBytes = shown.mutableBytes
    certificate.encodeForHandshake(into: &shownBytes)
    return try writeHello(showing: shown.bytes.extracting(0..<length), master: master, into: &frame)
  }

  /// ``writeLast(showing:into:keys:)`` of a device with a certificate.
  public mutating func writeLast(
    _ certificate: Certificate, into frame: inout MutableRawSpan, keys: inout SessionKeys
  ) throws(SchemesError) -> Int {
    guard scheme.row.shown != .nothing else { return try writeLast(showing: RawSpan(), into: &frame, keys: &keys) }
    var shown = Bytes<84>()
    var shownBytes = shown.mutableBytes
    certificate.encodeForHandshake(into: &shownBytes)
    return try writeLast(
      showing: shown.bytes.extracting(0..<certificate.encodedHandshakeLength), into: &frame, keys: &keys)
  }
}
