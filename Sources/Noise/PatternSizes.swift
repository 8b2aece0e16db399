// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Sizes that a pattern alone decides.
extension HandshakePattern {
  /// How many bytes message `index` has beyond its payload: 32 for a key, 16 more for each tag, and what the modifier `hfs`
  /// adds with ML-KEM-768.
  public func messageOverhead(_ index: Int) -> Int {
    var isEncrypted = false
    var length = 0
    for current in 0...index {
      length = 0
      var tokens = messages[current]
      while let token = tokens.popFirst() {
        switch token {
        case .e:
          length += X25519.keyLength
          isEncrypted = isEncrypted || pskPositions != 0
        case .s: length += staticFieldLength + (isEncrypted ? tagLength : 0)
        case .ee, .es, .se, .ss, .psk: isEncrypted = true
        case .e1: length += MLKEM768.publicKeyLength + (isEncrypted ? tagLength : 0)
        case .ekem1:
          length += MLKEM768.ciphertextLength + (isEncrypted ? tagLength : 0)
          isEncrypted = true
        }
      }
      length += isEncrypted ? tagLength : 0
    }
    return length
  }
}
