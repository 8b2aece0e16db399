// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import CountersignCrypto

struct NoiseKeygen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Make an X25519 key pair.",
    discussion: """
      Writes the private key to FILE as 64 hexadecimal digits (mode 0600) and prints the public key.

      Example: countersign noise keygen alice.key
      """)

  @Argument(help: "Where to write the private key; the file must not exist yet.")
  var file: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = X25519.PrivateKey.random()
    try HexadecimalSecret.create(file, hexadecimal: key.secretBytes)
    let publicKey = hexadecimal(key.publicKey.bytes)
    if output.isJSON {
      try printJSON(["public_key": publicKey])
    } else {
      print(publicKey)
    }
  }
}
