import Benchmark
import Comparison
import Registry
import Schemes

/// What the relay asks its registry for one admission of a device, and for one change of its key. `broadcast` has neither: its
/// keys are in no registry.
func registryWork(_ authority: Authority) {
  for (name, scheme) in [
    (SchemeName.sharedKey, SchemeID.sharedKey), (.derivedKey, .derivedKey), (.derivedKeyPBKDF2, .derivedKeyPBKDF2),
    (.derivedKeyEphemeral, .derivedKeyEphemeral), (.derivedKeyRatchet, .derivedKeyRatchet),
  ] {
    works(name) { try ComputedKeys(authority, scheme) }
  }
  for scheme in [SchemeName.certified, .registered, .compactKK, .hybridIKpsk2] {
    works(scheme) { try OwnKeys(authority, scheme) }
  }
  works(.identityBased) { try IdentityBasedKeys(authority) }
}

/// A registry of 10,000 devices of one scheme.
protocol RegistryWork {
  func admit() throws
  func rotate() throws
}

/// Every benchmark has a process of its own: only those that run make a fleet, in time that is not measured.
private func works(_ scheme: SchemeName, _ make: @escaping () throws -> any RegistryWork) {
  var made: (any RegistryWork)?
  func work() throws -> any RegistryWork {
    if let made { return made }
    let work = try make()
    made = work
    return work
  }
  Benchmark.work("admission/\(scheme.rawValue)", prepare: { _ = try work() }) { try work().admit() }
  Benchmark.work("rotation/\(scheme.rawValue)", seconds: 2, prepare: { _ = try work() }) { try work().rotate() }
}
