// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Foundation
import Mailbox
import Keyring
import Registry
import Wire

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check an authority: files, modes, versions, and whether registry and mailbox are consistent.",
    discussion: """
      Changes nothing, asks for no passphrase, and may run beside the server. Exits 0 if all is well, 78 otherwise.

      To check that a sealed authority.key belongs to this registry and not to another authority, it must be opened: give \
      --passphrase-file (or set COUNTERSIGN_PASSPHRASE_FILE).

      Examples:
        countersign doctor --dir fleet
        countersign doctor --dir fleet --passphrase-file /run/secrets/countersign
        countersign doctor --dir fleet --certificates
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Flag(name: .long, help: "Also check the signature of every certificate in the registry.") var certificates = false
  @OptionGroup var output: OutputOptions

  private struct Check: Encodable {
    let check: String
    let ok: Bool
    let detail: String
  }

  private struct Result: Encodable {
    let ok: Bool
    let checks: [Check]
  }

  func run() throws {
    let directory = try authority.directory()
    guard access(directory.path, F_OK) == 0 else { throw Failure(.noAuthority(path: directory.path)) }
    var checks = Self.modes(directory)
    checks.append(Self.keyFile(directory))
    do throws(RegistryError) {
      let registry = try directory.openRegistry(actor: "doctor")
      checks += try Self.registry(registry)
      if certificates { checks.append(try Self.certificates(registry)) }
      if let check = key(directory, registry) { checks.append(check) }
    } catch {
      let failure = Failure(error)
      let detail = [failure.message, failure.hint].compactMap(\.self).joined(separator: ". ")
      checks.append(Check(check: "registry", ok: false, detail: detail))
    }
    checks.append(Self.mailbox(directory))
    if let queues = Self.queues(directory) { checks.append(queues) }
    checks.append(Self.server(directory))
    checks.append(Self.witness(directory))

    let isWell = checks.allSatisfy(\.ok)
    if output.isJSON {
      try printJSON(Result(ok: isWell, checks: checks))
    } else {
      for check in checks { print("\(check.ok ? "ok  " : "BAD ") \(check.check): \(check.detail)") }
    }
    if !isWell { throw ExitCode(Failure.Status.configuration.rawValue) }
  }

  private static func mailbox(_ directory: AuthorityDirectory) -> Check {
    let path = mailboxPath(directory)
    do throws(MailboxError) {
      return switch try MailboxFile.inspect(path) {
      case .absent: Check(check: "mailbox", ok: true, detail: "none yet: the server makes it")
      case .empty: Check(check: "mailbox", ok: true, detail: "empty: the server fills it")
      case .sound(let waiting):
        Check(check: "mailbox", ok: true, detail: "SQLite's integrity check passed, \(waiting) messages wait")
      case .unsound(let problems):
        Check(check: "mailbox", ok: false, detail: "\(path): \(problems.joined(separator: "; "))")
      }
    } catch { return Check(check: "mailbox", ok: false, detail: Failure(error).message) }
  }

  /// The queues of applications; dead letters want somebody to look at them, and are nothing wrong.
  private static func queues(_ directory: AuthorityDirectory) -> Check? {
    do throws(MailboxError) {
      return try MailboxFile.queues(mailboxPath(directory)).map {
        Check(
          check: "queues", ok: true, detail: "\($0.waiting) messages wait for applications, \($0.dead) dead letters")
      }
    } catch { return Check(check: "queues", ok: false, detail: Failure(error).message) }
  }

  private static func mailboxPath(_ directory: AuthorityDirectory) -> String { directory.path + "/mailbox.sqlite" }

  private static func modes(_ directory: AuthorityDirectory) -> [Check] {
    let needed = [directory.path, directory.keyFilePath, directory.registryPath]
    // The mailbox exists once a server has run; a log and its index, only while their database is open.
    let mailbox = mailboxPath(directory)
    let possible = [mailbox] + [directory.registryPath, mailbox].flatMap { [$0 + "-wal", $0 + "-shm"] }
    return (needed + possible).compactMap { path in
      var status = stat()
      guard stat(path, &status) == 0 else {
        return needed.contains(path) ? Check(check: "mode", ok: false, detail: "\(path) is missing") : nil
      }
      let mode = status.st_mode & 0o7777
      return Check(check: "mode", ok: mode & 0o077 == 0, detail: "\(path) 0\(String(mode, radix: 8))")
    }
  }

  private static func keyFile(_ directory: AuthorityDirectory) -> Check {
    do throws(RegistryError) {
      let file = try directory.keyFile()
      let words = file.protection == .passphrase ? "sealed" : "not sealed: for development only"
      return Check(check: "key file", ok: true, detail: "version \(KeyFile.version), \(words)")
    } catch {
      return Check(check: "key file", ok: false, detail: Failure(error).message)
    }
  }

  /// Whether the key file belongs to this registry, if it can be opened: nobody is asked for the passphrase.
  private func key(_ directory: AuthorityDirectory, _ registry: SQLiteRegistry) -> Check? {
    guard let file = try? directory.keyFile() else { return nil }
    guard file.protection != .passphrase || passphrase.isGiven else {
      return Check(check: "key", ok: true, detail: "sealed, so not compared with the registry: give --passphrase-file")
    }
    do throws(Failure) {
      _ = try passphrase.unlock(directory, registry)
      return Check(check: "key", ok: true, detail: "it is this registry's")
    } catch {
      return Check(check: "key", ok: false, detail: error.message)
    }
  }

  private static func registry(_ registry: SQLiteRegistry) throws(RegistryError) -> [Check] {
    let problems = try registry.integrityProblems()
    let state = try registry.state()
    let systems = try registry.systems().count
    let devices = try registry.deviceCount(in: nil)
    return [
      Check(
        check: "registry", ok: problems.isEmpty,
        detail: problems.isEmpty ? "SQLite's integrity check passed" : problems.joined(separator: "; ")),
      Check(check: "schema", ok: true, detail: try registry.appliedMigrations().joined(separator: ", ")),
      Check(
        check: "epoch", ok: state.epochStatement.isSigned(by: state.issuerKey),
        detail: "\(state.epoch), certificates good for \(state.certificateEpochs) more"),
      try issuanceLog(registry),
      Check(
        check: "fleet", ok: true,
        detail: "\(systems) systems, \(devices) devices, \(state.revocationSequence) revocations and changes of keys"),
    ]
  }

  private static func issuanceLog(_ registry: SQLiteRegistry) throws(RegistryError) -> Check {
    let problems = try registry.issuanceProblems()
    return Check(
      check: "issuance log", ok: problems.isEmpty,
      detail: problems.isEmpty
        ? "every line follows from the one before, \(try registry.issuanceHeads().count) signed heads"
        : problems.joined(separator: "; "))
  }

  private static func witness(_ directory: AuthorityDirectory) -> Check {
    do throws(RegistryError) {
      let registry = try directory.openRegistry(actor: "doctor")
      guard let seen = registry.witnessed else {
        return Check(check: "witness", ok: true, detail: "nothing was witnessed yet")
      }
      try registry.checkAgainstWitness()
      return Check(check: "witness", ok: true, detail: "the registry is not behind change \(seen.auditSequence)")
    } catch {
      return Check(check: "witness", ok: false, detail: Failure(error).message)
    }
  }

  private static func certificates(_ registry: SQLiteRegistry) throws(RegistryError) -> Check {
    let state = try registry.state()
    var last: DeviceAddress?
    var count = 0
    var bad = [DeviceAddress]()
    while true {
      let devices = try registry.devices(in: nil, after: last, limit: 1000)
      guard let final = devices.last else { break }
      for device in devices
      where !state.vouches(for: device.certificate) || device.pending.map(state.vouches(for:)) == false {
        bad.append(device.address)
      }
      count += devices.count
      last = final.address
    }
    return Check(
      check: "certificates", ok: bad.isEmpty,
      detail: bad.isEmpty
        ? "\(count) verified" : "\(bad.count) of \(count) do not verify, the first of device \(bad[0])")
  }

  private static func server(_ directory: AuthorityDirectory) -> Check {
    let holder = ServerLock.holder(of: directory.path)
    return Check(check: "server", ok: true, detail: holder.map { "running (\($0))" } ?? "not running")
  }
}
