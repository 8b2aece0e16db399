import Credentials
import Noise
import Primitives
import Schemes

/// The four schemes without public keys: they differ in where the key comes from and in the hint.
struct SymmetricProbe: SchemeProbe {
  /// For `derived-key-pbkdf2`. OWASP asks for 600,000 where the input is a password; here it is a random key.
  static let iterations = 10_000
  /// Epochs whose pseudonyms the server indexes: the one that the device showed last, and the one that it was told then.
  static let epochWindow = 2

  let facts: SchemeFacts
  private let scheme: SchemeID
  private let address = DeviceAddress(system: SystemID(7), device: DeviceID(0x0102_0304_0506_0708))
  private let epoch: Epoch = 3
  private let salt = [UInt8](repeating: 0x5A, count: 16)
  /// K_system, or the key that a whole system shares: a server derives it once and keeps it.
  private let system: [UInt8]
  private var counter: UInt32 = 0

  init(_ scheme: SchemeID, _ facts: SchemeFacts) {
    self.scheme = scheme
    self.facts = facts
    var system = SymmetricKey()
    DerivedKeys<SHA256>.system(address.system, root: .random(), into: &system)
    if scheme == .sharedKey {
      var shared = SymmetricKey()
      DerivedKeys<SHA256>.shared(generation: 1, system: system, into: &shared)
      system.copy(from: shared.bytes)
    }
    self.system = [UInt8](copying: system.bytes)
  }

  mutating func run(_ turns: inout Turns) throws { try exchange(SHA256.self, &turns) }
  mutating func count(_ turns: inout Turns) throws { try exchange(CountingHash.self, &turns) }
  func rotation() throws -> [SchemeProfile.Message]? { try Rekeying.messages(scheme) }

  /// The key that the server arrives at for the device.
  private func key<Hash: HashFunction>(_: Hash.Type, into key: inout SymmetricKey) throws {
    let system = try SymmetricKey(copying: system.bytes)
    switch scheme {
    case .sharedKey: key.copy(from: system.bytes)
    case .derivedKeyPBKDF2:
      DerivedKeys<Hash>.stretched(system: system, salt: salt.bytes, iterations: Self.iterations, into: &key)
    default:
      DerivedKeys<Hash>.device(address.device, generation: 1, system: system, into: &key)
    }
  }

  /// What the device shows instead of its id: a pseudonym, or the start of its salt.
  private func name<Hash: HashFunction>(_: Hash.Type, _ key: borrowing SymmetricKey) throws -> Bytes<8> {
    scheme == .derivedKeyPBKDF2
      ? try Bytes(copying: Array(salt.prefix(8))) : Pseudonym<Hash>.make(for: epoch, key: key)
  }

  private mutating func exchange<Hash: HashFunction>(_: Hash.Type, _ turns: inout Turns) throws {
    // A ratchet starts at the device's derived key; both sides then stand one step apart, as at every connection.
    var deviceKey = SymmetricKey()
    try key(Hash.self, into: &deviceKey)
    var serverRatchet = RatchetState(key: deviceKey)
    counter = scheme == .derivedKeyRatchet ? 1 : counter + 1
    // The server's index of pseudonyms, filled when the device was here last.
    var index: [Bytes<8>: DeviceAddress] = [:]
    index[try name(Hash.self, deviceKey)] = address
    var frame = [UInt8](repeating: 0, count: 128)
    var frameBytes = frame.mutableBytes
    var hint = [UInt8](repeating: 0, count: scheme.symmetricHintLength ?? 8)
    var hintBytes = hint.mutableBytes
    var ends = ProbeEnds()

    turns.turn(.device)
    if scheme == .sharedKey {
      var writer = ByteWriter(&hintBytes)
      address.encode(&writer)
      _ = consume writer
    } else {
      let name = try name(Hash.self, deviceKey)
      copyBytes(name.bytes, to: &hintBytes)
    }
    if scheme == .derivedKeyRatchet { DerivedKeys<Hash>.ratchet(&deviceKey) }
    var device = SymmetricHandshake<Hash>(scheme: scheme)
    let hello = try device.writeHello(key: deviceKey, hint: hintBytes.bytes, counter: counter, into: &frameBytes)
    turns.sent(hello)

    turns.turn(.server)
    var server = SymmetricResponder<Hash>()
    let claim = try server.readHello(frameBytes.bytes.extracting(0..<hello))
    if scheme != .sharedKey { _ = index[try Bytes<8>(copying: claim.hint.bytes.extracting(0..<8))] }
    var serverKey = SymmetricKey()
    if scheme == .derivedKeyRatchet {
      try serverRatchet.key(at: claim.counter, Hash.self, into: &serverKey)
    } else {
      try key(Hash.self, into: &serverKey)
    }
    try server.verify(claim, key: serverKey, lastCounter: counter - 1)
    let reply = try server.writeReply(
      into: &frameBytes, sending: &ends.server.sending, receiving: &ends.server.receiving)
    if scheme == .derivedKeyRatchet { serverRatchet.confirm(claim.counter, key: serverKey) }
    turns.sent(reply)

    turns.turn(.device)
    try device.readReply(
      frameBytes.bytes.extracting(0..<reply), sending: &ends.device.sending, receiving: &ends.device.receiving)
    turns.end()
    try ends.check()
  }
}
