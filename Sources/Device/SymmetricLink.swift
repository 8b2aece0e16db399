// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Noise
import Records
import Schemes
import Wire

/// A device's session with the server, for a device whose keys the server computes: opens it, then seals and opens records.
public struct SymmetricLink: ~Copyable {
  /// That of the key which opened the session.
  private var scheme = SchemeID.derivedKey
  private var challenge = SymmetricHandshake<Hash.SHA256>(scheme: .derivedKey)
  private var noise = Initiator(.derivedKeyEphemeral)
  private var keys = SessionKeys()

  public init() {}

  public var isEstablished: Bool { keys.isPresent }

  /// Lends what the session exports: both sides have it, and keys of their own follow from it. See ``SessionKeys/export``.
  public func withExport<Result: ~Copyable, Failure: Error>(
    _ body: (borrowing SecretBytes<32>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(keys.export)
  }

  /// Writes the first frame of a session that has been counted, and returns its length: see
  /// ``SymmetricIdentity/beginSession(with:)``.
  public mutating func writeHello(
    _ identity: borrowing SymmetricIdentity, with slot: SlotName, into frame: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    do throws(SchemesError) {
      return slot == .a
        ? try writeHello(identity.slotA, identity, into: &frame)
        : try writeHello(identity.slotB, identity, into: &frame)
    } catch { throw .schemes(error) }
  }

  private mutating func writeHello(
    _ slot: borrowing SymmetricSlot, _ identity: borrowing SymmetricIdentity, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    scheme = slot.scheme
    var hint = Bytes<12>()
    var place = hint.mutableBytes
    let length = slot.writeHint(identity.address, identity.epoch, into: &place)
    let shown = hint.bytes.extracting(0..<length)
    guard scheme.row.exchange.isNoise else {
      challenge = SymmetricHandshake(scheme: scheme)
      return try challenge.writeHello(key: slot.key, hint: shown, counter: slot.counter, into: &frame)
    }
    noise = Initiator(scheme)
    try noise.setPSK(slot.key)
    return try noise.writeHello(hint: shown, into: &frame)
  }

  /// Reads the server's answer. The next frame to send is the record `hello`.
  ///
  /// - Throws: ``DeviceError/refused(_:)`` when the server proves to be it and refuses the key: only that is a reason to fall back.
  ///   ``DeviceError/tryLater`` when it says, in clear, that it has no place for any device now.
  public mutating func readReply(_ frame: RawSpan) throws(DeviceError) {
    guard !Framing.isTryLater(frame) else { throw .tryLater }
    do throws(SchemesError) {
      if scheme.row.exchange.isNoise {
        try noise.readReply(frame, keys: &keys)
      } else {
        try challenge.readReply(frame, keys: &keys)
      }
    } catch { throw DeviceError(answer: error) }
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

  /// Overwrites the session's keys: it is over.
  public mutating func close() {
    challenge.close()
    noise.close()
    keys.wipe()
  }
}
