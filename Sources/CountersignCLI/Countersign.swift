// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Secrecy

/// The command-line tool. One file per subcommand; what several share is in Support/.
@main
struct Countersign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "countersign",
    abstract: "Gives every device in a fleet its own identity and keeps one key on the server.",
    discussion: """
      Examples:
        countersign init --dir fleet
        countersign system add --dir fleet waterworks
        countersign device add --dir fleet --system waterworks --out pump.device
        countersign serve --dir fleet

      Not listed below: `countersign load` measures a server under many devices, and \
      --generate-completion-script SHELL prints completions for bash, zsh or fish.
      """,
    version: "0.1.0",
    subcommands: [
      Init.self, SystemCommand.self, DeviceCommand.self, ApplicationCommand.self, PolicyCommand.self, EpochCommand.self,
      Serve.self, Listen.self, Send.self, Suspend.self, Wake.self, AgentCommand.self, Inspect.self, Doctor.self,
      Audit.self, Backup.self, Restore.self, AcceptRestored.self, CompareCommand.self, MatrixCommand.self,
      DemoCommand.self, NoiseCommand.self, IBECommand.self, LoadCommand.self, AttackCommand.self,
    ]
  )

  /// Parses and runs, and turns whatever is thrown into one clear line, a hint and a sysexits code.
  static func main() async {
    StandardStreams.secure()
    // Whatever the command: most of them read keys.
    ProtectedProcess.begin()
    do {
      try Arguments.check()
      var command = try parseAsRoot()
      if var asynchronous = command as? AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      checkOutput()
    } catch let failure as Failure {
      failure.printAndExit()
    } catch {
      exit(withError: error)
    }
  }
}
