// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Opens the right admission for a first frame: its first byte names the scheme, so that one port serves all of them.
public struct Admissions: Sendable {
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

extension Admissions {
  /// Admissions of devices of every scheme.
  public init(registry: any AdmissionRegistry, authority: Authority, limits: RelayLimits = RelayLimits()) {
    let context = AdmissionContext(registry: registry, authority: authority, trialKeys: limits.trialKeys)
    for scheme in SchemeID.allCases where scheme.row.isServed { accept(scheme) { context.admission(scheme) } }
  }
}

extension AdmissionContext {
  /// How devices of a scheme are let in: by what their first frame leads to.
  fileprivate func admission(_ scheme: SchemeID) -> any Admission {
    switch scheme.row.hint {
    case .none: KeyAdmission(self, scheme)
    case .keyHash: CompactAdmission(self, scheme)
    case .pseudonymStart: EphemeralAdmission(self, scheme)
    case .address: SharedKeyAdmission(self, scheme)
    case .pseudonym where scheme.row.derivation == .ratchet: RatchetAdmission(self, scheme)
    case .pseudonym, .saltStart: DerivedKeyAdmission(self, scheme)
    }
  }
}
