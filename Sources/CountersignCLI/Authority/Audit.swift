// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Wire

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Print who did what; with --output json one object a line.",
    discussion: """
      Examples:
        countersign audit --dir fleet
        countersign audit --dir fleet --since 1200 --output json
        countersign audit --dir fleet --certificate met.pem --proof proof.pem
        countersign audit --dir fleet --certificate kept
      """)

  @OptionGroup var authority: AuthorityOptions
  @Option(
    name: .long, parsing: .unconditional, help: "Only entries after this number. (default: 0)",
    transform: number(0...))
  var since: Int64 = 0
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Instead, check that this certificate, or each that a device has kept, is in the issuance log; status 65 if not.",
      valueName: "file-or-directory"))
  var certificate: String?
  @Option(
    name: .long,
    help: ArgumentHelp("With --certificate: write the proof of a second issuance, armoured.", valueName: "file"))
  var proof: String?
  @OptionGroup var output: OutputOptions

  private struct Entry: Encodable {
    let sequence: Int64
    let at: Int64
    let actor: String
    let action: String
    let system: UInt32?
    let device: String?
    let generation: Generation?
    let detail: String?
  }

  func run() throws {
    let registry = try authority.registry("audit")
    if let certificate { return try CertificateAudit(registry, output).run(certificate, proof: proof) }
    var last = since
    while true {
      let entries = try registering { () throws(RegistryError) in try registry.audit(since: last, limit: 1000) }
      guard let final = entries.last else { return }
      for entry in entries { try show(entry) }
      last = final.sequence
    }
  }

  private func show(_ entry: AuditEntry) throws {
    if output.isJSON {
      return try printJSON(
        Entry(
          sequence: entry.sequence, at: entry.at, actor: entry.actor, action: entry.action,
          system: entry.system?.rawValue, device: entry.device?.description, generation: entry.generation,
          detail: entry.detail))
    }
    var words = "\(entry.sequence)\t\(utc(entry.at))\t\(entry.action)"
    if let system = entry.system {
      words += "\t" + (entry.device.map { "\(DeviceAddress(system: system, device: $0))" } ?? "\(system.rawValue)")
    }
    if let generation = entry.generation { words += "\tgeneration \(generation)" }
    if let detail = entry.detail { words += "\t\(detail)" }
    printLine(words + "\t(\(entry.actor))")
  }
}
