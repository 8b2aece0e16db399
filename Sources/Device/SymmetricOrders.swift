// SPDX-License-Identifier: Apache-2.0

import Credentials
import Records
import Schemes
import Wire

/// What the server's records do to the identity of a device without a key pair.
extension SymmetricIdentity {
  /// What the device should do next.
  public enum Order: Equatable, Sendable {
    /// Nothing beyond storing the identity when it is dirty.
    case none
    /// The next key is here: open a new session, which will use it.
    case reconnect
  }

  /// Takes a record that concerns the identity; other records change nothing. Store the identity, when it is dirty
  /// afterwards, before carrying out the order.
  ///
  /// The epoch's signature is not checked: that takes a public-key operation, and the session's key already shows that the server
  /// sent it.
  ///
  /// - Parameter slot: the one whose key opened this session.
  public mutating func receive(_ record: borrowing ServerRecord, over slot: SlotName) throws(DeviceError) -> Order {
    switch record {
    case .welcome(_, _, let statement):
      if statement.content.epoch > epoch {
        epoch = statement.content.epoch
        isDirty = true
      }
      confirmUse(of: slot)
      return .none
    case .key(let scheme, let generation, let body):
      return try take(scheme, generation, body)
    default:
      return .none
    }
  }

  /// The server has authenticated a session under the key in `name`: if it was the next one, it is now the active one, and the
  /// old one is overwritten.
  mutating func confirmUse(of name: SlotName) {
    guard slot(.given) == name else { return }
    if name == .a {
      slotA.state = .active
      slotB.clear()
    } else {
      slotB.state = .active
      slotA.clear()
    }
    isDirty = true
  }

  /// Takes the derived key that goes with the certificate of `generation`, in a scheme that has one beside the key pair.
  public mutating func takePSK(_ psk: RawSpan, generation: Generation) throws(DeviceError) {
    _ = try take(scheme, generation, psk)
  }

  /// The certificate of `generation` has been used: the psk before it is overwritten.
  public mutating func confirmPSK(_ generation: Generation) {
    if let name = slot(of: generation) { confirmUse(of: name) }
  }

  /// Puts the next key into the free slot. A key that was given earlier and never used makes room: the server may have made
  /// another since.
  private mutating func take(
    _ scheme: SchemeID, _ generation: Generation, _ body: RawSpan
  ) throws(DeviceError) -> Order {
    guard let active = slot(.active) else { throw .noUsableKey }
    let current = self.generation(of: active)
    // Said again after it was used.
    if generation == current { return .none }
    // A psk stays one, and none becomes the key of a session.
    let isAllowed =
      self.scheme.isSymmetric ? scheme.isSymmetric : scheme == self.scheme
    guard generation > current, isAllowed else { throw .subjectMismatch }
    if active == .a {
      try slotB.take(scheme, generation, body, as: .given)
    } else {
      try slotA.take(scheme, generation, body, as: .given)
    }
    isDirty = true
    return .reconnect
  }
}
