// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import IdentityEncryption

struct IBEExtract: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Make the key of an identity, or a holder's part of it.",
    discussion: """
      With --key the whole key, with --share the part that this holder can give; `countersign ibe combine` makes a key of enough \
      parts. FILE is a secret (mode 0600).

      Examples:
        countersign ibe extract --key master.ibe --to 7/00a0b1c2d3e4f506 \\
          --epochs 1-8 --out pump.ibe
        countersign ibe extract --share shares/share-1 \\
          --commitments shares/commitments --to 7/00a0b1c2d3e4f506 \\
          --epochs 1-8 --out pump.part-1
      """)

  @Option(name: .long, help: ArgumentHelp("The master key's file.", valueName: "file"))
  var key: String?

  @Option(name: .long, help: ArgumentHelp("A holder's share.", valueName: "file"))
  var share: String?

  @Option(name: .long, help: ArgumentHelp("With --share: the file that it is checked against.", valueName: "file"))
  var commitments: String?

  @OptionGroup var identity: IdentityOptions

  @Option(name: .long, help: ArgumentHelp("Where to write it; the file must not exist yet.", valueName: "file"))
  var out: String

  func validate() throws {
    guard (key == nil) != (share == nil) else { throw ValidationError("Give either --key or --share.") }
    guard (share == nil) == (commitments == nil) else {
      throw ValidationError("--share and --commitments go together.")
    }
  }

  func run() throws {
    #if IdentityEncryption
      let identity = try identity.identity()
      let name = identity.bytes
      var extracted = SecretBytes<96>()
      defer { extracted.wipe() }
      if let key {
        let publicKey = try Self.extract(identity, from: key, into: &extracted).bytes
        try IBEFile.deviceKey.create(
          out, [UInt8](copying: name.bytes) + [UInt8](copying: publicKey.bytes), secret: extracted.bytes)
      } else if let share, let commitments {
        let holder = try Self.extract(identity, from: share, commitments, into: &extracted)
        try IBEFile.partialKey.create(out, [UInt8](copying: name.bytes) + [holder], secret: extracted.bytes)
      }
    #else
      throw Failure.withoutBlst
    #endif
  }

  #if IdentityEncryption
    private static func extract(
      _ identity: IBE.Identity, from path: String, into key: inout SecretBytes<96>
    ) throws(Failure) -> IBE.MasterPublicKey {
      let seed = try HexadecimalSecret.read(own: path)
      do throws(IBEError) {
        let master = try IBE.MasterKey(seed: seed.bytes)
        master.extract(identity, into: &key)
        return master.publicKey
      } catch { throw Failure(error, path) }
    }

    private static func extract(
      _ identity: IBE.Identity, from path: String, _ commitments: String, into part: inout SecretBytes<96>
    ) throws(Failure) -> UInt8 {
      let commitments = try IBE.Commitments(file: commitments)
      var encoded = try IBEFile.share.read(path, length: IBE.Share.encodedLength)
      defer { wipe(&encoded) }
      do throws(IBEError) {
        let share = try IBE.Share(decoding: encoded.bytes, under: commitments)
        share.extract(identity, into: &part)
        return share.holder
      } catch { throw Failure(error, path) }
    }
  #endif
}
