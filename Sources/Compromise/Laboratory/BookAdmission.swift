import Credentials
import Noise
import Primitives
import Registry
import Relay
import Schemes

/// From a first frame to the device that it claims to come from, for each scheme.
extension BookGate {
  func admit(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    if weaknesses.contains(.actsOnFirstMessage) { return try admitEarly(frame, &keys) }
    if weaknesses.contains(.unauthenticated) { return try admitAnybody(frame, &keys) }
    let first = frame.first ?? 0
    guard let id = SchemeID(rawValue: first), let scheme = Scheme(id), schemes.contains(scheme) else {
      throw GateRefusal.unknownScheme(first)
    }
    return switch scheme {
    case .sharedKey, .derivedKey, .derivedKeyRatchet: try admitSymmetric(frame, scheme, &keys)
    case .derivedKeyEphemeral: try admitEphemeral(frame, &keys)
    case .compactKK: try admitCompact(frame, &keys)
    case .hybridIKpsk2: try admitHybrid(frame, &keys)
    case .certified, .registered: try admitCertified(frame, &keys)
    // Only the live relay serves it.
    case .identityBased: throw GateRefusal.unknownScheme(first)
    }
  }

  /// What the book says about a claim.
  private func check(_ row: Book.Row, _ scheme: Scheme, generation: Generation) throws(GateRefusal) {
    guard generation > row.revokedThrough else { throw .revoked }
    if !weaknesses.contains(.noFloor) {
      guard row.floor.admits(scheme.id) else { throw .belowFloor }
    }
  }

  private func answer(_ write: (inout MutableRawSpan) throws -> Int) rethrows -> [UInt8] {
    try Compromise.frame(write)
  }

  private func admitSymmetric(
    _ frame: [UInt8], _ scheme: Scheme, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for isPending in row.pendingInput == nil ? [false] : [false, true] {
        var responder = SymmetricResponder<SHA256>()
        let claim = try responder.readHello(frame.bytes)
        let hint = Array(claim.hint.array.prefix(scheme.id.symmetricHintLength ?? 0))
        // A ratchet that begins anew counts anew.
        let lastCounter = isPending && scheme == .derivedKeyRatchet ? nil : row.counter
        let generation = row.generation + (isPending ? 1 : 0)
        let key: [UInt8]
        do {
          let found = try symmetricKey(of: row, scheme, isPending, hint: hint, counter: claim.counter)
          guard let found else { continue }
          key = found
          try check(row, scheme, generation: generation)
          try responder.verify(claim, key: try SymmetricKey(copying: key), lastCounter: lastCounter)
        } catch {
          last = error
          continue
        }
        let reply = try answer {
          try responder.writeReply(into: &$0, sending: &keys.sending, receiving: &keys.receiving)
        }
        let admitted = Admitted(address: row.address, scheme: scheme, generation: generation) { row in
          row.counter = lastCounter == nil ? claim.counter : max(row.counter, claim.counter)
          if scheme == .derivedKeyRatchet { row.ratchetKey = key }
          if isPending { row.takePending() }
        }
        return (admitted, reply)
      }
    }
    throw last
  }

  /// The key that a row's device would have used for a hello with this hint and counter; nil when the hint is another's.
  private func symmetricKey(
    of row: Book.Row, _ scheme: Scheme, _ isPending: Bool, hint: [UInt8], counter: UInt32
  ) throws -> [UInt8]? {
    switch scheme {
    case .sharedKey:
      guard !isPending, hint == (try address(row.address)) else { return nil }
      return try Derivation.shared(row.address.system, master: master)
    case .derivedKeyRatchet:
      guard try names(try Derivation.name(for: row.address, master: master)).contains(hint) else { return nil }
      if isPending { return try Derivation.ratchet(try key(of: row, pending: true), steps: 1) }
      guard counter > row.counter else { throw SchemesError.staleCounter }
      var key = SymmetricKey()
      // The state counts from the key that the book holds.
      let state = RatchetState(key: try SymmetricKey(copying: row.ratchetKey))
      try state.key(at: counter - row.counter, SHA256.self, into: &key)
      return [UInt8](copying: key.bytes)
    default:
      let key = try key(of: row, pending: isPending)
      return try names(key).contains(hint) ? key : nil
    }
  }

  private func address(_ address: DeviceAddress) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: DeviceAddress.encodedLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    address.encode(&writer)
    _ = consume writer
    return bytes
  }

  /// The pseudonyms of the last epoch, this one and the next.
  private func names(_ key: [UInt8]) throws -> [[UInt8]] {
    try [epoch - 1, epoch, epoch + 1].map { try DeviceMemory.pseudonym($0, key) }
  }

  private func admitEphemeral(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    let hint = try EphemeralHandshake.hint(of: frame.bytes)
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for isPending in row.pendingInput == nil ? [false] : [false, true] {
        let key = try key(of: row, pending: isPending)
        guard try names(key).contains(where: { UInt16($0[0]) << 8 | UInt16($0[1]) == hint }) else { continue }
        var responder = try EphemeralHandshake(role: .responder)
        do { try responder.readHello(frame.bytes, key: try SymmetricKey(copying: key)) } catch {
          last = error
          continue
        }
        let generation = row.generation + (isPending ? 1 : 0)
        try check(row, .derivedKeyEphemeral, generation: generation)
        let reply = try answer {
          try responder.writeReply(into: &$0, sending: &keys.sending, receiving: &keys.receiving)
        }
        return (
          Admitted(address: row.address, scheme: .derivedKeyEphemeral, generation: generation) {
            if isPending { $0.takePending() }
          }, reply
        )
      }
    }
    throw last
  }

  private func admitCompact(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    let hint = try CompactHandshake.hint(of: frame.bytes)
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for key in [row.publicKey, row.pendingKey].compactMap({ $0 }) where CompactHandshake.hint(for: key) == hint {
        var responder = CompactHandshake(role: .responder)
        do { try responder.readHello(frame.bytes, from: key, key: authority.serverKey) } catch {
          last = error
          continue
        }
        let admitted = try admitted(row, key, .compactKK)
        return (
          admitted,
          try answer { try responder.writeReply(into: &$0, sending: &keys.sending, receiving: &keys.receiving) }
        )
      }
    }
    throw last
  }

  private func admitHybrid(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    var responder = try HybridHandshake(role: .responder)
    let key = try responder.readHello(frame.bytes, key: authority.serverKey)
    guard let row = book.rows.values.first(where: { $0.publicKey == key || $0.pendingKey == key }) else {
      throw GateRefusal.unknownDevice
    }
    let admitted = try admitted(row, key, .hybridIKpsk2)
    // The hedge is set at assembly and does not rotate.
    let psk = try Derivation.device(row.address, generation: 1, master: master)
    try responder.setPSK(try SymmetricKey(copying: psk))
    return (
      admitted,
      try answer { try responder.writeReply(into: &$0, sending: &keys.sending, receiving: &keys.receiving) }
    )
  }

  private func admitted(_ row: Book.Row, _ key: X25519.PublicKey, _ scheme: Scheme) throws -> Admitted {
    let isPending = row.pendingKey == key
    let generation = row.generation + (isPending ? 1 : 0)
    try check(row, scheme, generation: generation)
    return Admitted(address: row.address, scheme: scheme, generation: generation) { if isPending { $0.takePending() } }
  }

  /// Weak on purpose: the certificate's signature is all that is asked for, and with `dated` the clock.
  private func admitCertified(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    var responder = CertifiedResponder()
    let claim = try responder.readHello(frame.bytes, key: authority.serverKey)
    guard let certificate = claim.certificate, certificate.isSigned(by: authority.issuerKey) else {
      throw GateRefusal.invalidCertificate
    }
    // An epoch is taken for a month since 2026: what a server does that trusts its clock.
    if weaknesses.contains(.dated) {
      let months = (clock - 1_767_225_600) / 2_629_800
      guard months >= 0, months <= Int64(certificate.fields.lastEpoch) else { throw GateRefusal.outsideValidity }
    }
    let reply = try answer {
      try responder.writeReply(into: &$0, sending: &keys.sending, receiving: &keys.receiving)
    }
    return (
      Admitted(
        address: certificate.fields.address, scheme: .certified, generation: certificate.fields.generation), reply
    )
  }
}

extension Book.Row {
  /// The next key was used: it is the one in use.
  mutating func takePending() {
    if let pendingInput { rotationInput = pendingInput }
    if let pendingKey { publicKey = pendingKey }
    pendingInput = nil
    pendingKey = nil
    generation += 1
  }
}
