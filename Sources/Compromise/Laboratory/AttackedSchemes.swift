// SPDX-License-Identifier: Apache-2.0

import Schemes

extension SchemeID {
  /// The schemes that are attacked: all that are served, but for the stretched key, which differs from the derived key in its cost
  /// alone. With credentials, blinded issuance is meant; ``Weaknesses/escrow`` is the other extreme.
  public static let attacked = allCases.filter { $0.row.isServed && $0.row.derivation != .stretched }
}
