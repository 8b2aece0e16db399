// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Relay
import Schemes
import Wire

/// From a first frame to the device that it claims to come from, for each scheme.
extension LabServer {
  func admit(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    if weaknesses.contains(.actsOnFirstMessage) { return try admitEarly(frame, &keys) }
    if weaknesses.contains(.unauthenticated) { return try admitAnybody(frame, &keys) }
    let first = frame.first ?? 0
    guard let scheme = SchemeID(rawValue: first), schemes.contains(scheme) else {
      throw GateRefusal.unknownScheme(first)
    }
    let row = scheme.row
    guard row.exchange.isNoise else { return try admitSymmetric(frame, scheme, &keys) }
    guard row.hasKeyPair else { return try admitUnderKeys(frame, scheme, &keys) }
    if row.hint == .keyHash { return try admitKnown(frame, scheme, &keys) }
    if row.hasKeyBeside { return try admitHybrid(frame, scheme, &keys) }
    // Only the live relay serves credentials.
    guard row.shown != .credential else { throw GateRefusal.unknownScheme(first) }
    return try admitCertified(frame, scheme, &keys)
  }

  /// What the book says about a claim.
  private func check(_ row: LabRegistry.Row, _ scheme: SchemeID, generation: Generation) throws(GateRefusal) {
    guard generation > row.revokedThrough else { throw .revoked }
    if !weaknesses.contains(.noFloor) {
      guard row.floor.admits(scheme) else { throw .belowFloor }
    }
  }

  private func answer(_ write: (inout MutableRawSpan) throws -> Int) rethrows -> [UInt8] {
    try Compromise.frame(write)
  }

  private func admitSymmetric(
    _ frame: [UInt8], _ scheme: SchemeID, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for isPending in row.pendingInput == nil ? [false] : [false, true] {
        var responder = SymmetricResponder<Hash.SHA256>()
        let claim = try responder.readHello(frame.bytes)
        let hint = Array(claim.hint.array.prefix(scheme.row.hint.length))
        // A ratchet that begins anew counts anew.
        let lastCounter = isPending && scheme.row.derivation == .ratchet ? nil : row.counter
        let generation = row.generation + (isPending ? 1 : 0)
        let key: [UInt8]
        do {
          let found = try symmetricKey(of: row, scheme, isPending, hint: hint, counter: claim.counter)
          guard let found else { continue }
          key = found
          try check(row, scheme, generation: generation)
          try responder.verify(claim, key: try SecretBytes<32>(copying: key), lastCounter: lastCounter)
        } catch {
          last = error
          continue
        }
        let reply = try answer { try responder.writeReply(into: &$0, keys: &keys) }
        let admitted = Admitted(address: row.address, scheme: scheme, generation: generation) { row in
          row.counter = lastCounter == nil ? claim.counter : max(row.counter, claim.counter)
          if scheme.row.derivation == .ratchet { row.ratchetKey = key }
          if isPending { row.takePending() }
        }
        return (admitted, reply)
      }
    }
    throw last
  }

  /// The key that a row's device would have used for a hello with this hint and counter; nil when the hint is another's.
  private func symmetricKey(
    of row: LabRegistry.Row, _ scheme: SchemeID, _ isPending: Bool, hint: [UInt8], counter: UInt32
  ) throws -> [UInt8]? {
    switch scheme.row.derivation {
    case .system:
      guard !isPending, hint == (try address(row.address)) else { return nil }
      return try Derivation.shared(row.address.system, master: master)
    case .ratchet:
      guard try names(try Derivation.name(for: row.address, master: master)).contains(hint) else { return nil }
      if isPending { return try Derivation.ratchet(try key(of: row, pending: true), steps: 1) }
      guard counter > row.counter else { throw SchemesError.staleCounter }
      var key = SecretBytes<32>()
      // The state counts from the key that the book holds.
      let state = RatchetState(key: try SecretBytes<32>(copying: row.ratchetKey))
      try state.key(at: counter - row.counter, Hash.SHA256.self, into: &key)
      return [UInt8](copying: key.bytes)
    case .none, .device, .stretched:
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

  private func admitUnderKeys(
    _ frame: [UInt8], _ scheme: SchemeID, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    let hint = try RoutingHint.of(frame.bytes, scheme)
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for isPending in row.pendingInput == nil ? [false] : [false, true] {
        let key = try key(of: row, pending: isPending)
        guard try names(key).contains(where: { UInt16($0[0]) << 8 | UInt16($0[1]) == hint }) else { continue }
        var responder = Responder(scheme)
        do {
          try responder.setPSK(try SecretBytes<32>(copying: key))
          _ = try responder.readHello(frame.bytes, key: authority.serverKey)
        } catch {
          last = error
          continue
        }
        let generation = row.generation + (isPending ? 1 : 0)
        try check(row, scheme, generation: generation)
        let reply = try answer { try responder.writeReply(into: &$0, keys: &keys) }
        return (
          Admitted(address: row.address, scheme: scheme, generation: generation) {
            if isPending { $0.takePending() }
          }, reply
        )
      }
    }
    throw last
  }

  private func admitKnown(
    _ frame: [UInt8], _ scheme: SchemeID, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    let hint = try RoutingHint.of(frame.bytes, scheme)
    var last: any Error = GateRefusal.unknownDevice
    for row in book.rows.values {
      for key in [row.publicKey, row.pendingKey].compactMap({ $0 }) where RoutingHint.of(key) == hint {
        var responder = Responder(scheme)
        do { _ = try responder.readHello(frame.bytes, key: authority.serverKey, device: key) } catch {
          last = error
          continue
        }
        let admitted = try admitted(row, key, scheme)
        return (admitted, try answer { try responder.writeReply(into: &$0, keys: &keys) })
      }
    }
    throw last
  }

  private func admitHybrid(
    _ frame: [UInt8], _ scheme: SchemeID, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    var responder = Responder(scheme)
    let claim = try responder.readHello(frame.bytes, key: authority.serverKey)
    guard let key = claim.publicKey,
      let row = book.rows.values.first(where: { $0.publicKey == key || $0.pendingKey == key })
    else { throw GateRefusal.unknownDevice }
    let admitted = try admitted(row, key, scheme)
    // The hedge is set at assembly and does not rotate.
    let psk = try Derivation.device(row.address, generation: 1, master: master)
    try responder.setPSK(try SecretBytes<32>(copying: psk))
    return (admitted, try answer { try responder.writeReply(into: &$0, keys: &keys) })
  }

  private func admitted(_ row: LabRegistry.Row, _ key: X25519.PublicKey, _ scheme: SchemeID) throws -> Admitted {
    let isPending = row.pendingKey == key
    let generation = row.generation + (isPending ? 1 : 0)
    try check(row, scheme, generation: generation)
    return Admitted(address: row.address, scheme: scheme, generation: generation) { if isPending { $0.takePending() } }
  }

  /// Weak on purpose: the certificate's signature is all that is asked for, and with `dated` the clock.
  private func admitCertified(
    _ frame: [UInt8], _ scheme: SchemeID, _ keys: inout SessionKeys
  ) throws -> (Admitted, [UInt8]) {
    var responder = Responder(scheme)
    let claim = try responder.readHello(frame.bytes, key: authority.serverKey)
    guard let certificate = claim.certificate, certificate.isSigned(by: authority.issuerKey) else {
      throw GateRefusal.invalidCertificate
    }
    // An epoch is taken for a month since 2026: what a server does that trusts its clock.
    if weaknesses.contains(.dated) {
      let months = (clock - 1_767_225_600) / 2_629_800
      guard months >= 0, months <= Int64(certificate.fields.lastEpoch) else { throw GateRefusal.outsideValidity }
    }
    let reply = try answer { try responder.writeReply(into: &$0, keys: &keys) }
    return (
      Admitted(
        address: certificate.fields.address, scheme: scheme, generation: certificate.fields.generation), reply
    )
  }
}

extension LabRegistry.Row {
  /// The next key was used: it is the one in use.
  mutating func takePending() {
    if let pendingInput { rotationInput = pendingInput }
    if let pendingKey { publicKey = pendingKey }
    pendingInput = nil
    pendingKey = nil
    generation += 1
  }
}
