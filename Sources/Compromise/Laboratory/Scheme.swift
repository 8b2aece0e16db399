import Schemes

/// The schemes that are attacked, by the names that options and outputs use. A scheme enters the matrix by standing here and by
/// having a ``ClientHandshake`` and a gate: see ``World``.
public enum Scheme: String, Codable, Sendable, CaseIterable {
  case sharedKey = "shared-key"
  case derivedKey = "derived-key"
  case derivedKeyEphemeral = "derived-key-ephemeral"
  case derivedKeyRatchet = "derived-key-ratchet"
  case certified
  case registered
  case compactKK = "compact-kk"
  case hybridIKpsk2 = "hybrid-ikpsk2"
  /// With blinded issuance, the default; ``Weaknesses/escrow`` is the other extreme.
  case identityBased = "identity-based"

  public var id: SchemeID {
    switch self {
    case .sharedKey: .sharedKey
    case .derivedKey: .derivedKey
    case .derivedKeyEphemeral: .derivedKeyEphemeral
    case .derivedKeyRatchet: .derivedKeyRatchet
    case .certified: .certified
    case .registered: .registered
    case .compactKK: .compactKK
    case .hybridIKpsk2: .hybridIKpsk2
    case .identityBased: .identityBased
    }
  }

  init?(_ id: SchemeID) {
    guard let scheme = Self.allCases.first(where: { $0.id == id }) else { return nil }
    self = scheme
  }

  /// Whether a device holds a key pair of its own, which the server cannot compute, and a certificate for it, explicit or
  /// implicit.
  public var hasOwnKey: Bool {
    switch self {
    case .certified, .registered, .compactKK, .hybridIKpsk2, .identityBased: true
    default: false
    }
  }

  /// Whether handshakes mix fresh Diffie-Hellman keys.
  public var hasEphemerals: Bool { hasOwnKey || self == .derivedKeyEphemeral }

  /// Whether the server can compute a secret of each device from its root.
  public var hasDerivedKey: Bool { !hasOwnKey || self == .hybridIKpsk2 }
}
