// SPDX-License-Identifier: Apache-2.0

/// What the owner sets at the co-signer.
public struct Limits: Equatable, Sendable {
  /// For how many epochs after the current one a certificate may last.
  public var lead: UInt16
  /// The shortest time between two epochs, in seconds, by the co-signer's clock.
  public var epochInterval: UInt64

  public init(lead: UInt16, epochInterval: UInt64) {
    self.lead = lead
    self.epochInterval = epochInterval
  }
}
