// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Schemes
import Wire

struct DeviceMigrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Move devices to a better scheme, over the network, while they work.",
    discussion: """
      The order waits until the device connects, or reaches it at once if it is online. The device gets or makes its new key and \
      uses it once; from then on the server refuses the old one for good. Until then the old key works: any message may be lost \
      and either side may lose power.

      --all orders every device of a system that has the scheme given by --from. Run it as often as you like; devices that \
      have moved are left alone. --status counts what is left to do.

      A key that the server sends travels under the old one: whoever has the old key and records the session has the new one \
      too. Only a move to certified, registered or compact-kk, for which the device makes its own key, ends that; with \
      hybrid-ikpsk2 it also makes its own key, and the server sends only the pre-shared key beside it.

      Examples:
        countersign device migrate --dir fleet 00a0b1c2d3e4f506 --to derived-key
        countersign device migrate --dir fleet --all --system waterworks \\
          --from shared-key --to derived-key
        countersign device migrate --dir fleet --all --system waterworks \\
          --from derived-key --to certified
        countersign device migrate --dir fleet --status --system waterworks
      """)

  @OptionGroup var authority: AuthorityOptions
  @Argument(help: "The device: 16 hexadecimal digits, or SYSTEM/ID.") var id: String?
  @Option(name: .long, help: ArgumentHelp("The system, by name or number.", valueName: "name")) var system: String?
  @Option(name: .long, help: "The scheme to move to.") var to: SchemeID?
  @Flag(name: .long, help: "Order every device of the system that has the scheme --from.") var all = false
  @Option(name: .long, help: "The scheme of the devices that --all orders.") var from: SchemeID?
  @Flag(name: .long, help: "Count devices by scheme and order, and change nothing.") var status = false
  @OptionGroup var output: OutputOptions

  private static let page = 1000

  func validate() throws {
    let ways = [id != nil, all, status].filter { $0 }.count
    if ways != 1 { throw ValidationError("Name a device, or give --all, or --status.") }
    if !status && to == nil { throw ValidationError("Say where to: --to SCHEME.") }
    if all && (system == nil || from == nil) { throw ValidationError("--all goes with --system and --from.") }
    if let from, !from.isSymmetric { throw ValidationError("--from takes a scheme without a key pair.") }
    if let to, !to.row.isOrdered {
      throw ValidationError("--to takes a scheme that a device can move to; \(to.name) is not one.")
    }
  }

  func run() throws {
    let registry = try authority.registry("device migrate")
    if status { return try count(registry) }
    guard let to else { return }
    if let id {
      let device = try DeviceArgument.find(id, system: system, registry)
      try registering { () throws(RegistryError) in try registry.orderMigration(to: to, for: device.address) }
      try report([device.address], to)
    } else {
      let devices = try matching(registry)
      for address in devices {
        try registering { () throws(RegistryError) in
          do throws(RegistryError) { try registry.orderMigration(to: to, for: address) } catch {
            // Revoked since it was listed.
            guard error == .deviceRevoked(address) else { throw error }
          }
        }
      }
      try report(devices, to)
    }
  }

  private func matching(_ registry: SQLiteRegistry) throws -> [DeviceAddress] {
    var found: [DeviceAddress] = []
    try each(registry) { device in
      if device.current.scheme == from && !device.isRevoked { found.append(device.address) }
    }
    return found
  }

  private func each(_ registry: SQLiteRegistry, _ body: (SymmetricDevice) -> Void) throws {
    let system = try system.map { try registry.find(system: $0).id }
    var last: DeviceAddress?
    while true {
      let devices = try registering { () throws(RegistryError) in
        try registry.symmetricDevices(in: system, after: last, limit: Self.page)
      }
      devices.forEach(body)
      guard devices.count == Self.page else { return }
      last = devices.last?.address
    }
  }

  private func report(_ devices: [DeviceAddress], _ to: SchemeID) throws {
    if output.isJSON {
      struct Ordered: Encodable {
        let devices: Int
        let to: String
      }
      try printJSON(Ordered(devices: devices.count, to: to.name))
    } else {
      print(
        devices.count == 1
          ? "Device \(devices[0]) will move to \(to.name) when it connects."
          : "\(devices.count) devices will move to \(to.name) as they connect.")
    }
  }

  private func count(_ registry: SQLiteRegistry) throws {
    struct Group: Encodable {
      let scheme: String
      let to: String?
      var devices: Int
    }
    var groups: [String: Group] = [:]
    try each(registry) { device in
      guard !device.isRevoked else { return }
      let to = device.migration?.name
      groups[
        "\(device.current.scheme.rawValue) \(to ?? "")",
        default: Group(
          scheme: device.current.scheme.name, to: to, devices: 0)
      ].devices += 1
    }
    let sorted = groups.sorted { $0.key < $1.key }.map(\.value)
    if output.isJSON { return try printJSON(sorted) }
    if sorted.isEmpty { print("Every device has a key pair.") }
    for group in sorted {
      print("\(group.devices)\t\(group.scheme)\t\(group.to.map { "ordered to move to \($0)" } ?? "no order")")
    }
  }
}
