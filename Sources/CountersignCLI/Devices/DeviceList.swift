// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Schemes
import Wire

struct DeviceList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List devices, one a line; with --output json one object a line.",
    discussion: """
      Examples:
        countersign device list --dir fleet
        countersign device list --dir fleet --system waterworks --output json
      """)

  @OptionGroup var authority: AuthorityOptions
  @Option(name: .long, help: ArgumentHelp("Only this system, by name or number.", valueName: "name")) var system:
    String?
  @Option(name: .long, parsing: .unconditional, help: "At most this many.", transform: number(0...)) var limit: Int?
  @OptionGroup var output: OutputOptions

  private static let page = 1000

  func run() throws {
    let registry = try authority.registry("device list")
    let system = try system.map { try registry.find(system: $0).id }
    let quarantines = try registering { () throws(RegistryError) in try registry.quarantines() }
    var left = limit ?? .max
    var last: DeviceAddress?
    while left > 0 {
      let count = min(left, Self.page)
      let devices = try registering { () throws(RegistryError) in
        try registry.devices(in: system, after: last, limit: count)
      }
      // A device that has a certificate but has not used it is listed under its old scheme.
      for device in devices where device.floor >= .certified { try show(device, quarantines[device.address]) }
      left -= devices.count
      guard devices.count == count else { return try showSymmetric(registry, system, left, quarantines) }
      last = devices.last?.address
    }
  }

  /// Devices without a key pair, after the others.
  private func showSymmetric(
    _ registry: SQLiteRegistry, _ system: SystemID?, _ limit: Int, _ quarantines: [DeviceAddress: String]
  ) throws {
    var left = limit
    var last: DeviceAddress?
    while left > 0 {
      let count = min(left, Self.page)
      let devices = try registering { () throws(RegistryError) in
        try registry.symmetricDevices(in: system, after: last, limit: count)
      }
      for device in devices {
        let quarantine = quarantines[device.address]
        if output.isJSON {
          try printJSON(SymmetricEntry(device, quarantine: quarantine))
        } else {
          let status = DeviceStatus.phrase(
            isRevoked: device.isRevoked, quarantine, nextKey: device.pending == nil ? nil : "next key given")
          printLine(
            "\(device.address)\tgeneration \(device.generation)\t\(device.current.scheme.name)\t\(status)"
              + (device.migration.map { ", ordered to move to \($0.name)" } ?? ""))
        }
      }
      guard devices.count == count else { return }
      left -= count
      last = devices.last?.address
    }
  }

  private static func label(_ certificate: Certificate) -> String {
    certificate.identityCredential.map { "\tidentity-based, \($0.issuance)" } ?? ""
  }

  private func show(_ device: RegisteredDevice, _ quarantine: String?) throws {
    if output.isJSON { return try printJSON(DeviceEntry(device, quarantine: quarantine)) }
    let status = DeviceStatus.phrase(
      isRevoked: device.isRevoked, quarantine, nextKey: device.pending == nil ? nil : "next key pending")
    printLine(
      "\(device.address)\tgeneration \(device.generation)\tthrough epoch \(device.certificate.fields.lastEpoch)\t\(status)\(Self.label(device.certificate))\(device.isApplication ? "\tapplication" : "")"
    )
  }
}
