// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why a statement was signed.
enum Basis: Equatable {
  /// It needs nobody's word: it repeats, renews, revokes, or follows.
  case routine
  /// An open batch, by its number.
  case batch(UInt32)
  /// A proof from a key in use.
  case proof
  /// An open window, by its number.
  case window(UInt32)
  /// The owner approved exactly this.
  case approval

  static let encodedLength = 5

  init(_ reader: inout ByteReader) throws(WireError) {
    let (kind, number) = (try reader.uint8(), try reader.uint32())
    switch kind {
    case 0: self = .routine
    case 1: self = .batch(number)
    case 2: self = .proof
    case 3: self = .window(number)
    case 4: self = .approval
    default: throw .invalidValue
    }
  }

  func encode(_ writer: inout ByteWriter) {
    let (kind, number): (UInt8, UInt32) =
      switch self {
      case .routine: (0, 0)
      case .batch(let number): (1, number)
      case .proof: (2, 0)
      case .window(let number): (3, number)
      case .approval: (4, 0)
      }
    writer.uint8(kind)
    writer.uint32(number)
  }
}
