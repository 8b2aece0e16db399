// SPDX-License-Identifier: Apache-2.0

import Credentials
import Registry
import Synchronization
import Wire

/// What sessions ask of the registry all the time, kept in memory: the epoch and which systems may address which.
final class FleetView: Sendable {
  struct Link: Hashable {
    let from: SystemID
    let to: SystemID
  }

  struct Snapshot: Sendable {
    let state: AuthorityState
    let policies: [Link: PolicyStatement]
    let applications: [SystemID: [RegisteredApplication]]

    /// The systems whose devices must know what happens in `system`: itself, and those that a policy links with it.
    func linked(with system: SystemID) -> Set<SystemID> {
      var systems: Set<SystemID> = [system]
      for link in policies.keys {
        if link.from == system { systems.insert(link.to) }
        if link.to == system { systems.insert(link.from) }
      }
      return systems
    }
  }

  private let storage: Mutex<Snapshot>

  init(_ registry: any StatementRegistry) throws(RegistryError) {
    storage = Mutex(try Self.read(registry))
  }

  var snapshot: Snapshot { storage.withLock { $0 } }

  var epoch: Epoch { storage.withLock { $0.state.epoch } }

  /// Whether devices of `from` may address devices of `to`.
  func allows(from: SystemID, to: SystemID) -> Bool {
    if from == to { return true }
    return storage.withLock { snapshot in
      guard let policy = snapshot.policies[Link(from: from, to: to)] else { return false }
      return policy.content.lastEpoch >= snapshot.state.epoch
    }
  }

  /// The application that devices of a system report to unless they name one; nil when there is none, or it is revoked.
  func defaultApplication(of system: SystemID) -> DeviceAddress? {
    storage.withLock { $0.applications[system]?.first { $0.isDefault && !$0.device.isRevoked }?.address }
  }

  /// An application that is not removed; it may be revoked.
  func application(_ address: DeviceAddress) -> RegisteredApplication? {
    storage.withLock { $0.applications[address.system]?.first { $0.address == address } }
  }

  /// Reads the registry again and returns what was known before and what is known now.
  func refresh(_ registry: any StatementRegistry) throws(RegistryError) -> (old: Snapshot, new: Snapshot) {
    let new = try Self.read(registry)
    let old = storage.withLock { snapshot in
      let old = snapshot
      snapshot = new
      return old
    }
    return (old, new)
  }

  private static func read(_ registry: any StatementRegistry) throws(RegistryError) -> Snapshot {
    var policies: [Link: PolicyStatement] = [:]
    for policy in try registry.policies(concerning: nil) {
      policies[Link(from: policy.statement.content.from, to: policy.statement.content.to)] = policy.statement
    }
    let applications = Dictionary(grouping: try registry.applications(in: nil)) { $0.address.system }
    return Snapshot(state: try registry.state(), policies: policies, applications: applications)
  }
}
