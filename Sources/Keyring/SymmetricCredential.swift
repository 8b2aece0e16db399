// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes
import Wire

/// What the server's master key, and this, make one key of a device from.
public struct SymmetricCredential: Equatable, Sendable {
  public let scheme: SchemeID
  public let generation: Generation
  /// By scheme: the random input of the last rotation (32 bytes, or none before the first), or a key that the device had before it came
  /// here, sealed under a key of the authority (72); with `derived-key-pbkdf2` the salt; with `derived-key-ratchet` the ratchet's state,
  /// sealed under a key of the authority.
  public let material: [UInt8]

  public init(scheme: SchemeID, generation: Generation, material: [UInt8]) {
    self.scheme = scheme
    self.generation = generation
    self.material = material
  }
}
