// SPDX-License-Identifier: Apache-2.0

/// A message's number: the sender's generation (16 bits) and a counter (48 bits) that only rises. Together with the sender's
/// address it identifies the message for ever, so that the application gets it once.
public struct MessageID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The sender's generation when the number was drawn.
  public var generation: Generation { Generation(truncatingIfNeeded: rawValue >> 48) }
  public var counter: UInt64 { rawValue & 0xFFFF_FFFF_FFFF }

  public static func < (a: MessageID, b: MessageID) -> Bool { a.rawValue < b.rawValue }
}
