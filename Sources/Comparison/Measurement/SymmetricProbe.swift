// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Schemes
import Wire

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

  init(_ facts: SchemeFacts) {
    scheme = facts.scheme
    self.facts = facts
    var system = SecretBytes<32>()
    DerivedKeys<Hash.SHA256>.system(address.system, root: .random(), into: &system)
    if scheme.row.derivation == .system {
      var shared = SecretBytes<32>()
      DerivedKeys<Hash.SHA256>.shared(generation: 1, system: system, into: &shared)
      system.copy(from: shared.bytes)
    }
    self.system = [UInt8](copying: system.bytes)
  }

  mutating func run(_ trace: inout HandshakeTrace) throws { try exchange(Hash.SHA256.self, &trace) }
  mutating func count(_ trace: inout HandshakeTrace) throws { try exchange(CountingHash.self, &trace) }
  func rotation() throws -> [SchemeProfile.Message]? { try Rekeying.messages(scheme) }

  /// The key that the server arrives at for the device.
  private func key<H: Hash.Function>(_: H.Type, into key: inout SecretBytes<32>) throws {
    let system = try SecretBytes<32>(copying: system.bytes)
    switch scheme.row.derivation {
    case .system: key.copy(from: system.bytes)
    case .stretched:
      DerivedKeys<H>.stretched(system: system, salt: salt.bytes, iterations: Self.iterations, into: &key)
    case .none, .device, .ratchet:
      DerivedKeys<H>.device(address.device, generation: 1, system: system, into: &key)
    }
  }

  /// What the device shows instead of its id: a pseudonym, or the start of its salt.
  private func name<H: Hash.Function>(_: H.Type, _ key: borrowing SecretBytes<32>) throws -> Bytes<8> {
    scheme.row.hint == .saltStart
      ? try Bytes(copying: Array(salt.prefix(8))) : Pseudonym<H>.make(for: epoch, key: key)
  }

  private mutating func exchange<H: Hash.Function>(_: H.Type, _ trace: inout HandshakeTrace) throws {
    // A ratchet starts at the device's derived key; both sides then stand one step apart, as at every connection.
    var deviceKey = SecretBytes<32>()
    try key(H.self, into: &deviceKey)
    var serverRatchet = RatchetState(key: deviceKey)
    counter = scheme.row.derivation == .ratchet ? 1 : counter + 1
    // The server's index of pseudonyms, filled when the device was here last.
    var index: [Bytes<8>: DeviceAddress] = [:]
    index[try name(H.self, deviceKey)] = address
    var frame = [UInt8](repeating: 0, count: 128)
    var frameBytes = frame.mutableBytes
    var hint = [UInt8](repeating: 0, count: scheme.row.hint.length)
    var hintBytes = hint.mutableBytes
    var ends = SessionEnds()

    trace.turn(.device)
    if scheme.row.hint == .address {
      var writer = ByteWriter(&hintBytes)
      address.encode(&writer)
      _ = consume writer
    } else {
      let name = try name(H.self, deviceKey)
      copyBytes(name.bytes, to: &hintBytes)
    }
    if scheme.row.derivation == .ratchet { DerivedKeys<H>.ratchet(&deviceKey) }
    var device = SymmetricHandshake<H>(scheme: scheme)
    let hello = try device.writeHello(key: deviceKey, hint: hintBytes.bytes, counter: counter, into: &frameBytes)
    trace.sent(hello)

    trace.turn(.server)
    var server = SymmetricResponder<H>()
    let claim = try server.readHello(frameBytes.bytes.extracting(0..<hello))
    if scheme.row.hint != .address { _ = index[try Bytes<8>(copying: claim.hint.bytes.extracting(0..<8))] }
    var serverKey = SecretBytes<32>()
    if scheme.row.derivation == .ratchet {
      try serverRatchet.key(at: claim.counter, H.self, into: &serverKey)
    } else {
      try key(H.self, into: &serverKey)
    }
    try server.verify(claim, key: serverKey, lastCounter: counter - 1)
    let reply = try server.writeReply(into: &frameBytes, keys: &ends.server)
    if scheme.row.derivation == .ratchet { serverRatchet.confirm(claim.counter, key: serverKey) }
    trace.sent(reply)

    trace.turn(.device)
    try device.readReply(frameBytes.bytes.extracting(0..<reply), keys: &ends.device)
    trace.end()
    try ends.check()
  }
}
