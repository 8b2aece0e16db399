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

  public var defaultValueDescription: String { name }

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

  /// Whether this command can give it to a device that the server then serves.
  var isServed: Bool { isReachable }
}
