// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `countersign device`: the fleet's devices, from the assembly line to the end.
struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract: "Add, list, show, rotate, migrate and revoke devices.",
    discussion: """
      Examples:
        countersign device add --dir fleet --system waterworks --out pump.device
        countersign device list --dir fleet
        countersign device rotate --dir fleet 00a0b1c2d3e4f506
        countersign device migrate --dir fleet 00a0b1c2d3e4f506 --to certified
        countersign device revoke --dir fleet 00a0b1c2d3e4f506 --reason key-compromise
      """,
    subcommands: [
      DeviceAdd.self, DeviceList.self, DeviceShow.self, DeviceRotate.self, DeviceMigrate.self, DeviceRevoke.self,
      DeviceRelease.self,
    ])
}
