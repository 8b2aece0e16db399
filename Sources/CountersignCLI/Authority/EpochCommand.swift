// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Foundation
import Keyring
import Registry
import Wire

/// `countersign epoch`: the fleet's clock.
struct EpochCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epoch",
    abstract: "Show and advance the fleet's epoch, by which certificates expire.",
    discussion: """
      Examples:
        countersign epoch show --dir fleet
        countersign epoch advance --dir fleet
      """,
    subcommands: [EpochShow.self, EpochAdvance.self])
}

struct EpochShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the epoch and the statement that devices get.",
    discussion: """
      Example: countersign epoch show --dir fleet
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("epoch show")
    let state = try registering { () throws(RegistryError) in try registry.state() }
    if output.isJSON { return try printJSON(EpochEntry(state)) }
    print("Epoch \(state.epoch). A certificate issued now is good through epoch \(state.lastEpoch).")
  }
}

struct EpochAdvance: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advance", abstract: "Begin the next epoch. It never goes back.",
    discussion: """
      Devices that connect while their certificate is still good renew it. A device that stays away for longer must renew before \
      it can do anything else.

      A step so long that every existing certificate would expire needs confirmation: an answer at the terminal, or --yes.

      Examples:
        countersign epoch advance --dir fleet
        countersign epoch advance --dir fleet --by 20 --yes
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Option(name: .long, parsing: .unconditional, help: "By how much. (default: 1)", transform: number(1...Epoch.max))
  var by: Epoch = 1
  @Flag(name: .long, help: "Do not ask, however long the step.") var yes = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("epoch advance")
    try confirm(try registering { () throws(RegistryError) in try registry.state() })
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let state = try registering { () throws(RegistryError) in
      _ = try registry.advanceEpoch(by: by, issuer: issuer)
      return try registry.state()
    }
    if output.isJSON { return try printJSON(EpochEntry(state)) }
    print("Epoch \(state.epoch). A certificate issued now is good through epoch \(state.lastEpoch).")
  }

  /// Asks before a step after which no current certificate would be good. It cannot be undone, and it uses up epochs.
  private func confirm(_ state: AuthorityState) throws(Failure) {
    guard by > state.certificateEpochs, !yes else { return }
    let (next, isPast) = state.epoch.addingReportingOverflow(by)
    // More than there are: that is a separate error.
    guard !isPast else { return }
    let what = """
      after \(by) epochs no existing certificate would be good (they last \(state.certificateEpochs)): every device could only \
      renew its own, devices that talk directly would refuse each other until then, and of 65535 epochs \(Epoch.max - next) \
      would be left
      """
    guard isatty(STDIN_FILENO) != 0 else {
      throw Failure(.usage, what, hint: "Nothing was done. This cannot be undone: if you mean it, give --yes.")
    }
    printError("countersign: \(what).\nThis cannot be undone. Continue? Type yes: ")
    guard readLine() == "yes" else { throw Failure(.usage, "nothing was done") }
  }
}

private struct EpochEntry: Encodable {
  let epoch: Epoch
  let certificateEpochs: Epoch
  let lastEpoch: Epoch
  let statement: String

  init(_ state: AuthorityState) {
    epoch = state.epoch
    certificateEpochs = state.certificateEpochs
    lastEpoch = state.lastEpoch
    statement = hexadecimal(state.epochStatement)
  }
}
