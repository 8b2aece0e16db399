// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry

/// Devices with identity-based credentials, each of which the server issues without knowing the key.
final class IdentityBasedKeys: RegistryWork {
  private let sample: SampleRegistry
  private var request = IdentityRequest()

  init(_ authority: Authority) throws {
    sample = try SampleRegistry(authority)
    for first in stride(from: 0, to: SampleRegistry.count, by: 1_000) {
      let issued = try (first..<first + 1_000).map { index in
        request.generate()
        let fields = authority.identityMaster.fields(for: sample.address(index), generation: 1, lastEpoch: 9)
        return try IssuedCredential(fields, request: request.point, authority: authority)
      }
      try sample.registry.record(issued, enrolAgain: false)
    }
  }

  func admit() throws {
    let index = sample.next()
    // Once for the key that the credential leads to, once for the row.
    guard try sample.registry.device(sample.address(index)) != nil,
      try sample.registry.device(sample.address(index)) != nil
    else { throw SampleRegistry.Missing() }
    try sample.begin(index)
  }

  func rotate() throws {
    let index = sample.next()
    let address = sample.address(index)
    request.generate()
    _ = try sample.registry.issue(
      request: request.point, asked: sample.claim(index), authority: sample.authority)
    guard let key = try sample.registry.device(address)?.pending?.publicKey else { throw SampleRegistry.Missing() }
    try sample.registry.promotePending(key, for: address, issuer: sample.authority.issuer)
  }
}
