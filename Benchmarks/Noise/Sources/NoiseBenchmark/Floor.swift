// SPDX-License-Identifier: Apache-2.0

import Bare
import Noise
import CountersignCrypto

/// The primitives that the responder of a handshake with ChaChaPoly and SHA-256 cannot do without, in order, read off the
/// pattern's tokens as the specification says (sections 5.2 and 5.3).
struct Floor {
  private(set) var steps = [bare_step]()
  private var isKeyed = false
  private let hasPSK: Bool

  init(_ pattern: HandshakePattern, hasCachedStaticShared: Bool) {
    hasPSK = pattern.pskPositions != 0
    // A name longer than a digest is hashed.
    let name = "Noise_".utf8.count + pattern.name.bytes.byteCount + "_25519_ChaChaPoly_SHA256".utf8.count
    if name > 32 { hash(name) }
    hash(32)  // the prologue
    for _ in 0..<pattern.initiatorPreMessage.count + pattern.responderPreMessage.count { hash(64) }
    for index in 0..<pattern.messageCount {
      message(pattern.message(index), isOurs: index & 1 == 1, hasCachedStaticShared)
    }
    add(BARE_HKDF, 0, outputs: 2)  // Split
  }

  private mutating func message(_ tokens: TokenSequence, isOurs: Bool, _ hasCachedStaticShared: Bool) {
    var rest = tokens
    while let token = rest.popFirst() {
      switch token {
      case .e:
        if isOurs { add(BARE_KEYGEN) }
        hash(64)
        if hasPSK { mixKey(outputs: 2) }
      case .s: crypt(32, isOurs)
      case .psk:
        mixKey(outputs: 3)
        hash(64)
      case .ee, .es, .se, .ss:
        if token != .ss || !hasCachedStaticShared { add(BARE_DH) }
        mixKey(outputs: 2)
      case .e1, .ekem1: preconditionFailure("a pattern with a KEM is not measured here")
      }
    }
    crypt(0, isOurs)
  }

  private mutating func mixKey(outputs: UInt32) {
    add(BARE_HKDF, 32, outputs: outputs)
    isKeyed = true
  }

  private mutating func crypt(_ length: UInt32, _ isOurs: Bool) {
    if isKeyed { add(isOurs ? BARE_SEAL : BARE_OPEN, length) }
    hash(32 + Int(length) + (isKeyed ? 16 : 0))
  }

  private mutating func hash(_ length: Int) { add(BARE_HASH, UInt32(length)) }

  private mutating func add(_ operation: bare_operation, _ length: UInt32 = 0, outputs: UInt32 = 0) {
    steps.append(bare_step(operation: operation, length: length, outputs: outputs))
  }

  func run() {
    let status = bare_run(steps, steps.count)
    precondition(status == 0, "libsodium refused a primitive of the floor")
  }
}
