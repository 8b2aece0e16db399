// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Files
import Foundation
import Keyring
import Registry
import SystemPackage

struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the registry while everything runs.",
    discussion: """
      The copy is one consistent file. The key file is not in it: it never changes, so copy authority.key once, and keep the \
      two apart. After restoring an older registry, revoke again whatever was revoked since.

      Example: countersign backup --dir fleet --out fleet-monday.sqlite
      """)

  @OptionGroup var authority: AuthorityOptions
  @Option(name: .long, help: ArgumentHelp("The new file.", valueName: "file")) var out: String
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let file: String
    let bytes: Int
    let devices: Int
    let revocationSequence: UInt32
  }

  func run() throws {
    let registry = try authority.registry("backup")
    let copy: SQLiteRegistry
    do throws(RegistryError) {
      try registry.backUp(to: out)
      do throws(RegistryError) { copy = try SQLiteRegistry(path: out, actor: actor("backup")) } catch {
        unlink(out)
        throw error
      }
    } catch {
      switch error {
      case .file(let file) where file.path == out:
        guard let code = file.code else { throw Failure(file) }
        throw Failure(creating: out, errno: code.rawValue)
      // The database that is read does not grow: the full disk is the one that the copy goes to.
      case .full: throw Failure(creating: out, errno: ENOSPC)
      default: throw Failure(error)
      }
    }
    let (devices, state) = try registering { () throws(RegistryError) in
      (try copy.deviceCount(in: nil), try copy.state())
    }
    try registering { () throws(RegistryError) in try copy.close() }
    let size = (try? FileManager.default.attributesOfItem(atPath: out)[.size] as? Int) ?? 0
    if output.isJSON {
      try printJSON(Result(file: out, bytes: size, devices: devices, revocationSequence: state.revocationSequence))
    } else {
      print(
        "\(devices) devices and \(state.revocationSequence) revocations and changes of keys in \(out), \(size) bytes.")
    }
  }
}
