// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Keyring
import Registry
import Wire

struct DeviceRelease: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Let a device out of quarantine.",
    discussion: """
      A device is in quarantine because two holders of its keys have shown themselves. Revoke it if you cannot rule out that it \
      was copied: it comes back with a new key (device add --enrol-again), which lifts the quarantine too. Release it if you \
      know the cause, for instance that its memory was restored from a copy that no longer exists.

      Example: countersign device release --dir fleet 00a0b1c2d3e4f506
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var device: DeviceArgument
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let device: String
    let wasQuarantined: Bool
  }

  func run() throws {
    let registry = try authority.registry("device release")
    let address = try device.find(registry).address
    let reason = try registering { () throws(RegistryError) in
      let reason = try registry.quarantine(of: address)
      try registry.releaseFromQuarantine(address)
      return reason
    }
    if output.isJSON {
      return try printJSON(Result(device: address.device.description, wasQuarantined: reason != nil))
    }
    print(
      reason.map { "Device \(address) is out of quarantine. It was quarantined because: \($0)." }
        ?? "Device \(address) was not in quarantine.")
  }
}
