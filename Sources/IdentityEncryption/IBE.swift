// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Identity-based encryption: a message is sealed to a device's id and the issuer's public key, and to nothing else. The device need
/// not have a key yet.
///
/// Boneh-Franklin on BLS12-381, with the Fujisaki-Okamoto transform as a key encapsulation. The issuer can open everything. A
/// message has no authenticated sender.
///
/// All but identities and errors is there only with the trait of this module's name, because it needs blst.
public enum IBE {
  /// Whether this build has blst.
  #if IdentityEncryption
    public static let isAvailable = true
  #else
    public static let isAvailable = false
  #endif

  /// Length of an encoded master public key, in bytes: a compressed point of G1.
  public static let publicKeyLength = 48
  /// Length of an encoded device key, in bytes: a compressed point of G2.
  public static let deviceKeyLength = 96
  /// Length of an encapsulated key, in bytes: a compressed point of G1, then 32 masked bytes.
  public static let encapsulationLength = 80
  /// What sealing adds to a message, in bytes: the encapsulated key and a tag.
  public static let overhead = encapsulationLength + tagLength
  /// The longest message, in bytes.
  public static let maximumMessageLength = 64_000
}
