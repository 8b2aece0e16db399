// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `countersign noise`: the Noise module on its own, for trying a protocol and for testing other implementations.
struct NoiseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "noise",
    abstract: "Speak Noise protocols by hand, as openssl s_client does for TLS.",
    discussion: """
      Examples:
        countersign noise keygen alice.key
        countersign noise explain Noise_IK_25519_ChaChaPoly_SHA256
      """,
    subcommands: [NoiseListen.self, NoiseConnect.self, NoiseKeygen.self, NoiseExplain.self]
  )
}
