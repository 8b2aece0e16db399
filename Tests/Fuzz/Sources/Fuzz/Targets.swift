// SPDX-License-Identifier: Apache-2.0

/// A function that takes any bytes and must neither trap nor break what it promises.
typealias FuzzTarget = (RawSpan) -> Void

/// Every target by its name on the command line. A new parser needs one line here and one function:
///
///     "certificate": { input in
///       if let certificate = try? Certificate(decoding: input) { require(reencoded(certificate) == input) }
///     },
nonisolated(unsafe) let targets: [String: FuzzTarget] = [
  "handshake": fuzzHandshake,
  "transport": fuzzTransport,
  "datagram": fuzzDatagram,
  "names": fuzzNames,
  "certificate": fuzzCertificate,
  "statement": fuzzStatements,
  "identity-credential": fuzzIdentityCredential,
  "identity-request": fuzzIdentityRequest,
  "identity-answer": fuzzIdentityAnswer,
  "identity-hello": fuzzIdentityHello,
  "device-file": fuzzDeviceFile,
  "wake-up": fuzzWakeUp,
  "suspended-area": fuzzSuspendedArea,
]

/// Stops the fuzzer: the input has shown that a promise does not hold.
func require(_ condition: Bool, _ promise: StaticString) {
  if !condition { fatalError("\(promise)") }
}

/// Takes fuzzed input apart, from the front. At the end everything is zero.
struct Input: ~Escapable {
  private(set) var rest: RawSpan

  @_lifetime(copy input)
  init(_ input: RawSpan) {
    rest = input
  }

  mutating func byte() -> UInt8 {
    guard rest.byteCount > 0 else { return 0 }
    let byte = rest.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    rest = rest.extracting(1...)
    return byte
  }

  /// Up to `count` bytes.
  mutating func take(_ count: Int) -> [UInt8] {
    let length = min(count, rest.byteCount)
    let bytes = rest.extracting(..<length).withUnsafeBytes { [UInt8]($0) }
    rest = rest.extracting(length...)
    return bytes
  }

  mutating func takeRest() -> [UInt8] { take(rest.byteCount) }
}
