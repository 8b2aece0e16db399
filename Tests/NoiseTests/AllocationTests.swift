// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import TestSupport
import Testing

@Suite("Nothing is allocated", .enabled(if: Allocations.canBeCounted, "a sanitizer has malloc for itself"))
struct AllocationTests {
  @Test("The counter sees an allocation")
  func counterSeesAnAllocation() {
    let count = Allocations.count { UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16).deallocate() }
    #expect(count == 1)
  }

  enum Suite: String, CaseIterable { case sha256, sha512, blake2s, blake2b }

  @Test(
    "A whole handshake and its transport, both parties",
    arguments: ["IK", "XX", "NNpsk0", "IKpsk2"], Suite.allCases)
  func wholeHandshake(name: String, suite: Suite) throws {
    let pattern =
      switch name {
      case "IK": HandshakePattern.IK
      case "XX": HandshakePattern.XX
      case "NNpsk0": try HandshakePattern.NN.psk(0)
      default: try HandshakePattern.IK.psk(2)
      }
    let pair = HandshakePair(pattern)
    // The first run pays what libsodium and the dynamic linker do once in a process.
    for isCounted in [false, true] {
      let count = try Allocations.count { () throws(NoiseError) in
        switch suite {
        case .sha256: try pair.run(Cipher.ChaChaPoly.self, Hash.SHA256.self, transportMessages: 10)
        case .sha512: try pair.run(Cipher.ChaChaPoly.self, Hash.SHA512.self, transportMessages: 10)
        case .blake2s: try pair.run(Cipher.ChaChaPoly.self, Hash.BLAKE2s.self, transportMessages: 10)
        case .blake2b: try pair.run(Cipher.ChaChaPoly.self, Hash.BLAKE2b.self, transportMessages: 10)
        }
      }
      if isCounted { #expect(count == 0) }
    }
  }

  @Test("A whole handshake with a KEM, both parties", arguments: ["IKhfs", "XKhfs", "XXhfs"])
  func hybridHandshake(name: String) throws {
    let pair = HandshakePair(try HandshakePattern(named: name))
    for isCounted in [false, true] {
      let count = try Allocations.count { () throws(NoiseError) in
        try pair.run(Cipher.ChaChaPoly.self, Hash.SHA256.self, kem: MLKEM768State.self, transportMessages: 10)
      }
      if isCounted { #expect(count == 0) }
    }
  }
}
