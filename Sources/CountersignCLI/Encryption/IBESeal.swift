// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import Foundation
import IdentityEncryption

struct IBESeal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal",
    abstract: "Seal a file to a device's id.",
    discussion: """
      The device need not have its key yet. Its id and the range of epochs are in the sealed file, which anybody can read. It does not \
      say who sealed it.

      Examples:
        countersign ibe seal --public-key KEY --to 7/00a0b1c2d3e4f506 \\
          --epochs 1-8 --out note.sealed note
      """)

  @Option(name: .long, help: ArgumentHelp("The issuer's public key, 96 hexadecimal digits.", valueName: "key"))
  var publicKey: String

  @OptionGroup var identity: IdentityOptions

  @Option(name: .long, help: ArgumentHelp("Where to write it; the file must not exist yet.", valueName: "file"))
  var out: String

  @Argument(help: "What to seal, at most 64000 bytes; - for standard input.")
  var file = "-"

  func run() throws {
    #if IdentityEncryption
      let identity = try identity.identity()
      let name = identity.bytes
      let issuer = try Self.issuer(publicKey)
      let text = try readInput(file, limit: IBE.maximumMessageLength)
      let clear = IBEFile.message.header + [UInt8](copying: name.bytes)
      var sealed = [UInt8](repeating: 0, count: text.count + IBE.overhead)
      var output = try OutputFile(creating: out)
      do throws(IBEError) {
        var target = sealed.mutableBytes
        try IBE.seal(text.bytes, to: identity, under: issuer, authenticating: clear.bytes, into: &target)
      } catch { throw Failure(error, file) }
      try output.write(clear + sealed)
    #else
      throw Failure.withoutBlst
    #endif
  }

  #if IdentityEncryption
    private static func issuer(_ text: String) throws(Failure) -> IBE.MasterPublicKey {
      guard let encoded = bytes(hexadecimal: text) else {
        throw Failure(.usage, "--public-key takes hexadecimal digits", hint: "See: countersign ibe public FILE")
      }
      do { return try IBE.MasterPublicKey(decoding: encoded.bytes) } catch { throw Failure(error, "the public key") }
    }
  #endif
}

struct IBEOpen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Open what was sealed to a device's id.",
    discussion: """
      Prints the message as it is. Who sealed it, nobody can tell: do not act on it as if you knew.

      Example: countersign ibe open --key pump.ibe note.sealed
      """)

  @Option(name: .long, help: ArgumentHelp("The key of the identity.", valueName: "file"))
  var key: String

  @Argument(help: "The sealed file; - for standard input.")
  var file = "-"

  func run() throws {
    #if IdentityEncryption
      let limit = IBEFile.headerLength + IBE.Identity.encodedLength + IBE.overhead + IBE.maximumMessageLength
      let bytes = try readInput(file, limit: limit)
      let least = IBE.Identity.encodedLength + IBE.overhead
      let body = try IBEFile.message.body(bytes, of: file, length: least...limit)
      let clear = [UInt8](bytes[..<(bytes.count - body.count + IBE.Identity.encodedLength)])
      let sealed = [UInt8](body[IBE.Identity.encodedLength...])
      var text = [UInt8](repeating: 0, count: sealed.count - IBE.overhead)
      defer { wipe(&text) }
      let device = try Self.deviceKey(key)
      do throws(IBEError) {
        var target = text.mutableBytes
        try device.open(sealed.bytes, authenticating: clear.bytes, into: &target)
      } catch { throw Failure(error, file) }
      printWarning("who sealed this message is not known")
      guard writeAll(text, to: STDOUT_FILENO) else { throw Failure.unwritableOutput }
    #else
      throw Failure.withoutBlst
    #endif
  }

  #if IdentityEncryption
    private static func deviceKey(_ path: String) throws(Failure) -> IBE.DeviceKey {
      let publicLength = IBE.Identity.encodedLength + IBE.publicKeyLength
      var encoded = try IBEFile.deviceKey.read(path, length: publicLength + IBE.deviceKeyLength)
      defer { wipe(&encoded) }
      let bytes = encoded.bytes
      guard let identity = try? IBE.Identity(decoding: bytes.extracting(..<IBE.Identity.encodedLength)) else {
        throw Failure(.dataError, "\(path) holds the key of an identity whose epochs end before they begin")
      }
      do throws(IBEError) {
        let issuer = try IBE.MasterPublicKey(
          decoding: bytes.extracting(IBE.Identity.encodedLength..<publicLength))
        return try IBE.DeviceKey(decoding: bytes.extracting(publicLength...), of: identity, from: issuer)
      } catch { throw Failure(error, path) }
    }
  #endif
}
