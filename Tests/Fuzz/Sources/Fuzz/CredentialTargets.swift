// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto

/// Certificates of both kinds, in both forms: what parses is encoded back to the same bytes.
func fuzzCertificate(_ input: RawSpan) {
  if let certificate = try? Certificate(decoding: input) {
    var bytes = [UInt8](repeating: 0, count: certificate.encodedLength)
    var target = bytes.mutableBytes
    certificate.encode(into: &target)
    require(bytes == [UInt8](copying: input), "a certificate encodes back as it was")
  }
  if let certificate = try? Certificate(decoding: input, publicKey: X25519.PublicKey()) {
    var bytes = [UInt8](repeating: 0, count: certificate.encodedHandshakeLength)
    var target = bytes.mutableBytes
    certificate.encodeForHandshake(into: &target)
    require(bytes == [UInt8](copying: input), "a certificate in a handshake encodes back as it was")
  }
}

/// Signed statements of every kind.
func fuzzStatements(_ input: RawSpan) {
  check(input, EpochStatement.self)
  check(input, RevocationStatement.self)
  check(input, PolicyStatement.self)
}

private func check<Content: StatementContent>(_ input: RawSpan, _: Statement<Content>.Type) {
  guard let statement = try? Statement<Content>(decoding: input) else { return }
  var bytes = [UInt8](repeating: 0, count: Statement<Content>.encodedLength)
  var target = bytes.mutableBytes
  statement.encode(into: &target)
  require(bytes == [UInt8](copying: input), "a statement encodes back as it was")
}
