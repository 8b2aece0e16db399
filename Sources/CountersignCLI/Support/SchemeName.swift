import ArgumentParser
import Registry
import Schemes

/// A scheme as options and output name it.
extension SchemeID: ExpressibleByArgument {
  public init?(argument: String) {
    guard let scheme = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = scheme
  }

  /// The schemes that a device can be given.
  public static var allValueStrings: [String] { allCases.filter { $0.isServed }.map(\.name) }

  public static var allValueDescriptions: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0.words) })
  }

  var name: String {
    switch self {
    case .sharedKey: "shared-key"
    case .derivedKey: "derived-key"
    case .derivedKeyPBKDF2: "derived-key-pbkdf2"
    case .derivedKeyEphemeral: "derived-key-ephemeral"
    case .derivedKeyRatchet: "derived-key-ratchet"
    case .certified: "certified"
    case .registered: "registered"
    case .compactKK: "compact-kk"
    case .hybridIKpsk2: "hybrid-ikpsk2"
    case .broadcast: "broadcast"
    case .identityBased: "identity-based"
    }
  }

  /// For the help.
  private var words: String {
    switch self {
    case .sharedKey: "one key for the whole system"
    case .derivedKey: "a key that the server computes from its one key and the device's id"
    case .derivedKeyPBKDF2: "the same through PBKDF2 and a stored salt"
    case .derivedKeyEphemeral: "a derived key and an ephemeral X25519"
    case .derivedKeyRatchet: "a derived key that a hash moves on"
    case .certified: "a key pair; the certificate is on the wire"
    case .registered: "a key pair that the server finds in its registry"
    case .compactKK: "the same in the smallest first frame"
    case .hybridIKpsk2: "a key pair and a derived key beside it"
    case .broadcast: "subset difference, for comparison"
    case .identityBased: "an identity-based credential"
    }
  }

  /// Whether this command can give it to a device that the server then serves.
  var isServed: Bool { isReachable }
}
