// SPDX-License-Identifier: Apache-2.0

import Noise
import Testing

@Suite("The modifier hfs: patterns")
struct HybridPatternTests {
  /// The table of the draft's section 5, but for two rows: that of IN leaves out `ee`, and that of KK puts `e1` before `es`, against
  /// the rule in the text.
  private static let table: [String: String] = [
    "NN": "e, e1 / e, ee, ekem1", "NK": "e, es, e1 / e, ee, ekem1", "NX": "e, e1 / e, ee, ekem1, s, es",
    "XN": "e, e1 / e, ee, ekem1 / s, se", "XK": "e, es, e1 / e, ee, ekem1 / s, se",
    "XX": "e, e1 / e, ee, ekem1, s, es / s, se", "KN": "e, e1 / e, ee, ekem1, se",
    "KK": "e, es, e1, ss / e, ee, ekem1, se", "KX": "e, e1 / e, ee, ekem1, se, s, es",
    "IN": "e, e1, s / e, ee, ekem1, se", "IK": "e, es, e1, s, ss / e, ee, ekem1, se",
    "IX": "e, e1, s / e, ee, ekem1, se, s, es",
  ]

  @Test("tokens stand where the draft puts them, in each interactive pattern")
  func tokens() throws {
    for pattern in HandshakePattern.interactive {
      let hybrid = try pattern.hfs()
      let text = (0..<hybrid.messageCount).map { "\(hybrid.message($0))" }.joined(separator: " / ")
      #expect(text == Self.table["\(pattern.name)"], "\(hybrid.name)")
      #expect("\(hybrid.name)" == "\(pattern.name)hfs" && hybrid.isHybrid)
      #expect(hybrid.initiatorPreMessage == pattern.initiatorPreMessage)
      #expect(hybrid.responderPreMessage == pattern.responderPreMessage)
    }
  }

  @Test("a deferred pattern has both tokens, in its first two messages, and is valid")
  func deferred() throws {
    for pattern in HandshakePattern.deferred {
      let hybrid = try pattern.hfs()
      #expect(hybrid.message(0).contains(.e1) && hybrid.message(1).contains(.ekem1))
      try hybrid.validate()
    }
  }

  @Test("the constants are what the modifier makes")
  func constants() throws {
    for (constant, base) in [
      (HandshakePattern.IKhfs, HandshakePattern.IK), (.XKhfs, .XK), (.XXhfs, .XX),
    ] {
      let made = try base.hfs()
      #expect(constant.name == made.name && constant.text == made.text && constant.isHybrid)
      try constant.validate()
    }
  }

  @Test("every name parses and prints back, with psks behind the modifier")
  func names() throws {
    for pattern in HandshakePattern.interactive + HandshakePattern.deferred {
      for psk in ["", "+psk0", "+psk\(pattern.messageCount)", "+psk0+psk1"] {
        let text = "Noise_\(pattern.name)hfs\(psk)_25519+MLKEM768_ChaChaPoly_BLAKE2s"
        let name = try NoiseProtocolName(text)
        #expect("\(name)" == text && name.kem == .mlkem768)
      }
    }
    #expect("\(NoiseProtocolName(.XXhfs))" == "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256")
    #expect(NoiseProtocolName(.XX).kem == nil)
  }

  @Test(
    "the KEM is named exactly where there is one",
    arguments: [
      "Noise_XXhfs_25519_ChaChaPoly_SHA256", "Noise_XX_25519+MLKEM768_ChaChaPoly_SHA256",
      "Noise_XXhfs_25519+ML-KEM-768_ChaChaPoly_SHA256", "Noise_XXhfs_25519+MLKEM1024_ChaChaPoly_SHA256",
      "Noise_XXhfs_25519+_ChaChaPoly_SHA256", "Noise_XXhfs_MLKEM768_ChaChaPoly_SHA256",
      "Noise_XXhfs_25519+MLKEM768+MLKEM768_ChaChaPoly_SHA256", "Noise_XXHFS_25519+MLKEM768_ChaChaPoly_SHA256",
    ])
  func otherNames(text: String) {
    #expect(throws: NoiseError.unknownName) { try NoiseProtocolName(text) }
  }

  @Test("it fits no one-way pattern, comes once, before psk, and not with fallback")
  func misfits() {
    for name in [
      "Nhfs", "Khfs", "Xhfs", "XXhfs+hfs", "XXpsk0+hfs", "IKpsk2+hfs", "XXfallback+hfs", "XXhfs+fallback",
    ] {
      let fault: PatternFault = name.hasSuffix("+fallback") ? .notFallbackCapable : .kem
      #expect(throws: NoiseError.invalidPattern(fault), "\(name)") { try HandshakePattern(named: name) }
    }
  }

  @Test(
    "own patterns: one party sends e1 once, the other answers once",
    arguments: [
      "-> e, e1\n<- e, ee", "-> e\n<- e, ee, ekem1", "-> e, e1, e1\n<- e, ee, ekem1",
      "-> e, e1\n<- e, ee, ekem1, ekem1", "-> e, e1\n<- e, ee\n-> ekem1", "-> e, e1, ekem1\n<- e, ee",
      "-> ekem1, e\n<- e1, e, ee", "-> e, e1\n<- e, e1, ee, ekem1",
    ])
  func faults(messages: String) {
    #expect(throws: NoiseError.invalidPattern(.kem)) { try HandshakePattern(text: "OWNhfs:\n\(messages)") }
  }

  @Test("ekem1 may be encrypted after ss and before se, but not before ee")
  func staticProtection() throws {
    let start = "OWN:\n<- s\n...\n-> e, es, e1, s, ss\n"
    _ = try HandshakePattern(text: start + "<- e, ee, ekem1, se")
    #expect(throws: NoiseError.invalidPattern(.unprotectedStatic)) {
      try HandshakePattern(text: start + "<- e, ekem1, ee, se")
    }
  }

  @Test("own patterns that keep the rule are taken, and print back")
  func own() throws {
    for text in [
      "OWN:\n  -> e, e1\n  <- e, ee, ekem1", "OWN:\n  -> e\n  <- e, ee, e1\n  -> ekem1",
      "OWN:\n  -> e, e1\n  <- e, ee\n  -> s, se\n  <- ekem1",
    ] {
      let pattern = try HandshakePattern(text: text)
      #expect(pattern.text == text && pattern.isHybrid)
    }
    #expect(throws: NoiseError.invalidPattern(.preMessage)) {
      try HandshakePattern(text: "OWN:\n<- e1\n...\n-> e, ekem1\n<- e, ee")
    }
  }

  @Test("grades are those of the pattern without it; what the KEM adds follows from the tokens")
  func grades() throws {
    for pattern in HandshakePattern.interactive + HandshakePattern.deferred {
      let hybrid = try pattern.hfs()
      #expect(hybrid.payloadSecurity == pattern.payloadSecurity)
      #expect(hybrid.identityHiding?.initiator == pattern.identityHiding?.initiator)
      #expect(hybrid.identityHiding?.responder == pattern.identityHiding?.responder)
      #expect(hybrid.firstHybridMessage == 1 && pattern.firstHybridMessage == nil)
      // The initiator's static key goes out in the first message or after the second; the responder's never before `ee`.
      let name = "\(pattern.name)"
      #expect(
        hybrid.hidesStaticHybridly(.initiator) == (name.hasPrefix("I") ? false : name.hasPrefix("X") ? true : nil))
      #expect(hybrid.hidesStaticHybridly(.responder) == (name.dropFirst().contains("X") ? true : nil))
    }
  }
}
