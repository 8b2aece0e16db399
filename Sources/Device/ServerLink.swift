// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// A device's session with the server, for a device with a key pair: opens it, then seals and opens records.
public struct ServerLink: ~Copyable {
  private var handshake: Initiator
  private var keys = SessionKeys()
  /// The slot whose key opened this session.
  public private(set) var slot: SlotName?

  /// - Parameter scheme: one in which a device has a key pair.
  public init(scheme: SchemeID) {
    handshake = Initiator(scheme)
  }

  public var isEstablished: Bool { keys.isPresent }

  /// Lends what the session exports: both sides have it, and keys of their own follow from it. See ``SessionKeys/export``.
  public func withExport<Result: ~Copyable, Failure: Error>(
    _ body: (borrowing SecretBytes<32>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(keys.export)
  }

  /// Sets the derived key that belongs to the device's own, in `hybrid-ikpsk2`, before the first frame.
  public mutating func setPSK(_ key: borrowing SecretBytes<32>) throws(DeviceError) {
    do { try handshake.setPSK(key) } catch { throw .schemes(error) }
  }

  /// Gives the session an ephemeral key made ahead, before its first frame, and takes it away from its place: it opens this session and
  /// no other. Without one there, the session draws its own.
  public mutating func take(_ key: inout EphemeralKey) {
    guard key.isPresent else { return }
    handshake.takeEphemeral(&key.key)
    key.wipe()
  }

  /// Writes the first frame and returns its length; one multiplication on the curve less after
  /// ``DeviceIdentity/prepareSession(fallingBack:)``.
  ///
  /// - Parameter fallingBack: whether the server has just refused a key that has never been used, by ``DeviceError/refused(_:)``, so that
  ///   the active one is tried.
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
    handshake.setStatic(slot.key, server: identity.serverKey)
    guard handshake.scheme.row.hint == .keyHash else {
      return try handshake.writeHello(certificate, master: identity.trust.master, into: &frame)
    }
    let hint = RoutingHint.bytes(of: certificate.publicKey)
    return try handshake.writeHello(hint: hint.bytes, into: &frame)
  }

  /// Reads the server's answer. The next frame to send is the record `hello`, or, when ``hasLastMessage``, the handshake's third
  /// message before it.
  ///
  /// - Throws: ``DeviceError/refused(_:)`` when the server proves to be it and refuses the key: only that is a reason to fall back.
  ///   ``DeviceError/tryLater`` when it says, in clear, that it has no place for any device now.
  public mutating func readReply(_ frame: RawSpan) throws(DeviceError) {
    guard !Framing.isTryLater(frame) else { throw .tryLater }
    do { try handshake.readReply(frame, keys: &keys) } catch { throw DeviceError(answer: error) }
  }

  /// Whether a message of the handshake is still to be sent.
  public var hasLastMessage: Bool { handshake.isMyTurn }

  /// Writes the handshake's third message and returns the frame's length.
  public mutating func writeLast(
    _ identity: borrowing DeviceIdentity, into frame: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    let certificate = slot == .b ? identity.slotB.certificate : identity.slotA.certificate
    guard let certificate else { throw .noUsableKey }
    do { return try handshake.writeLast(certificate, into: &frame, keys: &keys) } catch { throw .schemes(error) }
  }

  /// The record that asks for a certificate of `key`, one of the identity's own. The next key is proved to the server: see
  /// ``KeyProof``.
  ///
  /// - Throws: ``DeviceError/schemes(_:)`` when the server's answer has not been read.
  @_lifetime(immortal)
  public func renewal(
    of key: X25519.PublicKey, _ identity: borrowing DeviceIdentity
  ) throws(DeviceError) -> DeviceRecord {
    .renew(key, proof: try proof(of: key, identity))
  }

  /// The proof of a key that waits for its first certificate or its first use; nil for the one in use, which its sessions prove.
  ///
  /// - Throws: ``DeviceError/schemes(_:)`` when the server's answer has not been read.
  public func proof(of key: X25519.PublicKey, _ identity: borrowing DeviceIdentity) throws(DeviceError) -> Bytes<16>? {
    do throws(SchemesError) {
      switch identity.slot(.pending) ?? identity.slot(.certified) {
      case .a where identity.slotA.key.publicKey == key: return try handshake.proof(of: identity.slotA.key)
      case .b where identity.slotB.key.publicKey == key: return try handshake.proof(of: identity.slotB.key)
      default: return nil
      }
    } catch { throw .schemes(error) }
  }

  /// Overwrites the session's keys: it is over.
  public mutating func close() {
    handshake.close()
    keys.wipe()
  }

  /// Seals a record and returns the frame's length.
  public mutating func seal(_ record: DeviceRecord, into frame: inout MutableRawSpan) throws(DeviceError) -> Int {
    try keys.seal(record, into: &frame)
  }

  /// Opens a frame in place; the record lives in it.
  @_lifetime(copy frame)
  public mutating func open(_ frame: inout MutableRawSpan) throws(DeviceError) -> ServerRecord {
    try keys.open(&frame)
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
