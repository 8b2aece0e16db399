// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Records
import Schemes
import Wire

/// Everything that a device of a scheme without public keys must keep across a restart: its key, the next one, and its counters.
/// The counterpart of ``DeviceIdentity``, under the same rules: it lives in one place, and the owner stores it, when ``isDirty``,
/// before it sends anything that follows from a change.
public struct SymmetricIdentity: ~Copyable {
  public internal(set) var address = DeviceAddress(system: SystemID(0), device: DeviceID(0))
  /// The epoch in the last `welcome`: pseudonyms are made for it. The server relies on this to know them.
  public internal(set) var epoch: Epoch = 0
  var messageCounter = MessageCounter()
  public internal(set) var slotA = SymmetricSlot()
  public internal(set) var slotB = SymmetricSlot()
  /// Whether something changed that has not been stored.
  public internal(set) var isDirty = false

  /// A place for an identity.
  public init() {}

  /// Becomes a device with the key that the server computed for it: the body of a record `key`.
  public mutating func create(
    address: DeviceAddress, epoch: Epoch, scheme: SchemeID, generation: Generation, key: RawSpan
  ) throws(DeviceError) {
    clear()
    self.address = address
    self.epoch = epoch
    try slotA.take(scheme, generation, key, as: .active)
    isDirty = true
  }

  /// Overwrites every key.
  public mutating func clear() {
    slotA.clear()
    slotB.clear()
    messageCounter = MessageCounter()
  }

  /// The owner calls this once it has stored the identity.
  public mutating func markStored() {
    isDirty = false
  }

  func slot(_ state: SymmetricSlot.State) -> SlotName? {
    if slotA.state == state { return .a }
    if slotB.state == state { return .b }
    return nil
  }

  func generation(of slot: SlotName) -> Generation { slot == .a ? slotA.generation : slotB.generation }

  /// The scheme of the key in use.
  public var scheme: SchemeID { slotB.state == .active ? slotB.scheme : slotA.scheme }

  /// The generation of the key in use.
  public var generation: Generation { slotB.state == .active ? slotB.generation : slotA.generation }

  /// The slot whose key has that generation.
  public func slot(of generation: Generation) -> SlotName? {
    if slotA.state != .empty && slotA.generation == generation { return .a }
    if slotB.state != .empty && slotB.generation == generation { return .b }
    return nil
  }

  /// The slot to open a session with: a key that was given and never used comes first.
  ///
  /// - Parameter fallingBack: whether the server has just refused that one by its own word, so that the active key is tried.
  public func slotForSession(fallingBack: Bool = false) -> SlotName? {
    if !fallingBack, let given = slot(.given) { return given }
    return slot(.active)
  }

  /// Counts a session under the key in `name`, and with `derived-key-ratchet` moves that key. Store the identity before the
  /// first frame leaves.
  public mutating func beginSession(with name: SlotName) throws(DeviceError) {
    let hasChanged = name == .a ? try slotA.beginSession() : try slotB.beginSession()
    if hasChanged { isDirty = true }
  }

  /// The first record of a session. This device gets no revocations: it verifies no peer.
  public func hello(listens: Bool, knowsApplications: Bool = false) -> DeviceRecord.Hello {
    DeviceRecord.Hello(
      listens: listens, epoch: epoch, revocationSequence: 0, knowsRotations: true, knowsApplications: knowsApplications)
  }

  /// Takes message numbers for the wake-ups of a suspended session and returns the first. Store the identity before it is suspended.
  public mutating func takeMessageIDs(_ count: Int = Suspension.maximumWakeUps) throws(DeviceError) -> MessageID {
    guard slot(.active) != nil else { throw .noUsableKey }
    isDirty = true
    return try messageCounter.take(UInt64(count), generation)
  }

  /// The next message number. When ``isDirty`` afterwards, store the identity before the message leaves.
  public mutating func nextMessageID() throws(DeviceError) -> MessageID {
    guard slot(.active) != nil else { throw .noUsableKey }
    let before = messageCounter.reserved
    let id = try messageCounter.draw(generation)
    if messageCounter.reserved != before { isDirty = true }
    return id
  }
}
