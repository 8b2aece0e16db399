// SPDX-License-Identifier: Apache-2.0

import Credentials
import Memcheck
import CountersignCrypto
import Wire

extension Report {
  /// Keys of identity-based credentials: what the issuer computes with its own secrets, and the device with its part.
  ///
  /// Points and public keys are public, but memcheck takes what comes of a secret for one: so that the device takes an answer that
  /// was made without secrets.
  mutating func checkIdentityBased() {
    let wide = SecretBytes<64>.random()
    makeSecret(wide.bytes)
    check("identity-based: scalars, and a scalar's point") {
      var scalar = Edwards25519.Scalar()
      scalar.reduce(wide.bytes)
      var product = Edwards25519.Scalar()
      product.copy(from: scalar)
      product.multiply(by: scalar)
      product.add(scalar)
      _ = try Edwards25519.Point(base: product)
    }
    check("identity-based: the lift") {
      var scalar = Edwards25519.Scalar()
      scalar.reduce(wide.bytes)
      var key = SecretBytes<32>()
      var isLifted = Lift.lift(scalar, into: &key)
      withUnsafeBytes(of: &isLifted) { memcheck_make_public($0.baseAddress, $0.count) }
      if !isLifted { throw CredentialsError.invalidPoint }
    }
    check("identity-based: a key that the issuer makes, from the seed on") {
      let seed = secret()
      let master = try MasterKey(seed: seed.bytes)
      var key = X25519.PrivateKey()
      _ = try master.issueInjected(master.fields(for: Self.address, generation: 1, lastEpoch: 9), into: &key)
    }
    check("identity-based: a key that the device makes, from its part and the issuer's answer") {
      let seed = SecretBytes<32>.random()
      let master = try MasterKey(seed: seed.bytes)
      var request = IdentityRequest()
      request.generate()
      let answer = try master.issueBlinded(
        master.fields(for: Self.address, generation: 1, lastEpoch: 9), request: request.point)
      // What a device loads that has stored its part.
      var part = SecretBytes<32>()
      part.copy(from: request.secretBytes)
      makeSecret(part.bytes)
      var stored = IdentityRequest()
      try stored.load(part.bytes)
      var key = X25519.PrivateKey()
      try stored.complete(answer, under: master.publicKey, into: &key)
    }
  }

  private static let address = DeviceAddress(system: SystemID(1), device: DeviceID(7))
}
