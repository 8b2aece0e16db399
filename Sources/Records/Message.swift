// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto

/// What one device sends another.
public enum Message {
  /// The longest text or data of one message, in bytes: what fits a sealed message in a relayed frame.
  public static let maximumLength = 64_000
  /// Bytes that a sealed message has beyond its text: e, encrypted s, certificate, number, tag. With an identity-based
  /// credential in place of the certificate it has 32 fewer.
  public static let sealedOverhead = 32 + 48 + Certificate.handshakeLength + 8 + tagLength
}
