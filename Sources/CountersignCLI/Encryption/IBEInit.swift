// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import IdentityEncryption

struct IBEInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a master key.",
    discussion: """
      Writes its seed to FILE as 64 hexadecimal digits (mode 0600) and prints the public key, which senders need. Whoever has the \
      file can open every message to every device.

      Example: countersign ibe init master.ibe
      """)

  @Argument(help: "Where to write the seed; the file must not exist yet.")
  var file: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    #if IdentityEncryption
      let seed = SecretBytes<32>.random()
      let publicKey = try IBEPublic.publicKey(of: seed, file)
      try HexadecimalSecret.create(file, hexadecimal: seed.bytes)
      try IBEPublic.show(publicKey, output)
    #else
      throw Failure.withoutBlst
    #endif
  }
}

struct IBEPublic: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "public",
    abstract: "Print the public key of a master key.",
    discussion: "Example: countersign ibe public master.ibe")

  @Argument(help: "The master key's file.")
  var file: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    #if IdentityEncryption
      let seed = try HexadecimalSecret.read(own: file)
      try Self.show(try Self.publicKey(of: seed, file), output)
    #else
      throw Failure.withoutBlst
    #endif
  }

  #if IdentityEncryption
    static func publicKey(of seed: borrowing SecretBytes<32>, _ path: String) throws(Failure) -> String {
      do throws(IBEError) {
        let bytes = try IBE.MasterKey(seed: seed.bytes).publicKey.bytes
        return hexadecimal(bytes.bytes)
      } catch { throw Failure(error, path) }
    }

    static func show(_ publicKey: String, _ output: OutputOptions) throws {
      if output.isJSON { return try printJSON(["public_key": publicKey]) }
      print(publicKey)
    }
  #endif
}
