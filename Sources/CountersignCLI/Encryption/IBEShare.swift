// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import Files
import Foundation
import IdentityEncryption

struct IBEShare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "share",
    abstract: "Split a master key into shares for several holders.",
    discussion: """
      Makes the directory DIR with share-1, share-2 and so on (mode 0600), one for each holder, and the file commitments, which is \
      public and which everybody needs. Erase the master key when the holders have their shares: as long as it exists, it alone opens \
      everything.

      Examples:
        countersign ibe share --key master.ibe --threshold 2 --holders 3 \\
          --out shares
      """)

  @Option(name: .long, help: ArgumentHelp("The master key's file.", valueName: "file"))
  var key: String

  @Option(
    name: .long, parsing: .unconditional, help: "How many holders it takes to issue a key.", transform: number(2...255))
  var threshold: Int

  @Option(name: .long, parsing: .unconditional, help: "How many holders there are.", transform: number(2...255))
  var holders: Int

  @Option(name: .long, help: ArgumentHelp("The directory to make.", valueName: "dir"))
  var out: String

  func validate() throws {
    guard threshold <= holders else { throw ValidationError("--threshold is at most the number of --holders.") }
  }

  func run() throws {
    #if IdentityEncryption
      let seed = try HexadecimalSecret.read(own: key)
      guard mkdir(out, 0o700) == 0 else { throw Failure(creating: out, errno: errno) }
      do {
        let master = try IBE.MasterKey(seed: seed.bytes)
        let commitments = try master.split(threshold: threshold, among: holders) { share in
          var encoded = SecretBytes<33>()
          defer { encoded.wipe() }
          share.encode(into: &encoded)
          try IBEFile.share.create("\(out)/share-\(share.holder)", [], secret: encoded.bytes)
        }
        var file = try OutputFile(creating: "\(out)/commitments")
        try file.write(commitments.lines)
      } catch let error as IBEError { throw Failure(error, key) }
    #else
      throw Failure.withoutBlst
    #endif
  }
}

#if IdentityEncryption
  /// The file of them: 96 hexadecimal digits a line, the master public key first.
  extension IBE.Commitments {
    init(file path: String) throws(Failure) {
      let text = String(decoding: try readInput(path, limit: 255 * 97), as: UTF8.self)
      guard let encoded = CountersignCLI.bytes(hexadecimal: text.filter { !$0.isNewline }) else {
        throw Failure(.dataError, "\(path) does not hold commitments", hint: "It has 96 hexadecimal digits in a line.")
      }
      do throws(IBEError) { try self.init(decoding: encoded.bytes) } catch { throw Failure(error, path) }
    }

    var lines: [UInt8] {
      let digits = bytes.flatMap { hexadecimalDigits($0) }
      return stride(from: 0, to: digits.count, by: 96).flatMap { digits[$0..<$0 + 96] + [UInt8(ascii: "\n")] }
    }
  }
#endif
