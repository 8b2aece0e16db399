// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Records
import Schemes
import Wire

/// What the server's records do to a device's identity, in one place for firmware and host alike.
extension DeviceIdentity {
  /// The first record of a session.
  ///
  /// - Parameter knowsApplications: whether the owner handles the server's records of applications.
  public func hello(listens: Bool, knowsApplications: Bool = false) -> DeviceRecord.Hello {
    DeviceRecord.Hello(
      listens: listens, epoch: trust.epoch, revocationSequence: revocationSequence, knowsRotations: true,
      knowsApplications: knowsApplications)
  }

  /// What the device should do next.
  public enum Order: Equatable, Sendable {
    /// Nothing beyond storing the identity when it is dirty.
    case none
    /// Send `renew` with this key: see ``ServerLink/renewal(of:_:)``.
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
      case .welcome, .epoch: try takeEpoch(record)
      case .revocation: try takeRevocation(record)
      case .policy: try takePolicy(record)
      case .rotation: try takeRotation(record)
      default: break
      }
    } catch { throw .credentials(error) }
    switch record {
    case .welcome: return welcome(over: slot)
    case .epoch: return renewal() ?? .none
    case .rotate: return try rotate()
    case .certificate: return try installCertificate(record)
    case .credential: return try installCredential(record)
    case .caughtUp: retireOldKey()
    default: break
    }
    return .none
  }

  // A function for each record with a payload, none of them inlined: together their copies would fill a small device's stack
  // while a signature is verified.

  @inline(never)
  private mutating func takeEpoch(_ record: borrowing ServerRecord) throws(CredentialsError) {
    switch record {
    case .welcome(_, _, let statement), .epoch(let statement):
      let before = trust.epoch
      try trust.accept(statement)
      if trust.epoch != before { isDirty = true }
    default: break
    }
  }

  @inline(never)
  private mutating func takeRevocation(_ record: borrowing ServerRecord) throws(CredentialsError) {
    switch record {
    case .revocation(let statement):
      try trust.accept(statement)
      revocationSequence = max(revocationSequence, statement.content.sequence)
      isDirty = true
    default: break
    }
  }

  @inline(never)
  private mutating func takeRotation(_ record: borrowing ServerRecord) throws(CredentialsError) {
    switch record {
    case .rotation(let statement):
      try trust.accept(statement)
      revocationSequence = max(revocationSequence, statement.content.sequence)
      isDirty = true
    default: break
    }
  }

  @inline(never)
  private mutating func takePolicy(_ record: borrowing ServerRecord) throws(CredentialsError) {
    switch record {
    case .policy(let statement):
      try trust.accept(statement)
      isDirty = true
    default: break
    }
  }

  @inline(never)
  private mutating func installCertificate(_ record: borrowing ServerRecord) throws(DeviceError) -> Order {
    switch record {
    case .certificate(let certificate):
      try install(certificate)
      return order(after: certificate)
    default: return .none
    }
  }

  @inline(never)
  private mutating func order(after certificate: Certificate) -> Order {
    guard let next = slot(.certified) else { return .none }
    guard certificate.identityCredential != nil, certificate == self.certificate else { return .reconnect }
    // Asked for the next credential, the server has shown the one in use: it does not know the next, and no other one leads
    // to that key. The device starts again.
    beginRequest(in: next)
    return requestPoint.map { .request($0) } ?? .none
  }

  @inline(never)
  private mutating func installCredential(_ record: borrowing ServerRecord) throws(DeviceError) -> Order {
    switch record {
    case .credential(let answer):
      try install(answer)
      return slot(.certified) == nil ? .none : .reconnect
    default: return .none
    }
  }

  /// The server knows this device by the key in `slot`.
  @inline(never)
  private mutating func welcome(over slot: SlotName) -> Order {
    confirmUse(of: slot)
    return request ?? renewal() ?? .none
  }

  @inline(never)
  private mutating func rotate() throws(DeviceError) -> Order {
    // The old key may still have messages to open; the server repeats the order at the next session.
    guard slotA.state != .retiring, slotB.state != .retiring else { return .none }
    try beginRotation()
    return request ?? .none
  }

  /// What a change of keys in progress asks of the server.
  private var request: Order? {
    if let point = requestPoint { return .request(point) }
    return renewalKey.map { .renew($0) }
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
}
