import ArgumentParser

/// `countersign device`: the fleet's devices, from the assembly line to the end.
struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract: "Add, list, show, rotate and revoke devices.",
    subcommands: [DeviceAdd.self, DeviceList.self, DeviceShow.self, DeviceRotate.self, DeviceRevoke.self])
}
