// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Wire

/// `countersign policy`: who may talk across systems.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Control which systems may open conversations with which others.",
    discussion: """
      Examples:
        countersign policy allow --dir fleet waterworks monitoring
        countersign policy list --dir fleet
      """,
    subcommands: [PolicyAllow.self, PolicyDeny.self, PolicyList.self])
}

struct PolicyAllow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allow", abstract: "Let devices of one system open conversations with devices of another.",
    discussion: """
      A policy holds in one direction. The device addressed may answer within that conversation, which is how a message is \
      acknowledged; to send a message itself, even a reply, it needs a policy for the other direction. Without --last-epoch the \
      policy holds until it is withdrawn; the statement that devices carry is renewed whenever the epoch advances.

      Example: countersign policy allow --dir fleet waterworks monitoring
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Argument(help: "The system whose devices may speak first.") var from: String
  @Argument(help: "The system whose devices answer.") var to: String
  @Option(
    name: .long, parsing: .unconditional, help: "The last epoch in which it holds.", transform: number(1...Epoch.max))
  var lastEpoch: Epoch?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("policy allow")
    let (from, to) = try registry.findTwo(from, to)
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let statement = try registering { () throws(RegistryError) in
      try registry.allow(from: from.id, to: to.id, through: lastEpoch, issuer: issuer)
    }
    let entry = PolicyEntry(statement, isStanding: lastEpoch == nil, isAllowed: true)
    if output.isJSON { return try printJSON(entry) }
    print(
      "Devices of \(from.name) may open conversations with devices of \(to.name)"
        + (lastEpoch.map { " through epoch \($0)." } ?? " until you withdraw it."))
  }
}

struct PolicyDeny: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deny", abstract: "Withdraw a policy.",
    discussion: """
      Example: countersign policy deny --dir fleet waterworks monitoring
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Argument(help: "The system whose devices could speak first.") var from: String
  @Argument(help: "The system they could speak to.") var to: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("policy deny")
    let (from, to) = try registry.findTwo(from, to)
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let statement = try registering { () throws(RegistryError) in
      try registry.deny(from: from.id, to: to.id, issuer: issuer)
    }
    if output.isJSON { return try printJSON(PolicyEntry(statement, isStanding: false, isAllowed: false)) }
    print("Devices of \(from.name) may no longer open conversations with devices of \(to.name).")
  }
}

extension SQLiteRegistry {
  /// The two systems that a policy is about.
  fileprivate func findTwo(_ from: String, _ to: String) throws(Failure) -> (RegisteredSystem, RegisteredSystem) {
    let systems = (try find(system: from), try find(system: to))
    guard systems.0.id != systems.1.id else {
      throw Failure(
        .usage, "within one system everybody may talk: no policy says otherwise",
        hint: "Devices that must not reach each other belong in separate systems.")
    }
    return systems
  }
}

struct PolicyList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the policies, including withdrawn ones.",
    discussion: """
      Example: countersign policy list --dir fleet
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("policy list")
    let (policies, systems, epoch) = try registering { () throws(RegistryError) in
      (try registry.policies(concerning: nil), try registry.systems(), try registry.state().epoch)
    }
    let entries = policies.map {
      PolicyEntry($0.statement, isStanding: $0.isStanding, isAllowed: $0.isAllowed(in: epoch))
    }
    if output.isJSON { return try printJSON(entries) }
    for entry in entries {
      let from = systems.first { $0.id.rawValue == entry.from }?.name ?? "\(entry.from)"
      let to = systems.first { $0.id.rawValue == entry.to }?.name ?? "\(entry.to)"
      let state = !entry.allowed ? "denied" : entry.standing ? "allowed" : "allowed through epoch \(entry.lastEpoch)"
      print("\(from)\t\(to)\t\(state)")
    }
  }
}

private struct PolicyEntry: Encodable {
  let from: UInt32
  let to: UInt32
  let allowed: Bool
  let standing: Bool
  let lastEpoch: Epoch
  let statement: String

  init(_ statement: PolicyStatement, isStanding: Bool, isAllowed: Bool) {
    from = statement.content.from.rawValue
    to = statement.content.to.rawValue
    allowed = isAllowed
    standing = isStanding
    lastEpoch = statement.content.lastEpoch
    self.statement = hexadecimal(statement)
  }
}
