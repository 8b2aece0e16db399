// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

extension ByteWriter {
  mutating func statement<Content>(_ statement: Statement<Content>) {
    var encoded = Bytes<100>()
    var target = encoded.mutableBytes
    statement.encode(into: &target)
    bytes(encoded.bytes.extracting(0..<Statement<Content>.encodedLength))
  }

  mutating func certificate(_ certificate: Certificate) {
    var encoded = Bytes<116>()
    var target = encoded.mutableBytes
    certificate.encode(into: &target)
    bytes(encoded.bytes.extracting(0..<certificate.encodedLength))
  }
}
