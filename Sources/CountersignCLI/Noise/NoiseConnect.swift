// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Noise

struct NoiseConnect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connect",
    abstract: "Connect as the initiator and send lines as messages.",
    discussion: """
      Runs the handshake over TCP, each message after two bytes of length, then sends each line of standard input as one \
      transport message and prints each message received. Ends when both sides have ended.

      Examples:
        countersign noise connect --protocol Noise_XX_25519_ChaChaPoly_SHA256 \\
          --address 127.0.0.1:7000 --static alice.key
        echo hello | countersign noise connect --output json --psk shared.psk \\
          --protocol Noise_NNpsk0_25519_ChaChaPoly_SHA256 --address 127.0.0.1:7000
      """)

  @OptionGroup var options: NoiseOptions

  func run() throws {
    let handshake = try options.makeHandshake(role: .initiator)
    let session = NoiseSession(
      socket: try options.address.connect(), handshake: handshake, options: options, input: InputLines(),
      isEchoing: false)
    try session.run()
  }
}
