// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// Everything a device must keep across a restart: its keys, its certificate, whom it trusts, and its counters.
///
/// It lives in one place and is never moved, because moves leave copies of keys behind: make it empty and load it there. Methods
/// that change it set ``isDirty``; the owner stores it before it sends anything that follows from the change.
public struct DeviceIdentity: ~Copyable {
  public internal(set) var scheme = SchemeID.certified
  public internal(set) var address = DeviceAddress(system: SystemID(0), device: DeviceID(0))
  public internal(set) var serverKey = X25519.PublicKey() {
    didSet {
      slotA.forgetServer()
      slotB.forgetServer()
    }
  }
  public internal(set) var trust = TrustStore(anchor: Bytes(), system: SystemID(0), epoch: 0)
  /// The highest revocation in the server's list that this device has accepted.
  public internal(set) var revocationSequence: UInt32 = 0
  var messageCounter = MessageCounter()
  public internal(set) var slotA = KeySlot()
  public internal(set) var slotB = KeySlot()
  /// Whether something changed that has not been stored.
  public internal(set) var isDirty = false

  /// A place for an identity.
  public init() {}

  /// Becomes a new device whose key is made here; certify it with ``install(_:)-(Certificate)`` before use. With scheme
  /// `identity-based` only the device's part of the key is made here: see ``requestPoint`` and ``inject(_:key:)``.
  ///
  /// - Parameter master: the server's master public key; without it the device trusts no identity-based credential.
  public mutating func create(
    address: DeviceAddress, anchor: Ed25519.PublicKey, serverKey: X25519.PublicKey, epoch: Epoch,
    scheme: SchemeID = .certified, master: MasterPublicKey? = nil
  ) {
    clear()
    self.address = address
    self.serverKey = serverKey
    self.scheme = scheme
    trust = TrustStore(anchor: anchor, system: address.system, epoch: epoch)
    trust.setMaster(master)
    if scheme.row.shown == .credential {
      slotA.beginRequest()
    } else {
      slotA.key.generate()
      slotA.state = .pending
    }
    isDirty = true
  }

  /// Overwrites every key. Not inlined: otherwise its caller would hold its stack space all the time.
  @inline(never)
  public mutating func clear() {
    slotA.clear()
    slotB.clear()
    revocationSequence = 0
    messageCounter = MessageCounter()
  }

  /// The owner calls this once it has stored the identity.
  public mutating func markStored() {
    isDirty = false
  }

  /// The certificate of the key in use.
  public var certificate: Certificate? {
    if slotA.state == .active { return slotA.certificate }
    if slotB.state == .active { return slotB.certificate }
    return nil
  }

  /// Which slot is in `state`.
  func slot(_ state: KeySlot.State) -> SlotName? {
    if slotA.state == state { return .a }
    if slotB.state == state { return .b }
    return nil
  }
}

/// The two slots by name, so that code can refer to one without borrowing it.
public enum SlotName: UInt8, Sendable {
  case a = 0
  case b = 1

  var other: SlotName { self == .a ? .b : .a }
}
