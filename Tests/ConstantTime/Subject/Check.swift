// SPDX-License-Identifier: Apache-2.0

import Memcheck
import CountersignCrypto

/// The outcome of every check so far.
struct Report {
  private(set) var failures = 0

  /// Runs `body` and counts the branches and addresses in it that depended on a secret.
  mutating func check(_ name: String, leaks expectsLeaks: Bool = false, _ body: () throws -> Void) {
    let before = memcheck_leaks()
    do {
      try body()
    } catch {
      failures += 1
      print("FAILED  \(name): \(error)")
      return
    }
    let leaks = memcheck_leaks() - before
    let isGood = expectsLeaks == (leaks > 0)
    if !isGood { failures += 1 }
    print("\(isGood ? "ok    " : "FAILED")  \(name): \(leaks) leaks\(expectsLeaks ? ", as it must have" : "")")
  }
}

/// Marks bytes as secret.
func makeSecret(_ bytes: RawSpan) {
  bytes.withUnsafeBytes { memcheck_make_secret($0.baseAddress, $0.count) }
}

/// Declares bytes public again: what goes on the wire, and results that are looked at here.
func makePublic(_ bytes: RawSpan) {
  bytes.withUnsafeBytes { memcheck_make_public($0.baseAddress, $0.count) }
}

/// 32 random bytes that memcheck takes for a secret.
func secret() -> SecretBytes<32> {
  let bytes = SecretBytes<32>.random()
  makeSecret(bytes.bytes)
  return bytes
}

/// A key pair whose private half is secret and whose public half is not.
func secretKeyPair() -> X25519.PrivateKey {
  let key = X25519.PrivateKey.random()
  makeSecret(key.secretBytes)
  return key
}
