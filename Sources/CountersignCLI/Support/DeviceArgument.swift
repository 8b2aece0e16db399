// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Registry
import Schemes
import Wire

/// A registered device as a person names it: its id, after `SYSTEM/` or with `--system` if the id alone is not enough.
struct DeviceArgument: ParsableArguments {
  @Argument(help: "The device: 16 hexadecimal digits, or SYSTEM/ID as the lists print it.")
  var id: String

  @Option(name: .long, help: ArgumentHelp("The device's system, by name or number.", valueName: "name"))
  var system: String?

  func find(_ registry: SQLiteRegistry) throws(Failure) -> FoundDevice {
    try Self.find(id, system: system, registry)
  }

  static func find(_ id: String, system: String?, _ registry: SQLiteRegistry) throws(Failure) -> FoundDevice {
    guard let name = DeviceName(argument: id) else {
      throw Failure(.usage, "\"\(id)\" is not a device id", hint: "16 hexadecimal digits, or SYSTEM/ID.")
    }
    let device = name.device
    if let system = name.system ?? system.map({ SystemName($0) }) {
      let address = DeviceAddress(system: try registry.find(system).id, device: device)
      return try registering { () throws(RegistryError) in
        guard let found = try registry.find(address) else { throw .unknownDevice(address) }
        return found
      }
    }
    let found = try registering { () throws(RegistryError) in
      var found = [FoundDevice]()
      for system in try registry.systems() {
        if let device = try registry.find(DeviceAddress(system: system.id, device: device)) { found.append(device) }
      }
      return found
    }
    guard let first = found.first else {
      throw Failure(.dataError, "there is no device \(device)", hint: "See: countersign device list")
    }
    guard found.count == 1 else {
      throw Failure(.usage, "several systems have a device \(device)", hint: "Say which: --system NAME.")
    }
    return first
  }
}

/// A registered device: with a key pair, or with keys that the server computes.
enum FoundDevice {
  case key(RegisteredDevice)
  case symmetric(SymmetricDevice)

  var address: DeviceAddress {
    switch self {
    case .key(let device): device.address
    case .symmetric(let device): device.address
    }
  }

  var generation: Generation {
    switch self {
    case .key(let device): device.generation
    case .symmetric(let device): device.generation
    }
  }
}

extension FoundDevice {
  var isApplication: Bool {
    guard case .key(let device) = self else { return false }
    return device.isApplication
  }

  var isRevoked: Bool {
    switch self {
    case .key(let device): device.isRevoked
    case .symmetric(let device): device.isRevoked
    }
  }
}

extension SQLiteRegistry {
  /// Every device, those with key pairs first, page by page: others may work on the registry meanwhile.
  func forEachDevice(
    in system: SystemID?, _ body: (FoundDevice) throws(RegistryError) -> Void
  ) throws(Failure) {
    try registering { () throws(RegistryError) in
      try pages { last, limit throws(RegistryError) in
        let devices = try devices(in: system, after: last, limit: limit)
        // A device that has a certificate but has not used it still has its old scheme.
        for device in devices where device.floor >= .certified { try body(.key(device)) }
        return (devices.count, devices.last?.address)
      }
      try pages { last, limit throws(RegistryError) in
        let devices = try symmetricDevices(in: system, after: last, limit: limit)
        for device in devices { try body(.symmetric(device)) }
        return (devices.count, devices.last?.address)
      }
    }
  }

  private func pages(
    _ page: (DeviceAddress?, Int) throws(RegistryError) -> (count: Int, last: DeviceAddress?)
  ) throws(RegistryError) {
    let limit = 1000
    var last: DeviceAddress?
    while true {
      let found = try page(last, limit)
      guard found.count == limit else { return }
      last = found.last
    }
  }

  /// A device that moves to a key pair counts as one without until it has used that key.
  fileprivate func find(_ address: DeviceAddress) throws(RegistryError) -> FoundDevice? {
    if let device = try device(address), device.floor >= .certified { return .key(device) }
    return try symmetricDevice(address).map { .symmetric($0) }
  }
}

extension DeviceID {
  /// 16 hexadecimal digits.
  init?(argument: some StringProtocol) {
    guard argument.utf8.count == 16, let raw = bytes(hexadecimal: argument) else { return nil }
    self.init(raw.reduce(0) { $0 << 8 | UInt64($1) })
  }
}

/// A system as a person names it. Digits alone are its number, whatever a system is called: what the lists print names what they show.
enum SystemName: Equatable {
  case number(SystemID)
  case name(String)

  init(_ text: some StringProtocol) {
    self = decimal(text, as: UInt32.self).map { .number(SystemID($0)) } ?? .name(String(text))
  }
}

/// A device as a person names it: `ID`, or `SYSTEM/ID` as ``DeviceAddress`` prints it.
struct DeviceName: ExpressibleByArgument {
  let system: SystemName?
  let device: DeviceID

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let last = parts.last, let device = DeviceID(argument: last) else { return nil }
    if parts.count == 2 && parts[0].isEmpty { return nil }
    self.device = device
    system = parts.count == 2 ? SystemName(parts[0]) : nil
  }
}

extension SQLiteRegistry {
  /// A system by its name or its number.
  func find(system text: String) throws(Failure) -> RegisteredSystem { try find(SystemName(text)) }

  func find(_ name: SystemName) throws(Failure) -> RegisteredSystem {
    let all = try registering { () throws(RegistryError) in try systems() }
    switch name {
    case .name(let text):
      if let found = all.first(where: { $0.name == text }) { return found }
      throw Failure(
        .dataError, "there is no system \(text)",
        hint: "See: countersign system list, or add it: countersign system add")
    case .number(let number):
      if let found = all.first(where: { $0.id == number }) { return found }
      // Earlier versions took such names.
      let namesake = all.first { $0.name == "\(number.rawValue)" }
      throw Failure(
        .dataError, "there is no system number \(number.rawValue)",
        hint: namesake.map { "The system of that name has number \($0.id.rawValue): give the number." }
          ?? "See: countersign system list, or add it: countersign system add")
    }
  }
}
