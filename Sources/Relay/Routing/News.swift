// SPDX-License-Identifier: Apache-2.0

import Credentials
import Records
import Registry
import Wire

/// What devices must hear of each other: a revocation, or a rotation. Both share one sequence and are sent in its order, because
/// a device asks for what comes after the highest number that it has accepted.
enum News {
  case revocation(RevocationStatement)
  case rotation(RotationStatement)

  var sequence: UInt32 {
    switch self {
    case .revocation(let statement): statement.content.sequence
    case .rotation(let statement): statement.content.sequence
    }
  }

  /// The system that it comes from.
  var system: SystemID {
    switch self {
    case .revocation(let statement): statement.content.system
    case .rotation(let statement): statement.content.system
    }
  }

  var record: OutgoingRecord {
    switch self {
    case .revocation(let statement): OutgoingRecord(.revocation(statement))
    case .rotation(let statement): OutgoingRecord(.rotation(statement))
    }
  }

  /// Rotations of one system beyond this many are left out at the beginning of a session, and wait while it lasts: a device has
  /// no room for more.
  static let maximumRotations = RevocationList.capacity

  /// Everything after `sequence`, in order.
  ///
  /// - Parameter system: whose devices are to hear it.
  static func read(
    _ registry: any StatementRegistry, since sequence: UInt32, for system: SystemID
  ) throws(RegistryError) -> [News] {
    let revocations = try registry.revocations(since: sequence, for: system).map { News.revocation($0) }
    let rotations = try registry.rotations(since: sequence, for: system, limit: maximumRotations)
      .map { News.rotation($0) }
    return (revocations + rotations).sorted { $0.sequence < $1.sequence }
  }
}

extension Client {
  /// Whether the device wants to hear it, and can read it. Its own rotation is no news to it.
  func wants(_ news: News) -> Bool {
    guard case .rotation(let statement) = news else { return true }
    let content = statement.content
    return knowsRotations && DeviceAddress(system: content.system, device: content.device) != address
  }
}
