import ArgumentParser
import Credentials
import DeviceHost
import Foundation

/// `--device`: whose identity a command uses.
struct DeviceOptions: ParsableArguments {
  @Option(name: .long, help: "The device file (or COUNTERSIGN_DEVICE).")
  var device: String?

  func open() throws(Failure) -> AnyDevice {
    guard let path = device ?? environment("COUNTERSIGN_DEVICE") else {
      throw Failure(.usage, "which device?", hint: "Give --device FILE, or set COUNTERSIGN_DEVICE.")
    }
    let device = try reporting { () throws(DeviceHostError) in try AnyDevice(opening: path) }
    warnOfUnlockedMemory()
    return device
  }

  func inbox(of device: AnyDevice) throws(Failure) -> Inbox {
    try reporting { () throws(DeviceHostError) in try Inbox(path: device.path + ".inbox") }
  }
}

extension AnyDevice {
  /// The device's key pair, for what needs one.
  func keyed() throws(Failure) -> DeviceStore {
    guard case .key(let store) = store else {
      throw Failure(
        .usage, "this device has no key pair, and nobody could verify it without the server",
        hint: "Give --server HOST:PORT, or move it to a key pair: countersign device migrate")
    }
    return store
  }
}

/// `--hop-by-hop`, for devices with a key pair.
struct HopByHopOption: ParsableArguments {
  @Flag(
    name: .long,
    help: "Exchange messages with devices that have no key pair, too: the server reads those, and could make them up.")
  var hopByHop = false
}

/// A variable of the environment, when it is set and not empty.
func environment(_ name: String) -> String? {
  guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
  return value
}

extension Endpoint {
  init(option text: String) throws(Failure) {
    do { try self.init(parsing: text) } catch { throw Failure(error) }
  }

  /// Makes sure that the host's name leads to an address.
  func resolve() throws(Failure) {
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, nil, &list)
    guard status == 0 else {
      throw Failure(listening: self, reason: String(cString: gai_strerror(status)))
    }
    freeaddrinfo(list)
  }
}

/// A device as an option names it: 16 hexadecimal digits, after `SYSTEM/` when it is not of the own system.
struct PeerName: ExpressibleByArgument {
  let system: SystemID?
  let device: DeviceID

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let last = parts.last, last.count == 16, let device = UInt64(last, radix: 16) else {
      return nil
    }
    self.device = DeviceID(device)
    if parts.count == 2 {
      guard let system = UInt32(parts[0]) else { return nil }
      self.system = SystemID(system)
    } else {
      system = nil
    }
  }

  func address(from own: SystemID) -> DeviceAddress {
    DeviceAddress(system: system ?? own, device: device)
  }
}
