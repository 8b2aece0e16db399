import ArgumentParser
import Credentials
import Registry

/// A registered device as a person names it: its id, after `SYSTEM/` or with `--system` where the id alone is not enough.
struct DeviceArgument: ParsableArguments {
  @Argument(help: "The device: 16 hexadecimal digits, or SYSTEM/ID.")
  var id: String

  @Option(name: .long, help: ArgumentHelp("The device's system, by name or number.", valueName: "name"))
  var system: String?

  func find(_ registry: SQLiteRegistry) throws(Failure) -> FoundDevice {
    try Self.find(id, system: system, registry)
  }

  static func find(_ id: String, system: String?, _ registry: SQLiteRegistry) throws(Failure) -> FoundDevice {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let device = DeviceID(argument: String(parts.last ?? "")) else {
      throw Failure(.usage, "\"\(id)\" is no device id", hint: "16 hexadecimal digits, or SYSTEM/ID.")
    }
    if let name = parts.count == 2 ? String(parts[0]) : system {
      let address = DeviceAddress(system: try registry.find(system: name).id, device: device)
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

extension SQLiteRegistry {
  /// A device that moves to a key pair is still one without until it has used that.
  fileprivate func find(_ address: DeviceAddress) throws(RegistryError) -> FoundDevice? {
    if let device = try device(address), device.floor >= .certified { return .key(device) }
    return try symmetricDevice(address).map { .symmetric($0) }
  }
}

extension DeviceID {
  /// 16 hexadecimal digits.
  init?(argument: String) {
    guard argument.utf8.count == 16, let raw = bytes(hexadecimal: argument) else { return nil }
    self.init(raw.reduce(0) { $0 << 8 | UInt64($1) })
  }
}

extension SQLiteRegistry {
  /// A system by its name or, failing that, its number.
  func find(system text: String) throws(Failure) -> RegisteredSystem {
    let all = try registering { () throws(RegistryError) in try systems() }
    guard let found = all.first(where: { $0.name == text }) ?? all.first(where: { "\($0.id.rawValue)" == text }) else {
      throw Failure(
        .dataError, "there is no system \(text)",
        hint: "See: countersign system list, or add it: countersign system add")
    }
    return found
  }
}
