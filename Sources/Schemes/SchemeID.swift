/// How a device proves who it is to the server. The first byte of the first frame, so that one port serves all of them;
/// the handshake's prologue binds it.
public enum SchemeID: UInt8, Sendable {
  /// One key for a whole system: what fleets migrate away from.
  case sharedKey = 1
  /// A key derived from the server's master key, the device id and a generation.
  case derivedKey = 2
  /// The same through PBKDF2 and a stored salt.
  case derivedKeyPBKDF2 = 3
  /// A derived key and an ephemeral Diffie-Hellman.
  case derivedKeyEphemeral = 4
  /// A derived key moved forward by a hash.
  case derivedKeyRatchet = 5
  /// Noise_IK with the device's certificate in the first message.
  case certified = 6
  /// Noise_IK; the server knows the device's key from its registry.
  case registered = 7
  /// Noise_KK with a routing hint.
  case compactKK = 8
  /// Noise_IKpsk2 whose psk is the derived key.
  case hybridIKpsk2 = 9
  /// Broadcast encryption, for comparison.
  case broadcast = 10
  /// Noise_IK with an identity-based credential in place of the device's key: the modifier `implicit`.
  case identityBased = 11
}

#if !hasFeature(Embedded)
  extension SchemeID: CaseIterable {}
#endif
