// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// A batch of devices whose keys the server computes. The registry learns of each before its file is there, and gives the same key
/// again until the device has been used: interrupted work is found without a journal.
extension Batch {
  func makeSymmetric(
    _ plan: BatchPlan, _ authority: Authority, progress: (Int) -> Void
  ) throws(AssemblyError) -> Summary {
    let todo = try outstandingSymmetric(plan, authority)
    var summary = Summary(made: 0, found: plan.rows.count - todo.count)
    for row in todo {
      _ = try SymmetricAssembly.make(
        address(of: row), scheme: scheme, key: row.secretKey, file: path(of: row), registry, authority)
      summary.made += 1
      progress(summary.found + summary.made)
    }
    return summary
  }

  private func outstandingSymmetric(
    _ plan: BatchPlan, _ authority: Authority
  ) throws(AssemblyError) -> [BatchPlan.Row] {
    var conflicts: [BatchConflict] = []
    var rows: [BatchPlan.Row] = []
    for row in plan.rows {
      let known: SymmetricDevice?
      let hasKeyPair: Bool
      do {
        known = try registry.symmetricDevice(address(of: row))
        hasKeyPair = try registry.device(address(of: row)) != nil
      } catch { throw .registry(error) }
      let hasFile = access(path(of: row), F_OK) == 0
      var reason: BatchConflict.Reason?
      switch (known, hasFile) {
      case (nil, true): reason = .foreignFile
      case (nil, false): if hasKeyPair { reason = .registeredElsewhere } else { rows.append(row) }
      case (let device?, false):
        if device.isUnused, device.current.scheme == scheme { rows.append(row) } else { reason = .registeredElsewhere }
      case (_?, true): break
      }
      if let known, reason == nil, try !has(known, row.secretKey, authority) { reason = .registeredWithAnotherKey }
      if let reason, conflicts.count < 100 {
        conflicts.append(BatchConflict(device: row.device, line: row.line, reason: reason))
      }
    }
    guard conflicts.isEmpty else { throw .conflicts(conflicts) }
    return rows
  }

  /// Whether a device that is registered has the key of its row; one that has changed it since is the same device.
  private func has(
    _ device: SymmetricDevice, _ secret: [UInt8]?, _ authority: Authority
  ) throws(AssemblyError) -> Bool {
    guard let secret, device.generation == 1, !device.isRetired, device.current.scheme == scheme else { return true }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    do { try authority.deriveKey(device.current, of: device.address, into: &key) } catch {
      throw .registry(RegistryError(error))
    }
    return constantTimeEquals(key.bytes, secret.bytes)
  }

  func address(of row: BatchPlan.Row) -> DeviceAddress { DeviceAddress(system: system, device: row.device) }
}
