// SPDX-License-Identifier: Apache-2.0

import Wire

/// The generations that a device has met of its peers, so that it refuses a key that a peer has replaced on a direct connection,
/// although the certificate still verifies.
///
/// They use the places of the list that no revocation needs: 16 bytes each, device (8), system (4), a zero generation, and the
/// highest generation met (2). So a device remembers ``RevocationList/capacity`` peers and revocations together, and a revocation
/// takes the place of a peer where no other is free.
extension RevocationList {
  /// The highest generation of a device that was met; 0 when nothing is known of it.
  public func metGeneration(of device: DeviceID, in system: SystemID) -> Generation {
    place(of: device, system).map { self[$0].lastEpoch } ?? 0
  }

  /// How many peers are remembered.
  public var metCount: Int {
    var count = 0
    for index in 0..<Self.capacity where self[index].isMet { count += 1 }
    return count
  }

  /// Remembers that a device was met with `generation`; a first generation needs no entry.
  ///
  /// - Parameter displacing: whether another peer is forgotten where no place is free: for one that this device talks to, and not for
  ///   one that it has only heard of.
  /// - Returns: whether that was news.
  mutating func meet(_ device: DeviceID, in system: SystemID, _ generation: Generation, displacing: Bool) -> Bool {
    // The first key has replaced none: remembering it would cost a peer its place and keep nobody out.
    guard generation > 1 else { return false }
    if let known = place(of: device, system) {
      guard self[known].lastEpoch < generation else { return false }
      self[known].lastEpoch = generation
      return true
    }
    guard let index = freePlace ?? (displacing ? placeOfPeer(for: device) : nil) else { return false }
    self[index] = Entry(device: device.rawValue, system: system.rawValue, generation: 0, lastEpoch: generation)
    return true
  }

  private func place(of device: DeviceID, _ system: SystemID) -> Int? {
    for index in 0..<Self.capacity {
      let entry = self[index]
      if entry.isMet, entry.device == device.rawValue, entry.system == system.rawValue { return index }
    }
    return nil
  }

  /// A place that holds nothing.
  var freePlace: Int? {
    for index in 0..<Self.capacity where self[index].isFree { return index }
    return nil
  }

  /// A place that holds a peer and gives way to something more important: the first from a start that depends on the newcomer. A
  /// small processor has no division, so the number of places is a power of two.
  func placeOfPeer(for device: DeviceID) -> Int? {
    let mask = Self.capacity - 1
    let start = Int(truncatingIfNeeded: device.rawValue)
    for offset in 0..<Self.capacity where self[(start &+ offset) & mask].isMet { return (start &+ offset) & mask }
    return nil
  }
}

extension RevocationList.Entry {
  /// Whether it is a peer's generation, and no revocation.
  var isMet: Bool { generation == 0 && lastEpoch != 0 }
  var isFree: Bool { generation == 0 && lastEpoch == 0 }
}

extension TrustStore {
  /// Takes the statement that a device's next key is in use. It costs no revocation its place.
  public mutating func accept(_ statement: RotationStatement) throws(CredentialsError) {
    try verify(statement)
    let content = statement.content
    guard content.lastEpoch >= epoch else { return }
    _ = revocations.meet(content.device, in: content.system, content.generation, displacing: false)
  }

  /// Remembers a peer's generation once its certificate has been verified and its key proved.
  ///
  /// - Returns: whether the store has changed.
  /// - Throws: ``CredentialsError/superseded(generation:)`` when the peer was met with a later one.
  public mutating func meet(_ fields: CertificateFields) throws(CredentialsError) -> Bool {
    try checkMet(fields)
    return revocations.meet(fields.device, in: fields.system, fields.generation, displacing: true)
  }

  /// Refuses a generation before one that was met.
  func checkMet(_ fields: CertificateFields) throws(CredentialsError) {
    let met = revocations.metGeneration(of: fields.device, in: fields.system)
    guard fields.generation >= met else { throw .superseded(generation: met) }
  }
}
