// SPDX-License-Identifier: Apache-2.0

/// Which keys a pattern asks for before the first message.
extension HandshakePattern {
  /// Whether `role` needs a static key of its own.
  @inlinable
  public func needsStatic(_ role: Role) -> Bool {
    preMessage(of: role).contains(.s) || sends(.s, by: role)
  }

  /// Whether `role` must know the peer's static key beforehand.
  @inlinable
  public func needsRemoteStatic(_ role: Role) -> Bool { preMessage(of: role.opposite).contains(.s) }

  /// Whether `role` must bring the ephemeral key that it sent in another handshake (`fallback`).
  @inlinable
  public func needsEphemeral(_ role: Role) -> Bool { preMessage(of: role).contains(.e) }

  /// Whether `role` must know the peer's ephemeral key from another handshake (`fallback`).
  @inlinable
  public func needsRemoteEphemeral(_ role: Role) -> Bool { preMessage(of: role.opposite).contains(.e) }

  /// Whether the modifier `psk<position>` stands in this pattern.
  @inlinable
  public func hasPSK(at position: Int) -> Bool {
    position >= 0 && position < Self.maximumPSKCount && pskPositions & (1 << UInt8(position)) != 0
  }

  /// The pre-message of `role`.
  @inlinable
  public func preMessage(of role: Role) -> TokenSequence {
    role == .initiator ? initiatorPreMessage : responderPreMessage
  }

  /// Whether `role` sends `token` in one of its messages.
  @inlinable
  public func sends(_ token: Token, by role: Role) -> Bool {
    var index = role == .initiator ? 0 : 1
    while index < messageCount {
      if messages[index].contains(token) { return true }
      index += 2
    }
    return false
  }

  @inlinable
  var usesStaticStatic: Bool { sends(.ss, by: .initiator) || sends(.ss, by: .responder) }
}
