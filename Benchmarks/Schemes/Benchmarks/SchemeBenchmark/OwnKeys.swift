// SPDX-License-Identifier: Apache-2.0

import Comparison
import Credentials
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Devices with key pairs and certificates: an admission only reads.
final class OwnKeys: RegistryWork {
  private let scheme: SchemeID
  private let sample: SampleRegistry
  private var keys: [X25519.PublicKey] = []

  init(_ authority: Authority, _ scheme: SchemeID) throws {
    self.scheme = scheme
    sample = try SampleRegistry(authority)
    for first in stride(from: 0, to: SampleRegistry.count, by: 1_000) {
      let devices = (first..<first + 1_000).map { index in
        keys.append(X25519.PrivateKey.random().publicKey)
        return NewDevice(address: sample.address(index), publicKey: keys[index])
      }
      _ = try sample.registry.addDevices(devices, issuer: authority.issuer)
    }
  }

  func admit() throws {
    let index = sample.next()
    let isFound =
      if scheme.row.hint == .keyHash {
        try !sample.registry.devices(hinted: RoutingHint.of(keys[index]), limit: 64).isEmpty
          && !sample.registry.issuances(hinted: RoutingHint.of(keys[index]), limit: 64).isEmpty
      } else if scheme.row.shown == .certificate {
        try sample.registry.device(sample.address(index)) != nil
      } else {
        try sample.registry.device(holding: keys[index]) != nil
      }
    guard isFound else { throw SampleRegistry.Missing() }
    try sample.begin(index)
  }

  func rotate() throws {
    let index = sample.next()
    let key = X25519.PrivateKey.random().publicKey
    _ = try sample.registry.renew(
      key, isProved: true, asked: sample.claim(index), issuer: sample.authority.issuer)
    try sample.registry.promotePending(key, for: sample.address(index), issuer: sample.authority.issuer)
    keys[index] = key
  }
}
