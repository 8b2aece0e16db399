// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// One of a device's two places for a key that the server can compute.
public struct SymmetricSlot: ~Copyable {
  /// The stage of the key's life. Values are stored.
  public enum State: UInt8, Sendable {
    case empty = 0
    /// Opens sessions.
    case active = 1
    /// Given by the server, not yet used.
    case given = 2
  }

  public internal(set) var state = State.empty
  public internal(set) var scheme = SchemeID.sharedKey
  public internal(set) var generation: Generation = 0
  /// The counter of the last session that was begun under this key; with `derived-key-ratchet` how often it was moved.
  public internal(set) var counter: UInt32 = 0
  public internal(set) var key = SecretBytes<32>()
  /// What names the device, beside its key: ``Scheme/Derivation/nameLength`` bytes.
  public internal(set) var name = SecretBytes<32>()

  init() {}

  mutating func clear() {
    key.wipe()
    name.wipe()
    counter = 0
    generation = 0
    state = .empty
  }

  /// Takes a key as the server's record `key` carries it.
  mutating func take(
    _ scheme: SchemeID, _ generation: Generation, _ body: RawSpan, as state: State
  ) throws(DeviceError) {
    guard body.byteCount == 32 + scheme.row.derivation.nameLength else { throw .malformedRecord }
    clear()
    key.copy(from: body.extracting(0..<32))
    name.copy(from: body.extracting(32...))
    self.scheme = scheme
    self.generation = generation
    self.state = state
  }

  /// Marks a session as begun; false when nothing has to be stored.
  mutating func beginSession() throws(DeviceError) -> Bool {
    // Without a counter, a fresh ephemeral key of the server's makes every session new.
    guard scheme.row.hasCounter else { return false }
    guard counter < .max else { throw .countersExhausted }
    counter += 1
    if scheme.row.derivation == .ratchet { DerivedKeys<Hash.SHA256>.ratchet(&key) }
    return true
  }

  /// Writes what names the device in a first frame and returns its length, at most 12 bytes.
  func writeHint(_ address: DeviceAddress, _ epoch: Epoch, into hint: inout MutableRawSpan) -> Int {
    let kind = scheme.row.hint
    switch kind {
    case .address:
      var writer = ByteWriter(&hint)
      address.encode(&writer)
    case .saltStart: copyBytes(name.bytes.extracting(0..<kind.length), to: &hint)
    case .pseudonym, .pseudonymStart:
      let pseudonym =
        scheme.row.derivation == .ratchet
        ? Pseudonym<Hash.SHA256>.make(for: epoch, key: name) : Pseudonym<Hash.SHA256>.make(for: epoch, key: key)
      copyBytes(pseudonym.bytes.extracting(0..<kind.length), to: &hint)
    case .none, .keyHash: return 0
    }
    return kind.length
  }
}
