import Credentials
import Primitives
import Schemes

/// What the server's records do to a device's identity, in one place for firmware and host alike.
extension DeviceIdentity {
  /// The first record of a session.
  public func hello(listens: Bool) -> DeviceRecord.Hello {
    DeviceRecord.Hello(listens: listens, epoch: trust.epoch, revocationSequence: revocationSequence)
  }

  /// What the device should do next.
  public enum Order: Equatable, Sendable {
    /// Nothing beyond storing the identity when it is dirty.
    case none
    /// Send `renew` with this key.
    case renew(X25519.PublicKey)
    /// Send `request` with this point.
    case request(Bytes<32>)
    /// A certificate for the next key is here: open a new session, which will use it.
    case reconnect
  }

  /// Takes a record that concerns the identity; other records change nothing.
  ///
  /// Store the identity, when it is dirty afterwards, before carrying out the order.
  public mutating func receive(_ record: borrowing ServerRecord, over slot: SlotName) throws(DeviceError) -> Order {
    do throws(CredentialsError) {
      switch record {
      case .welcome(_, _, let statement):
        try accept(statement)
        confirmUse(of: slot)
        if let point = requestPoint { return .request(point) }
        if let key = renewalKey { return .renew(key) }
        if let order = renewal() { return order }
      case .epoch(let statement):
        try accept(statement)
        if let order = renewal() { return order }
      case .revocation(let statement):
        try trust.accept(statement)
        revocationSequence = max(revocationSequence, statement.content.sequence)
        isDirty = true
      case .policy(let statement):
        try trust.accept(statement)
        isDirty = true
      default: break
      }
    } catch { throw .credentials(error) }
    switch record {
    case .rotate:
      // The old key may still have messages to open; the server repeats the order at the next session.
      guard slotA.state != .retiring, slotB.state != .retiring else { return .none }
      try beginRotation()
      if let point = requestPoint { return .request(point) }
      if let key = renewalKey { return .renew(key) }
    case .certificate(let certificate):
      try install(certificate)
      if let next = self.slot(.certified) {
        guard certificate.identityCredential != nil, certificate == self.certificate else { return .reconnect }
        // Asked for the next credential, the server has shown the one in use: it does not know the next, and no other one leads
        // to that key. The device starts again.
        beginRequest(in: next)
        if let point = requestPoint { return .request(point) }
      }
    case .credential(let answer):
      try install(answer)
      if self.slot(.certified) != nil { return .reconnect }
    case .caughtUp:
      retireOldKey()
    default: break
    }
    return .none
  }

  /// Renews what will expire soon: a certificate for the same key; an identity-based credential, whose key depends on its last
  /// epoch, by a rotation.
  private mutating func renewal() -> Order? {
    guard wantsRenewal, let certificate else { return nil }
    guard certificate.identityCredential != nil else { return .renew(certificate.publicKey) }
    // While it may only renew, the server tells the device of no mail: the old key would stay for ever.
    if certificate.fields.lastEpoch < trust.epoch { retireOldKey() }
    do { try beginRotation() } catch { return nil }
    return requestPoint.map { .request($0) }
  }

  private mutating func accept(_ statement: EpochStatement) throws(CredentialsError) {
    let before = trust.epoch
    try trust.accept(statement)
    if trust.epoch != before { isDirty = true }
  }
}
