// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `countersign application`: what the devices of a system report to.
struct ApplicationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "application",
    abstract: "Add, list and remove the applications that devices report to.",
    discussion: """
      An application is a principal of a system, like a device: it has a key pair, a certificate that says what it is, and a file. \
      Any number of its instances may run with copies of the file. Its key is changed with the file, once: countersign device \
      rotate --device FILE --server HOST:PORT. Instances with the old file go on working until they have the new one.

      Examples:
        countersign application add --dir fleet meter --system waterworks \\
          --out meter.application
        countersign application list --dir fleet
        countersign application default --dir fleet meter --system waterworks
        countersign application remove --dir fleet meter --system waterworks
      """,
    subcommands: [
      ApplicationAdd.self, ApplicationList.self, ApplicationDefault.self, ApplicationKeep.self, ApplicationRemove.self,
      DeadLetters.self,
    ])
}
