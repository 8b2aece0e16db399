// SPDX-License-Identifier: Apache-2.0

import Schemes
import Foundation

extension Matrix {
  struct Document: Encodable {
    let schemes: [SchemeID]
    let attacks: [AttackInfo]
    let cells: [Cell]
    let controls: [ControlResult]
  }

  /// Everything, one object.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let document = Document(schemes: schemes, attacks: attacks, cells: cells, controls: controls)
    return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
  }
}
