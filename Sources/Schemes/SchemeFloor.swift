// SPDX-License-Identifier: Apache-2.0

/// The weakest way of proving itself that a device may still use. It only rises: a device that has had its own key is never again
/// served under a key that it shared with others.
public enum SchemeFloor: UInt8, Comparable, Sendable {
  /// A key that several devices have.
  case shared = 0
  /// A key that the server can compute.
  case derived = 1
  /// A key of its own, vouched for by the server.
  case certified = 2
  /// That, and a derived key against a future quantum computer.
  case hybrid = 3

  public static func < (a: SchemeFloor, b: SchemeFloor) -> Bool { a.rawValue < b.rawValue }

  /// Whether a device with this floor may open a session under `scheme`.
  public func admits(_ scheme: SchemeID) -> Bool { scheme.row.floor >= self }
}

#if !hasFeature(Embedded)
  extension SchemeFloor: CaseIterable {}
#endif
