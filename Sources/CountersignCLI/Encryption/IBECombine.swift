// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import IdentityEncryption

struct IBECombine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine",
    abstract: "Make an identity's key of what enough holders gave.",
    discussion: """
      Each part is checked. A holder who gave something else is named on standard error; the key is made if enough others are right. \
      FILE is a secret (mode 0600).

      Examples:
        countersign ibe combine --commitments shares/commitments \\
          --out pump.ibe pump.part-1 pump.part-3
      """)

  @Option(name: .long, help: ArgumentHelp("The file of that name from `ibe share`.", valueName: "file"))
  var commitments: String

  @Option(name: .long, help: ArgumentHelp("Where to write the key; the file must not exist yet.", valueName: "file"))
  var out: String

  @Argument(help: ArgumentHelp("The holders' parts of the key.", valueName: "part"))
  var parts: [String]

  func run() throws {
    #if IdentityEncryption
      let commitments = try IBE.Commitments(file: commitments)
      var given: [Part] = []
      for path in parts {
        let part = try Part(path)
        if let first = given.first, part.identity != first.identity {
          throw Failure(.dataError, "\(path) is a part of another identity's key than \(first.path)")
        }
        given.append(part)
      }
      let good = given.filter { $0.isRight(under: commitments) }
      let chosen = Dictionary(good.map { ($0.holder, $0) }) { first, _ in first }.values.prefix(commitments.threshold)
      guard chosen.count == commitments.threshold, let identity = chosen.first?.identity else {
        throw Failure(
          .dataError, "the key takes the parts of \(commitments.threshold) holders; right ones here: \(chosen.count)",
          hint: "Ask more holders: countersign ibe extract --share")
      }
      var key = SecretBytes<96>()
      defer { key.wipe() }
      do throws(IBEError) {
        var combination = try IBE.Combination(of: identity, under: commitments, from: chosen.map(\.holder))
        for part in chosen {
          let key = part.key
          try combination.add(key.bytes, from: part.holder)
        }
        try combination.finish(into: &key)
        combination.wipe()
      } catch { throw Failure(error, self.commitments) }
      let name = identity.bytes
      let publicKey = commitments.masterPublicKey.bytes
      try IBEFile.deviceKey.create(
        out, [UInt8](copying: name.bytes) + [UInt8](copying: publicKey.bytes), secret: key.bytes)
    #else
      throw Failure.withoutBlst
    #endif
  }
}

#if IdentityEncryption
  /// A part of a key, wiped when nobody refers to it any more.
  private final class Part {
    let path: String
    let identity: IBE.Identity
    let holder: UInt8
    private(set) var key: [UInt8]

    init(_ path: String) throws(Failure) {
      self.path = path
      let length = IBE.Identity.encodedLength
      var bytes = try IBEFile.partialKey.read(path, length: length + 1 + IBE.deviceKeyLength)
      defer { wipe(&bytes) }
      let name = [UInt8](bytes[..<length])
      guard let identity = try? IBE.Identity(decoding: name.bytes) else {
        throw Failure(.dataError, "\(path) is for epochs that end before they begin")
      }
      self.identity = identity
      holder = bytes[length]
      key = [UInt8](bytes[(length + 1)...])
    }

    deinit { wipe(&key) }

    /// Names the holder if not.
    func isRight(under commitments: IBE.Commitments) -> Bool {
      let key = key
      do throws(IBEError) {
        try commitments.check(key.bytes, of: identity, from: holder)
        return true
      } catch {
        printWarning(Failure(error, path).message)
        return false
      }
    }
  }
#endif
