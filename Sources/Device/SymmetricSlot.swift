import Credentials
import Primitives
import Schemes

/// One of a device's two places for a key that the server can compute.
public struct SymmetricSlot: ~Copyable {
  /// Where the key stands in its life. Values are stored.
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
  public internal(set) var key = SymmetricKey()
  /// What names the device beside its key: ``nameLength(of:)`` bytes.
  public internal(set) var name = SymmetricKey()

  init() {}

  /// How many bytes a device has beside its key, to be named by: with `derived-key-ratchet` a key for pseudonyms, which must
  /// not move; with `derived-key-pbkdf2` the start of its salt; with the others none.
  public static func nameLength(of scheme: SchemeID) -> Int {
    switch scheme {
    case .derivedKeyRatchet: 32
    case .derivedKeyPBKDF2: 8
    default: 0
    }
  }

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
    guard body.byteCount == 32 + Self.nameLength(of: scheme) else { throw .malformedRecord }
    clear()
    key.copy(from: body.extracting(0..<32))
    name.copy(from: body.extracting(32...))
    self.scheme = scheme
    self.generation = generation
    self.state = state
  }

  /// Marks a session as begun; false when nothing has to be stored.
  mutating func beginSession() throws(DeviceError) -> Bool {
    // A fresh ephemeral key of the server's makes every session new.
    guard scheme != .derivedKeyEphemeral else { return false }
    guard counter < .max else { throw .countersExhausted }
    counter += 1
    if scheme == .derivedKeyRatchet { DerivedKeys<SHA256>.ratchet(&key) }
    return true
  }

  /// This epoch's pseudonym.
  func pseudonym(in epoch: Epoch) -> Bytes<8> {
    scheme == .derivedKeyRatchet
      ? Pseudonym<SHA256>.make(for: epoch, key: name) : Pseudonym<SHA256>.make(for: epoch, key: key)
  }

  /// Begins a handshake of the schemes without public-key operations.
  func writeHello(
    _ handshake: inout SymmetricHandshake<SHA256>, _ address: DeviceAddress, _ epoch: Epoch,
    into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    switch scheme {
    case .sharedKey:
      var hint = Bytes<12>()
      var hintBytes = hint.mutableBytes
      var writer = ByteWriter(&hintBytes)
      address.encode(&writer)
      _ = consume writer
      return try handshake.writeHello(key: key, hint: hint.bytes, counter: counter, into: &frame)
    case .derivedKeyPBKDF2:
      return try handshake.writeHello(
        key: key, hint: name.bytes.extracting(0..<8), counter: counter, into: &frame)
    default:
      let hint = pseudonym(in: epoch)
      return try handshake.writeHello(key: key, hint: hint.bytes, counter: counter, into: &frame)
    }
  }
}
