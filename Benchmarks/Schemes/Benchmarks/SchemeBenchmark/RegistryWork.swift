// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Comparison
import Keyring
import Registry
import Schemes

/// What the relay asks its registry for one admission of a device, and for one change of its key. `broadcast` has neither: its
/// keys are in no registry.
func registryWork(_ authority: Authority) {
  for scheme in SchemeID.allCases where scheme.row.isServed {
    works(scheme) {
      if scheme.isSymmetric { return try ComputedKeys(authority, scheme) }
      return scheme.row.shown == .credential ? try IdentityBasedKeys(authority) : try OwnKeys(authority, scheme)
    }
  }
}

/// A registry of 10,000 devices of one scheme.
protocol RegistryWork {
  func admit() throws
  func rotate() throws
}

/// Every benchmark has a process of its own: only those that run make a fleet, in time that is not measured.
private func works(_ scheme: SchemeID, _ make: @escaping () throws -> any RegistryWork) {
  var made: (any RegistryWork)?
  func work() throws -> any RegistryWork {
    if let made { return made }
    let work = try make()
    made = work
    return work
  }
  Benchmark.work("admission/\(scheme.name)", prepare: { _ = try work() }) { try work().admit() }
  Benchmark.work("rotation/\(scheme.name)", seconds: 2, prepare: { _ = try work() }) { try work().rotate() }
}
