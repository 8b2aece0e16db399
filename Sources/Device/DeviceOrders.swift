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
        if let key = renewalKey { return .renew(key) }
        if wantsRenewal, let certificate { return .renew(certificate.publicKey) }
      case .epoch(let statement):
        try accept(statement)
        if wantsRenewal, let certificate { return .renew(certificate.publicKey) }
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
      if let key = renewalKey { return .renew(key) }
    case .certificate(let certificate):
      try install(certificate)
      if self.slot(.certified) != nil { return .reconnect }
    case .caughtUp:
      retireOldKey()
    default: break
    }
    return .none
  }

  private mutating func accept(_ statement: EpochStatement) throws(CredentialsError) {
    let before = trust.epoch
    try trust.accept(statement)
    if trust.epoch != before { isDirty = true }
  }
}
