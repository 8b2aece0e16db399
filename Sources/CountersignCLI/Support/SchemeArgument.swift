// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Schemes

/// A scheme as an option takes it.
extension SchemeID: ExpressibleByArgument {
  public init?(argument: String) { self.init(named: argument) }

  /// The schemes that a device can be given.
  public static var allValueStrings: [String] { allCases.filter(\.row.isOrdered).map(\.name) }

  public static var allValueDescriptions: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0.row.summary.description) })
  }
}
