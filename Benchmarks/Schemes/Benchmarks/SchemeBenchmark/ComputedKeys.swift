// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Devices whose keys the server computes: an admission stores the session's counter, in a transaction that has reached the disk.
final class ComputedKeys: RegistryWork {
  private let scheme: SchemeID
  private let sample: SampleRegistry
  private var names: [Bytes<8>] = []
  private var counters: [UInt32]

  init(_ authority: Authority, _ scheme: SchemeID) throws {
    self.scheme = scheme
    sample = try SampleRegistry(authority)
    counters = [UInt32](repeating: 0, count: SampleRegistry.count)
    for index in 0..<SampleRegistry.count {
      let device = try sample.registry.addSymmetricDevice(sample.address(index), scheme: scheme, authority: authority)
      names.append(try name(of: device))
    }
  }

  func admit() throws {
    let index = sample.next()
    let found =
      switch scheme.row.hint {
      case .address: try sample.registry.symmetricDevice(sample.address(index)).map { [$0.current] } ?? []
      case .pseudonymStart:
        try sample.registry.devices(
          namedFrom: RoutingHint.of(names[index]), scheme: scheme, limit: 64
        ).map(\.credential)
      default: try sample.registry.devices(named: names[index], scheme: scheme).map(\.credential)
      }
    guard let credential = found.first else { throw SampleRegistry.Missing() }
    let device = sample.address(index)
    _ = try sample.registry.state()
    try accept(index, credential.generation)
    _ = try sample.registry.orders(for: device)
  }

  func rotate() throws {
    let index = sample.next()
    let next = try sample.registry.stageKey(asked: sample.claim(index), authority: sample.authority)
    try accept(index, next.generation)
    guard let device = try sample.registry.symmetricDevice(sample.address(index)) else {
      throw SampleRegistry.Missing()
    }
    names[index] = try name(of: device)
  }

  private func accept(_ index: Int, _ generation: Generation) throws {
    counters[index] += 1
    _ = try sample.registry.accept(
      SymmetricSession(
        address: sample.address(index), scheme: scheme, generation: generation,
        counter: scheme.row.hasCounter ? counters[index] : nil, shownEpoch: 1),
      toldEpoch: 1, authority: sample.authority)
  }

  private func name(of device: SymmetricDevice) throws -> Bytes<8> {
    var key = SecretBytes<32>()
    switch scheme.row.derivation {
    case .device:
      try sample.authority.deriveKey(device.current, of: device.address, into: &key)
    case .ratchet: sample.authority.deriveKey(of: device.address, generation: device.generation, into: &key)
    default:
      var name = Bytes<8>()
      for (place, byte) in device.current.material.prefix(8).enumerated() { name[place] = byte }
      return name
    }
    return Pseudonym<Hash.SHA256>.make(for: 1, key: key)
  }
}
