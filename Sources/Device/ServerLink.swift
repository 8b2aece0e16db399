import Credentials
import Noise
import Primitives
import Schemes

/// A device's session with the server: opens it, then seals and opens records.
public struct ServerLink: ~Copyable {
  private var handshake: CertifiedHandshake
  private var ciphers = RecordCiphers()
  /// The slot whose key opened this session.
  public private(set) var slot: SlotName?

  /// - Parameter scheme: `certified`, `registered` or `identity-based`.
  public init(scheme: SchemeID) {
    handshake = CertifiedHandshake(scheme: scheme)
  }

  public var isEstablished: Bool { ciphers.hasKeys }

  /// Writes the first frame and returns its length; one multiplication on the curve less after
  /// ``DeviceIdentity/prepareSession(fallingBack:)``.
  ///
  /// - Parameter fallingBack: whether the server has just refused a key that has never been used, so that the active one
  ///   is tried.
  public mutating func writeHello(
    _ identity: borrowing DeviceIdentity, fallingBack: Bool = false, into frame: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    slot = identity.slotForSession(fallingBack: fallingBack)
    do throws(SchemesError) {
      switch slot {
      case .a: return try writeHello(identity.slotA, identity, into: &frame)
      case .b: return try writeHello(identity.slotB, identity, into: &frame)
      case nil: throw .malformed
      }
    } catch { throw slot == nil ? .noUsableKey : .schemes(error) }
  }

  private mutating func writeHello(
    _ slot: borrowing KeySlot, _ identity: borrowing DeviceIdentity, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard let certificate = slot.certificate else { throw .malformed }
    if slot.hasSharedWithServer { handshake.setStaticSharedSecret(slot.sharedWithServer) }
    return try handshake.writeHello(
      key: slot.key, certificate: certificate, serverKey: identity.serverKey, master: identity.trust.master,
      into: &frame)
  }

  /// Reads the server's answer. The next frame to send is the record `hello`.
  ///
  /// - Throws: ``DeviceError/tryLater`` when the server has no place for any device now: that is no reason to fall back.
  public mutating func readReply(_ frame: RawSpan) throws(DeviceError) {
    guard !Framing.isTryLater(frame) else { throw .tryLater }
    do {
      try handshake.readReply(frame, sending: &ciphers.sending, receiving: &ciphers.receiving)
    } catch { throw .schemes(error) }
  }

  /// Begins the session with the keys of another scheme's handshake, which `finish` puts in place.
  public mutating func begin(
    with slot: SlotName, _ finish: (inout RecordCiphers) throws(SchemesError) -> Void
  ) throws(DeviceError) {
    self.slot = slot
    do { try finish(&ciphers) } catch { throw .schemes(error) }
  }

  /// The record that asks for a certificate of `key`, one of the identity's own. The next key is proved to the server: see
  /// ``KeyProof``.
  ///
  /// - Throws: ``DeviceError/schemes(_:)`` when the server's answer has not been read.
  @_lifetime(immortal)
  public func renewal(
    of key: X25519.PublicKey, _ identity: borrowing DeviceIdentity
  ) throws(DeviceError) -> DeviceRecord {
    .renew(key, proof: try identity.proof(of: key) { key throws(SchemesError) in try proof(of: key) })
  }

  /// Proves a key in this session.
  ///
  /// - Throws: ``SchemesError/malformed`` before the server's answer has been read, or when another handshake than this link's
  ///   opened the session.
  public func proof(of key: borrowing X25519.PrivateKey) throws(SchemesError) -> Bytes<16> {
    try handshake.proof(of: key)
  }

  /// Overwrites the session's keys: it is over.
  public mutating func close() {
    handshake.close()
    ciphers.wipe()
  }

  /// Seals a record and returns the frame's length.
  public mutating func seal(_ record: DeviceRecord, into frame: inout MutableRawSpan) throws(DeviceError) -> Int {
    try ciphers.seal(record, into: &frame)
  }

  /// Opens a frame in place; the record lives in it.
  @_lifetime(copy frame)
  public mutating func open(_ frame: inout MutableRawSpan) throws(DeviceError) -> ServerRecord {
    try ciphers.open(&frame)
  }
}

extension DeviceIdentity {
  /// The proof of a key that waits for its first certificate or its first use; nil for the one in use, which its sessions prove.
  public func proof(
    of key: X25519.PublicKey, _ prove: (borrowing X25519.PrivateKey) throws(SchemesError) -> Bytes<16>
  ) throws(DeviceError) -> Bytes<16>? {
    do throws(SchemesError) {
      switch slot(.pending) ?? slot(.certified) {
      case .a where slotA.key.publicKey == key: return try prove(slotA.key)
      case .b where slotB.key.publicKey == key: return try prove(slotB.key)
      default: return nil
      }
    } catch { throw .schemes(error) }
  }
}

extension DeviceIdentity {
  /// Remembers the generation of a peer whose certificate has been verified and whose key has been proved.
  ///
  /// - Throws: ``DeviceError/credentials(_:)`` with ``CredentialsError/superseded(generation:)`` when the peer was met with a later
  ///   one.
  public mutating func meet(_ peer: CertificateFields) throws(DeviceError) {
    do throws(CredentialsError) {
      if try trust.meet(peer) { isDirty = true }
    } catch { throw .credentials(error) }
  }
}
