// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import DeviceHost
import Foundation
import Registry
import Wire

/// `--device`: whose identity a command uses.
struct DeviceOptions: ParsableArguments {
  @Option(name: .long, help: "The device file (or COUNTERSIGN_DEVICE).")
  var device: String?

  /// - Parameter patience: how long to wait for another process that is using the file.
  func open(patience: Duration = .seconds(10)) throws(Failure) -> AnyDevice {
    guard let path = device ?? environment("COUNTERSIGN_DEVICE") else {
      throw Failure(.usage, "which device?", hint: "Give --device FILE, or set COUNTERSIGN_DEVICE.")
    }
    let device = try reporting { () throws(DeviceHostError) in try AnyDevice(opening: path, patience: patience) }
    warnOfUnlockedMemory()
    return device
  }

  func inbox(of device: AnyDevice) throws(Failure) -> Inbox {
    try reporting { () throws(DeviceHostError) in try Inbox(path: device.path + ".inbox") }
  }
}

extension AnyDevice {
  /// The device's key pair, for commands that need one.
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
    help: "Also exchange messages with devices that have no key pair: the server reads these, and could make them up.")
  var hopByHop = false
}

/// A variable of the environment, when it is set and not empty.
func environment(_ name: String) -> String? {
  guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
  return value
}

extension Endpoint {
  /// - Parameter mayBeDatagram: whether udp:// may be in front.
  init(option text: String, mayBeDatagram: Bool = false) throws(Failure) {
    do throws(DeviceHostError) {
      try self.init(parsing: text)
      if isDatagram && !mayBeDatagram { throw .invalidEndpoint(text) }
    } catch { throw Failure(error) }
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

extension DeviceName {
  /// The address that is meant by a device, which knows systems by their numbers.
  ///
  /// - Parameters:
  ///   - own: the system that is meant when none is named.
  ///   - directory: of the authority whose registry knows the name of a system.
  func address(from own: SystemID, namesIn directory: AuthorityOptions) throws(Failure) -> DeviceAddress {
    switch system {
    case nil: return DeviceAddress(system: own, device: device)
    case .number(let number): return DeviceAddress(system: number, device: device)
    case .name(let name):
      guard directory.isGiven else {
        throw Failure(
          .usage, "a device does not know systems by name, such as \(name)",
          hint: "Write its number, NUMBER/ID, or name the authority that knows it: --dir DIR")
      }
      return DeviceAddress(system: try directory.registry("send").find(system: name).id, device: device)
    }
  }
}
