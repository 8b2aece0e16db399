// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import DeviceHost
import Keyring
import Registry
import Wire

struct DeviceRotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Change a device's key: order it, or do it now as the device.",
    discussion: """
      With an ID and --dir the order waits until the device connects; --all orders every active device, in all systems or in \
      one. With --device and --server the command acts as the device: it makes a new key, has it certified, and uses it once; \
      only then does it overwrite the old one. A device without a key pair gets its new key from the server.

      Examples:
        countersign device rotate --dir fleet 00a0b1c2d3e4f506
        countersign device rotate --dir fleet --all --system waterworks
        countersign device rotate --device pump.device --server 127.0.0.1:7700
      """)

  @OptionGroup var authority: AuthorityOptions
  @Argument(help: "The device to be ordered: 16 hexadecimal digits, or SYSTEM/ID.") var id: String?
  @Option(name: .long, help: ArgumentHelp("The device's system, by name or number.", valueName: "name")) var system:
    String?
  @Flag(name: .long, help: "Order every active device; with --system, those of one system.") var all = false
  @OptionGroup var device: DeviceOptions
  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?
  @OptionGroup var output: OutputOptions

  private struct Ordered: Encodable {
    let device: String
    let system: UInt32
    let order: String
    let generation: Generation
  }

  private struct Rotated: Encodable {
    let generationBefore: Generation
    let generation: Generation
  }

  func validate() throws {
    if (id != nil || all) && (device.device != nil || server != nil) {
      throw ValidationError("An ID or --all orders a rotation, --device does one: give one of them.")
    }
    if id != nil && all { throw ValidationError("Name a device, or give --all.") }
  }

  func run() throws {
    if let id { try order(id) } else if all { try orderAll() } else { try rotate() }
  }

  private func orderAll() throws {
    struct Result: Encodable {
      let devices: Int
      let order: String
    }
    let registry = try authority.registry("device rotate")
    let system = try system.map { try registry.find(system: $0).id }
    let quarantines = try registering { () throws(RegistryError) in try registry.quarantines() }
    var count = 0
    try registry.forEachDevice(in: system) { device throws(RegistryError) in
      guard !device.isRevoked, !device.isApplication, quarantines[device.address] == nil else { return }
      do throws(RegistryError) { try registry.order(.rotate, for: device.address) } catch {
        // Revoked since it was listed.
        guard error == .deviceRevoked(device.address) else { throw error }
        return
      }
      count += 1
    }
    if output.isJSON {
      try printJSON(Result(devices: count, order: DeviceOrder.Kind.rotate.rawValue))
    } else {
      print("\(count) devices will change their keys as they connect.")
    }
  }

  private func order(_ id: String) throws {
    let registry = try authority.registry("device rotate")
    let device = try DeviceArgument.find(id, system: system, registry)
    try registering { () throws(RegistryError) in try registry.order(.rotate, for: device.address) }
    if output.isJSON {
      try printJSON(
        Ordered(
          device: device.address.device.description, system: device.address.system.rawValue,
          order: DeviceOrder.Kind.rotate.rawValue, generation: device.generation))
    } else {
      print("Device \(device.address) will change its key, generation \(device.generation), when it connects.")
    }
  }

  private func rotate() throws {
    let device = try device.open()
    let endpoint = try ServerOption.endpoint(server)
    let rotation: DeviceClient.Rotation
    do {
      switch device.store {
      case .key(let store): rotation = try DeviceClient.rotate(store, at: endpoint)
      case .symmetric(let store): rotation = try SymmetricClient.rotate(store, at: endpoint)
      }
    } catch { throw Failure(error, at: endpoint) }
    if output.isJSON {
      try printJSON(Rotated(generationBefore: rotation.before, generation: rotation.after))
    } else {
      print("Generation \(rotation.before) is history; generation \(rotation.after) is in use.")
    }
  }
}
