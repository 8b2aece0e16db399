// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import IdentityEncryption
import Wire

// IdentityEncryptionBenchmark ROUNDS

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 500 : 500

/// The time that the processor has spent on this process: what else runs on the machine does not count.
func nanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

func time(_ name: String, _ body: () throws -> Void) rethrows {
  var times: [Int] = []
  for _ in 0..<rounds {
    let start = nanoseconds()
    try body()
    times.append(nanoseconds() - start)
  }
  print("\(name): \(times.sorted()[rounds / 2] / 1000) us")
}

let seed = [UInt8](repeating: 0x51, count: 32)
let master = try IBE.MasterKey(seed: seed.bytes)
let issuer = master.publicKey
let identity = IBE.Identity(DeviceAddress(system: SystemID(1), device: DeviceID(2)), epochs: 1...8)
var extracted = SecretBytes<96>()
master.extract(identity, into: &extracted)
let device = try IBE.DeviceKey(decoding: extracted.bytes, of: identity, from: issuer)

let text = [UInt8](repeating: 7, count: 100)
var message = [UInt8](repeating: 0, count: text.count + IBE.overhead)
var opened = text

try time("seal 100 bytes") {
  var target = message.mutableBytes
  try IBE.seal(text.bytes, to: identity, under: issuer, authenticating: RawSpan(), into: &target)
}
try time("open 100 bytes") {
  var target = opened.mutableBytes
  try device.open(message.bytes, authenticating: RawSpan(), into: &target)
}
precondition(opened == text)
time("extract a device key") { master.extract(identity, into: &extracted) }
try time("check a device key") {
  _ = try IBE.DeviceKey(decoding: extracted.bytes, of: identity, from: issuer)
}
let encoded = issuer.bytes
try time("decode a master public key") { _ = try IBE.MasterPublicKey(decoding: encoded.bytes) }

var parts: [[UInt8]] = []
let commitments = try master.split(threshold: 2, among: 3) { share in
  var part = SecretBytes<96>()
  share.extract(identity, into: &part)
  parts.append([UInt8](copying: part.bytes))
}
let (first, third) = (parts[0], parts[2])
try time("combine a device key from 2 holders") {
  var combination = try IBE.Combination(of: identity, under: commitments, from: [1, 3])
  try combination.add(first.bytes, from: 1)
  try combination.add(third.bytes, from: 3)
  try combination.finish(into: &extracted)
}
