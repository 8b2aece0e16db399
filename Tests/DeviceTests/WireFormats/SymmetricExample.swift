// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes

/// Alice in the schemes whose keys the server computes: her key is one byte repeated, her next counter 6.
extension WorkedExample {
  static let symmetricKey = [UInt8](repeating: 0x0C, count: 32)

  /// Her file, put together from the layout and not by the code that writes it.
  func symmetricFile(_ scheme: SchemeID = .derivedKey) throws -> [UInt8] {
    var file: [UInt8] = Array("CSSF".utf8) + [1, 0, 0, 0] + [0, 0, 0, 7]
    file += [0x00, 0x11, 0x22, 0xFF, 0xFE, 0x33, 0x44, 0x55] + [0, 0x14, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0x40]
    file += [1, scheme.rawValue, 0, 1, 0, 0, 0, 5] + Self.symmetricKey + [UInt8](repeating: 0, count: 32)
    file += [UInt8](repeating: 0, count: 72)
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(file.bytes, into: &span)
    return file + digest
  }

  /// The first frame of her next session, as the code writes it.
  func symmetricHello(_ scheme: SchemeID) throws -> [UInt8] {
    var identity = SymmetricIdentity()
    let file = try symmetricFile(scheme)
    try identity.load(file.bytes)
    try identity.beginSession(with: .a)
    var link = SymmetricLink()
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    let length = try link.writeHello(identity, with: .a, into: &span)
    return Array(frame[..<length])
  }
}
