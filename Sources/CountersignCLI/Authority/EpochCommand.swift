import ArgumentParser
import Credentials
import Registry

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
    commandName: "show", abstract: "Show the epoch and the statement that devices are told.",
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
      Devices that connect while their certificate is still good renew it. One that stays away for longer may then only renew \
      before it does anything else.

      Example: countersign epoch advance --dir fleet
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Option(name: .long, parsing: .unconditional, help: "By how much. (default: 1)", transform: number(1...Epoch.max))
  var by: Epoch = 1
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("epoch advance")
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let state = try registering { () throws(RegistryError) in
      _ = try registry.advanceEpoch(by: by, issuer: issuer)
      return try registry.state()
    }
    if output.isJSON { return try printJSON(EpochEntry(state)) }
    print("Epoch \(state.epoch). A certificate issued now is good through epoch \(state.lastEpoch).")
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
