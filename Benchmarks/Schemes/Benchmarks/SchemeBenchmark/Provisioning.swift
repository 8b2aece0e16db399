import Benchmark
import Comparison
import Credentials
import Foundation
import Primitives
import Registry
import Schemes

/// What making one device's keys costs the assembly line or the server, its row in the registry left out.
func provisioning(_ authority: Authority) {
  let root = SymmetricKey.random()
  let system = Secret()
  DerivedKeys<SHA256>.system(SystemID(7), root: root, into: &system.key)
  let made = Secret()
  let tree = SubsetDifference(height: 14, root: .random())
  var pair = X25519.PrivateKey()
  func derive() {
    DerivedKeys<SHA256>.device(DeviceID(5), generation: 1, system: system.key, into: &made.key)
  }
  func stretch() {
    let salt = [UInt8](repeating: 0x5A, count: 16)
    DerivedKeys<SHA256>.stretched(system: system.key, salt: salt.bytes, iterations: 10_000, into: &made.key)
  }
  func certify() throws {
    pair.generate()
    _ = try authority.issuer.certificate(
      for: pair.publicKey, system: SystemID(7), device: DeviceID(5), generation: 1, lastEpoch: 9)
  }
  let ways: [(SchemeName, Int, () throws -> Void)] = [
    (.sharedKey, 20, { copy(system.key, into: &made.key) }),
    (.derivedKey, 20, derive), (.derivedKeyEphemeral, 20, derive), (.derivedKeyRatchet, 20, derive),
    (.derivedKeyPBKDF2, 1, stretch),
    (.compactKK, 1, certify), (.registered, 1, certify), (.certified, 1, certify),
    (
      .hybridIKpsk2, 1,
      {
        try certify(); derive()
      }
    ),
    (.broadcast, 1, { _ = tree.receiver(4_321) }),
  ]
  for (scheme, repeats, body) in ways {
    Benchmark.work("provisioning/\(scheme.rawValue)", repeats: repeats, body)
  }
}

/// A key in a place that closures share.
final class Secret {
  var key = SymmetricKey()
}

private func copy(_ key: borrowing SymmetricKey, into other: inout SymmetricKey) { other.copy(from: key.bytes) }
