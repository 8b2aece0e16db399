// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Registry
import Schemes
import Wire

/// What a server that is weak on purpose keeps of each device.
struct LabRegistry {
  struct Row {
    let address: DeviceAddress
    var generation: Generation = 1
    /// The counter of the last session that was confirmed.
    var counter: UInt32 = 0
    /// Random bytes drawn at the last rotation of a derived key.
    var rotationInput: [UInt8] = []
    /// Those of a rotation whose key has not been used yet.
    var pendingInput: [UInt8]?
    /// The ratchet's key at `counter`, which the server cannot compute from its root without following every step.
    var ratchetKey: [UInt8] = []
    var publicKey: X25519.PublicKey?
    var pendingKey: X25519.PublicKey?
    var revokedThrough: Generation = 0
    var floor = SchemeFloor.shared
  }

  var rows: [DeviceAddress: Row] = [:]

  /// What a thief of the database carries away: every field of every row, one after the other.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    for row in rows.values.sorted(by: { $0.address.device < $1.address.device }) {
      var key = [UInt8](repeating: 0, count: DeviceAddress.encodedLength + 8)
      var span = key.mutableBytes
      var writer = ByteWriter(&span)
      row.address.encode(&writer)
      writer.uint16(row.generation)
      writer.uint32(row.counter)
      writer.uint16(row.revokedThrough)
      _ = consume writer
      result += key + row.rotationInput + (row.pendingInput ?? []) + row.ratchetKey
      result += (row.publicKey?.array ?? []) + (row.pendingKey?.array ?? [])
    }
    return result
  }
}
