// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Synchronization
import Wire

/// A registry in a temporary directory.
final class SampleRegistry {
  struct Missing: Error {}

  static let count = 10_000

  let authority: Authority
  let registry: SQLiteRegistry
  private let system: SystemID
  private var place = 0

  init(_ authority: Authority) throws {
    self.authority = authority
    let path = NSTemporaryDirectory() + "/countersign-schemes-\(getpid())"
    let directory = AuthorityDirectory(path)
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "benchmark")
    // An hour passes whenever somebody asks, so that no budget of keys is what is measured.
    let time = Atomic<Int64>(1_800_000_000)
    registry = try directory.openRegistry(actor: "benchmark") {
      time.wrappingAdd(3600, ordering: .relaxed).newValue
    }
    atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "/countersign-schemes-\(getpid())") }
    system = try registry.addSystem(named: "fleet").id
  }

  /// What the relay asks when a device with a key pair has proved itself.
  func begin(_ index: Int) throws {
    _ = try registry.state()
    guard try registry.device(address(index)) != nil, try registry.quarantine(of: address(index)) == nil else {
      throw Missing()
    }
    _ = try registry.orders(for: address(index))
  }

  /// What a session under a device's key in use holds against the row.
  func claim(_ index: Int) throws -> SessionClaim {
    if let device = try registry.device(address(index)) {
      return SessionClaim(
        address: address(index), generation: device.generation, publicKey: device.certificate.publicKey)
    }
    guard let device = try registry.symmetricDevice(address(index)) else { throw Missing() }
    return SessionClaim(address: address(index), generation: device.generation, publicKey: nil)
  }

  /// Another device every time, all over the table.
  func next() -> Int {
    place = (place &+ 7_919) % Self.count
    return place
  }

  func address(_ index: Int) -> DeviceAddress {
    DeviceAddress(system: system, device: DeviceID(UInt64(index) &* 0x9E37_79B9_7F4A_7C15))
  }
}
