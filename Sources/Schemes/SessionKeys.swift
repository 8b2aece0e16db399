// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise

/// The keys of a session between a device and the server, one for each direction. Every scheme's handshake ends in these.
///
/// Make it empty in its final place and have a handshake fill it there: moves leave copies of keys behind.
public struct SessionKeys: ~Copyable {
  public var sending = CipherState<Cipher.ChaChaPoly>()
  public var receiving = CipherState<Cipher.ChaChaPoly>()
  /// What both sides have besides, 32 bytes: keys for datagrams and for suspended sessions follow from it.
  public var export = SecretBytes<32>()

  /// A place without keys.
  public init() {}

  /// Whether a handshake has filled it.
  public var isPresent: Bool { sending.hasKey }

  /// Overwrites the keys: the session is over.
  public mutating func wipe() {
    sending.wipe()
    receiving.wipe()
    export.wipe()
  }
}
