import Credentials
import Device
import Primitives
import Schemes

/// The handshakes of the schemes in which a device has a key pair.
extension DeviceClient {
  /// Sends the first frame, reads the answer, and puts the session's keys in place.
  func shakeHands(fallingBack: Bool, timeout: Duration) throws(DeviceHostError) {
    switch try store.read({ $0.scheme }) {
    case .compactKK: try shakeHandsCompactly(fallingBack, timeout)
    case .hybridIKpsk2: try shakeHandsWithPSK(fallingBack, timeout)
    default:
      var frame = [UInt8](repeating: 0, count: 1024)
      let length = try store.read { identity throws(DeviceError) in
        var span = frame.mutableBytes
        return try link.writeHello(identity, fallingBack: fallingBack, into: &span)
      }
      let reply = try exchange(frame, length, timeout)
      do { try link.readReply(reply.bytes) } catch { throw .device(error) }
    }
  }

  /// The proof of a key in this session.
  func prove(_ key: borrowing X25519.PrivateKey) throws(SchemesError) -> Bytes<16> {
    guard let binding else { return try link.proof(of: key) }
    return try KeyProof.make(
      for: key, serverEphemeral: binding.serverEphemeral, handshakeHash: binding.handshakeHash.bytes)
  }

  private func shakeHandsCompactly(_ fallingBack: Bool, _ timeout: Duration) throws(DeviceHostError) {
    var handshake = CompactHandshake(role: .initiator)
    defer { handshake.close() }
    var frame = [UInt8](repeating: 0, count: CompactHandshake.helloLength)
    let slot = try store.read { $0.slotForSession(fallingBack: fallingBack) }
    let length = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try identity.withKey(in: slot) { key throws(SchemesError) in
        try handshake.writeHello(key: key, serverKey: identity.serverKey, into: &span)
      }
    }
    let reply = try exchange(frame, length, timeout)
    do {
      try link.begin(with: slot ?? .a) { ciphers throws(SchemesError) in
        try handshake.readReply(reply.bytes, sending: &ciphers.sending, receiving: &ciphers.receiving)
      }
    } catch { throw .device(error) }
    binding = handshake.binding
  }

  private func shakeHandsWithPSK(_ fallingBack: Bool, _ timeout: Duration) throws(DeviceHostError) {
    var handshake: HybridHandshake
    do { handshake = try HybridHandshake(role: .initiator) } catch { throw .device(.schemes(error)) }
    defer { handshake.close() }
    var psk = SymmetricKey()
    defer { psk.wipe() }
    var frame = [UInt8](repeating: 0, count: HybridHandshake.helloLength)
    let slot = try store.read { $0.slotForSession(fallingBack: fallingBack) }
    let generation = try store.read { slot == .b ? $0.slotB.generation : $0.slotA.generation }
    try openPSKs().read { identity throws(DeviceError) in
      switch identity.slot(of: generation) {
      case .a: psk.copy(from: identity.slotA.key.bytes)
      case .b: psk.copy(from: identity.slotB.key.bytes)
      case nil: throw .noUsableKey
      }
    }
    let length = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try identity.withKey(in: slot) { key throws(SchemesError) in
        try handshake.writeHello(key: key, psk: psk, serverKey: identity.serverKey, into: &span)
      }
    }
    let reply = try exchange(frame, length, timeout)
    do {
      try link.begin(with: slot ?? .a) { ciphers throws(SchemesError) in
        try handshake.readReply(reply.bytes, sending: &ciphers.sending, receiving: &ciphers.receiving)
      }
    } catch { throw .device(error) }
    binding = handshake.binding
  }

  private func exchange(_ frame: [UInt8], _ length: Int, _ timeout: Duration) throws(DeviceHostError) -> [UInt8] {
    try socket.send(frame, count: length)
    let reply: [UInt8]?
    do throws(DeviceHostError) { reply = try socket.receive(timeout: timeout) } catch {
      throw error == FrameSocket.closed ? .refused(endpoint: endpoint.description) : error
    }
    guard let reply else { throw .timedOut(waitingFor: "the server's answer") }
    guard !Framing.isTryLater(reply.bytes) else { throw .tryLater(endpoint: endpoint.description) }
    handshakeLengths = (length, reply.count)
    return reply
  }

  // MARK: The psks of hybrid-ikpsk2

  /// Where the psks of a device file lie. A successor's lie where they belong once it has the device's name.
  public static func pskPath(for path: String) -> String {
    let next = SymmetricClient.successorPath(for: "")
    return (path.hasSuffix(next) ? String(path.dropLast(next.count)) : path) + ".psk"
  }

  private func openPSKs() throws(DeviceHostError) -> SymmetricStore {
    if let psks {
      try psks.refresh()
      return psks
    }
    let psks = try SymmetricStore(opening: Self.pskPath(for: store.path))
    self.psks = psks
    return psks
  }

  /// Stores the psk of a certificate that comes next.
  func takePSK(_ psk: RawSpan, _ generation: Generation) throws(DeviceHostError) {
    guard let psks else { return }
    try psks.update { identity throws(DeviceError) in try identity.takePSK(psk, generation: generation) }
  }

  /// The server has welcomed the key in use: its psk is the one in use too.
  func confirmPSK() throws(DeviceHostError) {
    guard let psks, let generation = try store.read({ $0.certificate?.fields.generation }) else { return }
    try psks.update { identity throws(DeviceError) in identity.confirmPSK(generation) }
  }
}

extension DeviceIdentity {
  /// Calls `body` with the key in a slot, where it lies.
  fileprivate func withKey<R>(
    in slot: SlotName?, _ body: (borrowing X25519.PrivateKey) throws(SchemesError) -> R
  ) throws(DeviceError) -> R {
    do throws(SchemesError) {
      switch slot {
      case .a: return try body(slotA.key)
      case .b: return try body(slotB.key)
      case nil: break
      }
    } catch { throw .schemes(error) }
    throw .noUsableKey
  }
}
