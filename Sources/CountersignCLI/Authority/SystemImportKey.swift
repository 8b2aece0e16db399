// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import Keyring
import Registry
import Wire

struct SystemImportKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import-key", abstract: "Make the key that a system's devices share already the system's shared key.",
    discussion: """
      For a fleet that comes from another server. Devices of scheme shared-key that are added to the system afterwards have this \
      key. It is kept in the registry, sealed under the authority's key.

      Example: countersign system import-key --dir fleet waterworks --key-file old.key
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Argument(help: "The system, by name or number.") var system: String
  @Option(
    name: .long,
    help: ArgumentHelp("A file with the key: 64 hexadecimal digits, readable by its owner alone.", valueName: "file"))
  var keyFile: String
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let system: UInt32
    let generation: UInt16
  }

  func run() throws {
    let registry = try authority.registry("system import-key")
    let system = try registry.find(system: system)
    let key = try HexadecimalSecret.read(own: keyFile)
    let keys = try passphrase.unlock(try authority.directory(), registry)
    do { try registry.importSharedKey(key, of: system.id, authority: keys) } catch { throw Failure(error) }
    if output.isJSON { return try printJSON(Result(system: system.id.rawValue, generation: 1)) }
    print("The key in \(Terminal.onOneLine(keyFile)) is the shared key of \(system.name).")
  }
}
