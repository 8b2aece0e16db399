// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("Patterns and their names")
struct PatternTests {
  @Test("There are 3 one-way, 12 interactive and 23 deferred patterns, all valid, with distinct names")
  func catalogue() throws {
    #expect(HandshakePattern.oneWay.count == 3)
    #expect(HandshakePattern.interactive.count == 12)
    #expect(HandshakePattern.deferred.count == 23)
    #expect(Set(HandshakePattern.all.map(\.name)).count == 38)
    for pattern in HandshakePattern.all { try pattern.validate() }
  }

  @Test("Every name of every suite parses and prints back the same")
  func names() throws {
    for pattern in HandshakePattern.all {
      for cipher in NoiseProtocolName.CipherName.allCases {
        for hash in NoiseProtocolName.HashName.allCases {
          let text = "Noise_\(pattern.name)_25519_\(cipher.rawValue)_\(hash.rawValue)"
          #expect(try "\(NoiseProtocolName(text))" == text)
        }
      }
    }
    #expect("\(NoiseProtocolName(.IK))" == "Noise_IK_25519_ChaChaPoly_SHA256")
  }

  @Test(
    "Modifiers parse and print back",
    arguments: ["NNpsk0", "XXpsk3", "X1Kpsk0+psk4", "XXfallback+psk0+psk2", "Xpsk1"])
  func modifiers(name: String) throws {
    #expect(try "\(HandshakePattern(named: name).name)" == name)
  }

  @Test("Every placement of psks that a pattern has room for is valid")
  func allPlacements() throws {
    for pattern in HandshakePattern.all {
      for set in 1..<(1 << (pattern.messageCount + 1)) {
        let positions = (0...pattern.messageCount).filter { set & (1 << $0) != 0 }
        let name = "\(pattern.name)" + positions.map { "psk\($0)" }.joined(separator: "+")
        let parsed = try HandshakePattern(named: name)
        #expect(parsed.pskCount == positions.count && "\(parsed.name)" == name)
      }
    }
  }

  @Test(
    "The sizes that a pattern tells are those of its messages",
    arguments: ["NN", "IK", "XX", "IX1", "XXpsk0", "Kpsk1"])
  func sizes(name: String) throws {
    var pair = try StartedPair.make(name)
    while !pair.alice.isFinished {
      let expected = pair.alice.pattern.messageOverhead(pair.alice.messageIndex)
      #expect(pair.alice.nextMessageOverhead == expected && pair.bob.nextMessageOverhead == expected)
      try pair.deliver(1)
    }
  }

  @Test(
    "What is not a name is refused",
    arguments: [
      "", "Noise", "Noise_", "____", "Noise_XX_25519_ChaChaPoly", "Noise_XX_25519_ChaChaPoly_SHA256_",
      "Noise_XX_25519_ChaChaPoly_SHA256 ", "noise_XX_25519_ChaChaPoly_SHA256", "Noise_xx_25519_ChaChaPoly_SHA256",
      "Noise_XX_448_ChaChaPoly_SHA256", "Noise_XX_25519_chachapoly_SHA256", "Noise_XX_25519_ChaChaPoly_SHA-256",
      "Noise_ZZ_25519_ChaChaPoly_SHA256", "Noise__25519_ChaChaPoly_SHA256", "Noise_XXhfs_25519_ChaChaPoly_SHA256",
      "Noise_XX+psk0_25519_ChaChaPoly_SHA256", "Noise_XXpsk0+_25519_ChaChaPoly_SHA256",
      "Noise_XXpsk_25519_ChaChaPoly_SHA256", "Noise_XXpsk٣_25519_ChaChaPoly_SHA256",
      "Noise_XXpsk10_25519_ChaChaPoly_SHA256", "NoisePSK_XX_25519_ChaChaPoly_SHA256",
    ])
  func notNames(text: String) {
    #expect(throws: NoiseError.unknownName) { try NoiseProtocolName(text) }
  }

  @Test(
    "Modifiers that do not fit are refused",
    arguments: [
      ("NNpsk3", PatternFault.pskPosition), ("Npsk2", .pskPosition), ("XXpsk9", .pskPosition),
      ("XXpsk0+psk0", .pskPosition), ("XXpsk3+psk0", .pskPosition), ("IKfallback", .notFallbackCapable),
      ("NKfallback", .notFallbackCapable), ("Nfallback", .notFallbackCapable),
      ("XXfallback+fallback", .notFallbackCapable), ("XXpsk0+fallback", .notFallbackCapable),
      ("XXfallback+psk3", .pskPosition),
    ])
  func unfitModifiers(name: String, fault: PatternFault) {
    #expect(throws: NoiseError.invalidPattern(fault)) { try HandshakePattern(named: name) }
  }

  @Test("The specification's notation parses to the same pattern and prints back")
  func notation() throws {
    for pattern in HandshakePattern.all {
      let parsed = try HandshakePattern(text: pattern.text)
      #expect(parsed.text == pattern.text)
      #expect(parsed.messageCount == pattern.messageCount && parsed.isOneWay == pattern.isOneWay)
    }
    let psk = try HandshakePattern(text: "XXpsk0+psk3:\n  -> psk, e\n  <- e, ee, s, es\n  -> s, se, psk")
    #expect(psk.pskPositions == 0b1001)
    // Written with the arrows of XX, as in section 10.2: Bob speaks first.
    let fallback = try HandshakePattern(text: "XXfallback:\n  -> e\n  ...\n  <- e, ee, s, es\n  -> s, se\n")
    #expect(fallback.text == (try HandshakePattern(named: "XXfallback")).text)
    #expect(fallback.isFallback && !fallback.isOneWay)
  }

  @Test(
    "Notation that breaks a rule is refused with the rule",
    arguments: [
      ("A:\n-> e, e", PatternFault.repeatedKey),
      ("A:\n-> s\n...\n-> e, s", .repeatedKey),
      ("A:\n-> e\n<- e, ee, ee", .repeatedDH),
      ("A:\n-> e\n<- e, ee\n-> ee", .repeatedDH),
      ("A:\n-> e, es\n<- e, ee", .unavailableKey),
      ("A:\n-> e\n<- ee, e", .unavailableKey),
      ("A:\n-> s\n<- s\n...\n-> e, ss", .unprotectedStatic),
      ("A:\n-> e, s\n<- e, se", .unprotectedStatic),
      ("A:\n<- s\n...\n-> e, es\n<- e", .unprotectedStatic),
      ("A:\n<- s\n...\n-> s, ss", .unprotectedStatic),
      ("A:\n-> psk\n<- e", .pskWithoutEphemeral),
      ("A:\n-> e, psk\n<- s", .pskWithoutEphemeral),
      ("A:\n-> s, e\n...\n<- e", .preMessage),
      ("A:\n-> e, es\n...\n<- e", .preMessage),
      ("A:\n-> e\n-> s\n", .messageCount),
      ("A:\n", .messageCount),
      ("A:\n-> e\n<- e\n-> s\n<- s\n-> ee", .messageCount),
      ("A:\n-> e, psk, psk\n<- e, ee", .pskPosition),
      ("A:\n-> " + Array(repeating: "e", count: 16).joined(separator: ", "), .tokenCount),
    ])
  func brokenRules(text: String, fault: PatternFault) {
    #expect(throws: NoiseError.invalidPattern(fault)) { try HandshakePattern(text: text) }
  }

  @Test(
    "Text that is not the notation is refused",
    arguments: ["", "XX", "-> e", "XX:\ne", "XX:\n->", "XX:\n-> e,", "XX:\n-> f", "xx:\n-> e", "A:\n...\n...\n-> e"])
  func notNotation(text: String) {
    #expect(throws: NoiseError.unknownName) { try HandshakePattern(text: text) }
  }
}
