// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import ThresholdSigning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// ThresholdBenchmark ROUNDS

/// Microseconds of processor time so far: what else the machine does meanwhile does not count.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

var times: [String: [Double]] = [:]
var order: [String] = []

@MainActor func time<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
  let start = now()
  let result = try body()
  let elapsed = now() - start
  if times[name] == nil { order.append(name) }
  times[name, default: []].append(elapsed)
  return result
}

func encoded(_ commitments: NonceCommitments) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: NonceCommitments.encodedLength)
  var target = bytes.mutableBytes
  commitments.encode(into: &target)
  return bytes
}

/// One signature by the first `threshold` of the group. Each signer decodes the others' commitments, as it does when they arrive.
@MainActor func sign(_ group: Group, _ message: [UInt8]) throws {
  let name = "\(group.key.threshold) of \(group.shares.count)"
  let signers = group.shares.prefix(group.key.threshold)
  var batches: [NonceBatch] = []
  for share in signers { batches.append(try time("commitments, one signer") { try NonceBatch(for: share, count: 1) }) }
  let commitments = batches.map { $0.commitments[0] }
  let arrived = encoded(commitments[1])
  _ = try time("decoding another's commitments") { try NonceCommitments(decoding: arrived.bytes) }
  var parts: [SignatureShare] = []
  var package: SigningPackage?
  for (share, batch) in zip(signers, batches) {
    let (part, own) = try time("\(name): share, one signer") {
      var own = try SigningPackage(message: message.bytes, commitments: commitments, group: group.key)
      return (try own.sign(with: share, batch.take(0)), own)
    }
    parts.append(part)
    package = package ?? own
  }
  guard var package else { fatalError("a group signs") }
  _ = try time("\(name): aggregation, with verification") { try package.aggregate(parts) }
  let isValid = try time("\(name): checking one share") { try package.isValid(parts[0]) }
  precondition(isValid)
}

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1000 : 1000
let message = [UInt8](repeating: 7, count: 67)
let seed = SecretBytes<32>.random()
let plain = try Ed25519.PrivateKey(seed: seed.bytes)
let groups = [try Group(2, of: 2), try Group(2, of: 3), try Group(3, of: 5)]
for _ in 0..<rounds {
  let signature = time("one key: signature") { plain.signature(for: message.bytes) }
  let isValid = time("one key: verification") {
    Ed25519.isValid(signature, for: message.bytes, under: plain.publicKey)
  }
  precondition(isValid)
  for group in groups { try sign(group, message) }
}
for _ in 0..<max(1, rounds / 20) {
  _ = try time("making a key, 2 of 2, both parties") { try Group(2, of: 2) }
  _ = try time("making a key, 2 of 3, all parties") { try Group(2, of: 3) }
  _ = try time("refreshing 2 of 3, all parties") { try groups[1].refresh() }
}

@MainActor func median(_ name: String) -> Int {
  let sorted = times[name]!.sorted()
  return Int(sorted[sorted.count / 2] + 0.5)
}

for name in order { print("\(name): \(median(name)) us") }
for group in groups {
  let name = "\(group.key.threshold) of \(group.shares.count)"
  let threshold = group.key.threshold
  let each = median("commitments, one signer") + median("\(name): share, one signer")
  let decoding = (threshold - 1) * median("decoding another's commitments")
  let sum = threshold * (each + decoding) + median("\(name): aggregation, with verification")
  print("\(name), all signers together, with commitments, decoding and verification: \(sum) us")
}
