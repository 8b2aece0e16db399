import Primitives
import Registry
import Schemes

/// Opens the right admission for a first frame: its first byte names the scheme, so that one port serves all of them.
public struct AdmissionDesk: Sendable {
  public typealias Opening = @Sendable () -> any Admission

  private var openings: [SchemeID: Opening] = [:]

  public init() {}

  /// Lets devices of `scheme` in.
  public mutating func accept(_ scheme: SchemeID, _ opening: @escaping Opening) {
    openings[scheme] = opening
  }

  func admission(for frame: RawSpan) throws(AdmissionRefusal) -> any Admission {
    guard frame.byteCount > 0 else { throw .unreadable }
    guard let scheme = SchemeID(rawValue: frame.unsafeLoad(as: UInt8.self)), let opening = openings[scheme] else {
      throw .unknownScheme
    }
    return opening()
  }
}

extension AdmissionDesk {
  /// A desk that serves devices of every scheme.
  public init(registry: any DeviceRegistry, authority: Authority, limits: RelayLimits = RelayLimits()) {
    let context = AdmissionContext(registry: registry, authority: authority, trialKeys: limits.trialKeys)
    accept(.sharedKey) { SharedKeyAdmission(context) }
    accept(.derivedKey) { DerivedKeyAdmission(context) }
    accept(.derivedKeyPBKDF2) { DerivedKeyAdmission(context) }
    accept(.derivedKeyEphemeral) { EphemeralAdmission(context) }
    accept(.derivedKeyRatchet) { RatchetAdmission(context) }
    accept(.certified) { KeyAdmission(context) }
    accept(.registered) { KeyAdmission(context) }
    accept(.compactKK) { CompactAdmission(context) }
    accept(.hybridIKpsk2) { HybridAdmission(context) }
    accept(.identityBased) { KeyAdmission(context) }
  }
}
