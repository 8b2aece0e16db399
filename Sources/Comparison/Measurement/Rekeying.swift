// SPDX-License-Identifier: Apache-2.0

import Device
import Noise
import CountersignCrypto
import Records
import Schemes

/// A change of key in the schemes whose keys the server computes: the device asks, the server answers with the next key.
enum Rekeying {
  /// `rekey` and its answer, as sealed records.
  static func messages(_ scheme: SchemeID) throws -> [SchemeProfile.Message] {
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    let request = DeviceRecord.rekey.encode(into: &bytes) + tagLength
    return [.init(sender: .device, bytes: Double(request)), try answer(scheme)]
  }

  /// The server's record with the next key, and with what names the device beside it.
  static func answer(_ scheme: SchemeID) throws -> SchemeProfile.Message {
    let keyLength = 32
    let body = [UInt8](repeating: 0, count: keyLength + scheme.row.derivation.nameLength)
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    let record = ServerRecord.key(scheme: scheme, generation: 2, body.bytes)
    return .init(sender: .server, bytes: Double(record.encode(into: &bytes) + tagLength))
  }
}
