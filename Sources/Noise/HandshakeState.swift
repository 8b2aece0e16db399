// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Which party of a handshake a state plays: the initiator sends the first message.
public enum Role: Equatable, Sendable {
  case initiator
  case responder

  public var opposite: Role { self == .initiator ? .responder : .initiator }
}

/// One party of a handshake of the specification.
public typealias HandshakeState<C: Cipher.Function, H: Hash.Function> = HandshakeMachine<C, H, NoKEM>

/// One party of a handshake whose secrets come from Curve25519 and ML-KEM-768: its pattern has the modifier `hfs`.
public typealias HybridHandshakeState<C: Cipher.Function, H: Hash.Function> = HandshakeMachine<C, H, MLKEM768State>

/// One party of a handshake (specification, section 5.3).
///
/// Make it empty in its final place, give it the pattern's keys, ``start(prologue:)`` it, then write and read in turn until
/// ``isFinished``, and ``split(sending:receiving:)``. Keys are copied in and wiped when the handshake ends. Every call
/// either succeeds or leaves the state byte for byte as it was.
///
/// There are two kinds of it: ``HandshakeState``, and ``HybridHandshakeState`` for patterns with the modifier `hfs`.
public struct HandshakeMachine<C: Cipher.Function, H: Hash.Function, K: KEM & ~Copyable>: ~Copyable, Sendable {
  @usableFromInline enum Phase: Sendable { case collectingKeys, running, finished, split }

  public internal(set) var pattern: HandshakePattern
  public internal(set) var role: Role
  @usableFromInline var phase = Phase.collectingKeys
  @usableFromInline var index = 0

  @usableFromInline var symmetric = SymmetricState<C, H>()
  @usableFromInline var s = X25519.PrivateKey()
  @usableFromInline var e = X25519.PrivateKey()
  @usableFromInline var hasS = false
  @usableFromInline var hasE = false
  @usableFromInline var ephemeralIsFixed = false
  @usableFromInline var rs: X25519.PublicKey?
  @usableFromInline var re: X25519.PublicKey?
  @usableFromInline var peer = PeerSecrets()
  @usableFromInline var deferredPSKs: UInt8 = 0
  @usableFromInline var kem = K()

  /// A state that has no keys yet.
  public init(_ pattern: HandshakePattern, role: Role) {
    self.pattern = pattern
    self.role = role
  }

  /// Messages written or read so far.
  @inlinable public var messageIndex: Int { index }

  /// Whether all messages of the pattern have been written or read.
  public var isFinished: Bool { index == pattern.messageCount }

  /// Whether the next message is this party's to write.
  public var isMyTurn: Bool { phase == .running && (messageIndex & 1 == 0) == (role == .initiator) }

  /// The peer's static public key, once it is known.
  public var remoteStatic: X25519.PublicKey? { rs }

  /// The peer's ephemeral public key, once it is known.
  public var remoteEphemeral: X25519.PublicKey? { re }

  /// h, of HASHLEN bytes: after the last message it uniquely identifies this session (section 11.2).
  @inlinable
  public var handshakeHash: RawSpan {
    @_lifetime(borrow self)
    borrowing get { symmetric.handshakeHash }
  }

  /// Lends the local ephemeral key and the handshake hash of a finished handshake, before Split wipes the key. For a protocol in
  /// which the peer proves a further key against it; protect a copy like the transport keys.
  ///
  /// - Throws: ``NoiseError/outOfTurn`` unless the handshake is finished and has not been split.
  public func withEphemeral(_ body: (borrowing X25519.PrivateKey, RawSpan) -> Void) throws(NoiseError) {
    guard phase == .finished, hasE else { throw .outOfTurn }
    body(e, symmetric.handshakeHash)
  }

  /// Derives the two transport keys (Split) into the caller's places and wipes this state's secrets.
  ///
  /// In a one-way pattern the direction from responder to initiator stays without a key.
  @inlinable
  public mutating func split(
    sending: inout CipherState<C>, receiving: inout CipherState<C>
  ) throws(NoiseError) {
    guard phase == .finished else { throw .outOfTurn }
    if role == .initiator {
      symmetric.split(&sending, &receiving)
      if pattern.isOneWay { receiving.wipe() }
    } else {
      symmetric.split(&receiving, &sending)
      if pattern.isOneWay { sending.wipe() }
    }
    wipe()
  }

  /// ``split(sending:receiving:)`` that also derives 32 bytes which both sides have and nobody else: the third output of Split's HKDF,
  /// from which a protocol derives further keys. Treat it like the transport keys.
  @inlinable
  public mutating func split(
    sending: inout CipherState<C>, receiving: inout CipherState<C>, export: inout SecretBytes<32>
  ) throws(NoiseError) {
    guard phase == .finished else { throw .outOfTurn }
    if role == .initiator {
      symmetric.split(&sending, &receiving, export: &export)
      if pattern.isOneWay { receiving.wipe() }
    } else {
      symmetric.split(&receiving, &sending, export: &export)
      if pattern.isOneWay { sending.wipe() }
    }
    wipe()
  }

  /// ``split(sending:receiving:)`` into a new pair. Moving the pair leaves copies of its keys behind; if that matters, pass the
  /// places instead.
  @inlinable
  public consuming func split() throws(NoiseError) -> TransportState<C> {
    var transport = TransportState<C>()
    try split(sending: &transport.sending, receiving: &transport.receiving)
    return transport
  }

  /// Overwrites every secret. The handshake cannot continue; its hash and the peer's keys stay readable.
  @inlinable
  public mutating func wipe() {
    symmetric.wipe()
    s.wipe()
    e.wipe()
    peer.wipe()
    kem.wipe()
    phase = .split
  }
}
