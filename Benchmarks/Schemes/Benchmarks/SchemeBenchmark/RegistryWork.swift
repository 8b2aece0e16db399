import Benchmark
import Credentials
import Foundation
import Primitives
import Registry

/// What a server asks its registry: who holds this key, is this device in order; and what changing a key costs it.
func registryWork(_ authority: Authority) {
  // Every benchmark has a process of its own: only those that need a fleet make one.
  var made: SampleRegistry?
  func sample() throws -> SampleRegistry {
    if let made { return made }
    let sample = try SampleRegistry(authority)
    made = sample
    return sample
  }
  Benchmark.work("registry/admission by key", prepare: { _ = try sample() }) {
    let sample = try sample()
    guard try sample.registry.device(holding: sample.keys[sample.next()]) != nil else { throw SampleRegistry.Missing() }
  }
  Benchmark.work("registry/admission by address", prepare: { _ = try sample() }) {
    let sample = try sample()
    guard try sample.registry.device(sample.address(sample.next())) != nil else { throw SampleRegistry.Missing() }
  }
  Benchmark.work(
    "registry/rotation, certificate and both transactions", seconds: 2, prepare: { _ = try sample() }
  ) {
    let sample = try sample()
    let device = sample.address(sample.next())
    let key = X25519.PrivateKey.random().publicKey
    _ = try sample.registry.renew(key, for: device, issuer: authority.issuer)
    try sample.registry.promotePending(key, for: device)
  }
}

/// A registry of 10,000 devices in a temporary directory.
private final class SampleRegistry {
  struct Missing: Error {}

  let registry: SQLiteRegistry
  private(set) var keys: [X25519.PublicKey] = []
  private let system: SystemID
  private var place = 0

  init(_ authority: Authority) throws {
    let path = NSTemporaryDirectory() + "/countersign-schemes-\(getpid())"
    let directory = AuthorityDirectory(path)
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "benchmark")
    registry = try directory.openRegistry(actor: "benchmark")
    atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "/countersign-schemes-\(getpid())") }
    system = try registry.addSystem(named: "fleet").id
    for first in stride(from: 0, to: 10_000, by: 1_000) {
      let devices = (first..<first + 1_000).map { index in
        keys.append(X25519.PrivateKey.random().publicKey)
        return NewDevice(address: address(index), publicKey: keys[index])
      }
      _ = try registry.addDevices(devices, issuer: authority.issuer)
    }
  }

  /// Another device every time, all over the table.
  func next() -> Int {
    place = (place &+ 7_919) % keys.count
    return place
  }

  func address(_ index: Int) -> DeviceAddress {
    DeviceAddress(system: system, device: DeviceID(UInt64(index) &* 0x9E37_79B9_7F4A_7C15))
  }
}
