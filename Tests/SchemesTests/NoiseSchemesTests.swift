import Credentials
import Noise
import Primitives
import Schemes
import Testing

@Suite("Schemes over Noise")
struct NoiseSchemesTests {
  let device = KeyPair()
  let server = KeyPair()

  final class KeyPair {
    let key = X25519.PrivateKey.random()
  }

  /// The four halves of a session.
  struct Halves: ~Copyable {
    var deviceSending = CipherState<ChaChaPoly>()
    var deviceReceiving = CipherState<ChaChaPoly>()
    var serverSending = CipherState<ChaChaPoly>()
    var serverReceiving = CipherState<ChaChaPoly>()
  }

  /// Whether each side opens what the other seals.
  private func converse(_ states: inout Halves) throws {
    var message = [UInt8](repeating: 3, count: 20)
    var bytes = message.mutableBytes
    try states.deviceSending.encrypt(inPlace: &bytes)
    try states.serverReceiving.decrypt(inPlace: &bytes)
    try states.serverSending.encrypt(inPlace: &bytes)
    try states.deviceReceiving.decrypt(inPlace: &bytes)
  }

  @Test("compact-kk: 51 and 48 bytes, and the right key among those that share a hint")
  func compact() throws {
    var frame = [UInt8](repeating: 0, count: 64)
    var bytes = frame.mutableBytes
    var states = Halves()
    var initiator = CompactHandshake(role: .initiator)
    let hello = try initiator.writeHello(key: device.key, serverKey: server.key.publicKey, into: &bytes)
    #expect(hello == 51)
    let received = [UInt8](copying: bytes.bytes.extracting(0..<hello))
    #expect(try CompactHandshake.hint(of: received.bytes) == CompactHandshake.hint(for: device.key.publicKey))
    var wrong = CompactHandshake(role: .responder)
    #expect(throws: SchemesError.noise(.decryptionFailed)) {
      try wrong.readHello(received.bytes, from: X25519.PrivateKey.random().publicKey, key: server.key)
    }
    var responder = CompactHandshake(role: .responder)
    try responder.readHello(received.bytes, from: device.key.publicKey, key: server.key)
    let reply = try responder.writeReply(
      into: &bytes, sending: &states.serverSending, receiving: &states.serverReceiving)
    #expect(reply == 48)
    try initiator.readReply(
      bytes.bytes.extracting(0..<reply), sending: &states.deviceSending, receiving: &states.deviceReceiving)
    try converse(&states)
  }

  @Test("hybrid-ikpsk2: the server learns who asks before it needs the derived key, and a wrong one fails")
  func hybrid() throws {
    let psk = SymmetricKey.random()
    for isRight in [true, false] {
      var frame = [UInt8](repeating: 0, count: 128)
      var bytes = frame.mutableBytes
      var states = Halves()
      var initiator = try HybridHandshake(role: .initiator)
      let hello = try initiator.writeHello(
        key: device.key, psk: psk, serverKey: server.key.publicKey, into: &bytes)
      #expect(hello == 97)
      var responder = try HybridHandshake(role: .responder)
      #expect(try responder.readHello(bytes.bytes.extracting(0..<hello), key: server.key) == device.key.publicKey)
      if isRight { try responder.setPSK(psk) } else { try responder.setPSK(.random()) }
      let reply = try responder.writeReply(
        into: &bytes, sending: &states.serverSending, receiving: &states.serverReceiving)
      #expect(reply == 48)
      guard isRight else {
        #expect(throws: SchemesError.noise(.decryptionFailed)) {
          try initiator.readReply(
            bytes.bytes.extracting(0..<reply), sending: &states.deviceSending, receiving: &states.deviceReceiving)
        }
        continue
      }
      try initiator.readReply(
        bytes.bytes.extracting(0..<reply), sending: &states.deviceSending, receiving: &states.deviceReceiving)
      try converse(&states)
    }
  }

  @Test(
    "compact-kk, hybrid-ikpsk2: the static shared secret from a cache does what computing it does; a wrong one is refused"
  )
  func cachedSecret() throws {
    let psk = SymmetricKey.random()
    var right = SecretBytes<32>()
    try device.key.agree(with: server.key.publicKey, into: &right)
    var bytes = [UInt8](copying: right.bytes)
    bytes[9] ^= 0x20
    let wrong = try SecretBytes<32>(copying: bytes.bytes)
    for isRight in [true, false] {
      var frame = [UInt8](repeating: 0, count: 128)
      var bytes = frame.mutableBytes
      var compact = CompactHandshake(role: .initiator)
      if isRight { compact.setStaticSharedSecret(right) } else { compact.setStaticSharedSecret(wrong) }
      var length = try compact.writeHello(key: device.key, serverKey: server.key.publicKey, into: &bytes)
      var compactResponder = CompactHandshake(role: .responder)
      let isCompactRead =
        (try? compactResponder.readHello(
          bytes.bytes.extracting(0..<length), from: device.key.publicKey, key: server.key)) != nil
      #expect(isCompactRead == isRight)
      var hybrid = try HybridHandshake(role: .initiator)
      if isRight { hybrid.setStaticSharedSecret(right) } else { hybrid.setStaticSharedSecret(wrong) }
      length = try hybrid.writeHello(key: device.key, psk: psk, serverKey: server.key.publicKey, into: &bytes)
      var hybridResponder = try HybridHandshake(role: .responder)
      let claimed = try? hybridResponder.readHello(bytes.bytes.extracting(0..<length), key: server.key)
      #expect(claimed == (isRight ? device.key.publicKey : nil))
    }
  }

  @Test("derived-key-ephemeral: pseudonym and key agree, and every byte of the hello counts")
  func ephemeral() throws {
    let key = SymmetricKey.random()
    let pseudonym = Pseudonym<SHA256>.make(for: 4, key: key)
    for altered in -1..<EphemeralHandshake.helloLength {
      var frame = [UInt8](repeating: 0, count: 64)
      var bytes = frame.mutableBytes
      var states = Halves()
      var initiator = try EphemeralHandshake(role: .initiator)
      let hello = try initiator.writeHello(key: key, pseudonym: pseudonym, into: &bytes)
      #expect(hello == 51)
      var responder = try EphemeralHandshake(role: .responder)
      if altered >= 0 {
        let byte = bytes.bytes.unsafeLoad(fromByteOffset: altered, as: UInt8.self)
        bytes.storeBytes(of: byte ^ 1, toByteOffset: altered, as: UInt8.self)
        #expect(throws: SchemesError.self) { try responder.readHello(bytes.bytes.extracting(0..<hello), key: key) }
        continue
      }
      #expect(
        try EphemeralHandshake.hint(of: bytes.bytes.extracting(0..<hello)) == EphemeralHandshake.hint(for: pseudonym))
      try responder.readHello(bytes.bytes.extracting(0..<hello), key: key)
      let reply = try responder.writeReply(
        into: &bytes, sending: &states.serverSending, receiving: &states.serverReceiving)
      try initiator.readReply(
        bytes.bytes.extracting(0..<reply), sending: &states.deviceSending, receiving: &states.deviceReceiving)
      try converse(&states)
    }
  }

  @Test("Any bytes of any length are refused without a trap")
  func malformed() throws {
    for length in 0...130 {
      for first in [0, 4, 8, 9, 255] {
        var frame = [UInt8](repeating: 0xA5, count: length)
        if length > 0 { frame[0] = UInt8(first) }
        var ephemeral = try EphemeralHandshake(role: .responder)
        #expect(throws: SchemesError.self) { try ephemeral.readHello(frame.bytes, key: .random()) }
        var compact = CompactHandshake(role: .responder)
        #expect(throws: SchemesError.self) {
          try compact.readHello(frame.bytes, from: device.key.publicKey, key: server.key)
        }
        var hybrid = try HybridHandshake(role: .responder)
        #expect(throws: SchemesError.self) { _ = try hybrid.readHello(frame.bytes, key: server.key) }
      }
    }
  }
}
