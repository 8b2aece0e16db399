// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Wire

let count = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1_000_000 : 1_000_000
let place =
  CommandLine.arguments.count > 2
  ? CommandLine.arguments[2] : NSTemporaryDirectory() + "/countersign-benchmark-\(getpid())"
let directory = AuthorityDirectory(place)
defer { try? FileManager.default.removeItem(atPath: place) }

/// The id of the n-th device: spread over the whole space, as EUI-64s of many makers are.
func address(_ index: Int, _ system: SystemID) -> DeviceAddress {
  DeviceAddress(system: system, device: DeviceID(UInt64(index) &* 0x9E37_79B9_7F4A_7C15))
}

/// The key of the n-th device: random bytes are as good as a key that nobody uses, and cost nothing to make again.
func key(_ index: Int) -> X25519.PublicKey {
  var key = X25519.PublicKey()
  var target = key.mutableBytes
  var digestInput = UInt64(index)
  withUnsafeBytes(of: &digestInput) { Hash.SHA256.hash(RawSpan(_unsafeBytes: $0), into: &target) }
  return key
}

let authority = Authority.random()
try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "benchmark")
let registry = try directory.openRegistry(actor: "benchmark")
let system = try registry.addSystem(named: "fleet").id

// Insertion: registering, certifying and recording, in transactions of a thousand.
let inserting = Stopwatch()
var done = 0
while done < count {
  let chunk = (done..<min(done + 1000, count)).map { NewDevice(address: address($0, system), publicKey: key($0)) }
  _ = try registry.addDevices(chunk, issuer: authority.issuer)
  done += chunk.count
  if done.isMultiple(of: 100_000) { FileHandle.standardError.write(Data("\(done) devices\n".utf8)) }
}
let insertion = inserting.elapsed
print("devices                      \(count)")
print("insert, certify, record      \(Int(Double(count) / insertion.clock)) a second on the clock")
print("                             \(rounded(insertion.processor / Double(count) * 1e6)) us of processor each")

// What of that is the signature and the test of the key.
let signing = Stopwatch()
for index in 0..<2000 {
  _ = try authority.issuer.certificate(
    for: key(index), system: system, device: DeviceID(1), generation: 1, lastEpoch: 9)
}
let probe = X25519.PrivateKey.random()
var shared = SecretBytes<32>()
let signed = signing.elapsed
let probing = Stopwatch()
for index in 0..<2000 { try probe.agree(with: key(index), into: &shared) }
let probed = probing.elapsed
print("  of which the signature     \(rounded(signed.processor / 2000 * 1e6)) us")
print("  of which testing the key   \(rounded(probed.processor / 2000 * 1e6)) us")

// Size, with the log folded in.
try registry.close()
let bytes = try FileManager.default.attributesOfItem(atPath: directory.registryPath)[.size] as? Int ?? 0
let perDevice = rounded(Double(bytes) / Double(count), 1)
print("file                         \(bytes) bytes, \(perDevice) per device, audit row included")

// Lookups: the bare statement and the registry by turns, so that both meet the same machine.
let reopened = try directory.openRegistry(actor: "benchmark")
let bare = BareSQLite(path: directory.registryPath)
let rounds = 15
let perRound = 20_000
func compare(_ name: String, bare: (Int) -> Bool, registry: (Int) throws -> Bool) rethrows {
  var bareTimes = [Double]()
  var registryTimes = [Double]()
  var misses = 0
  for _ in 0..<rounds {
    let indices = (0..<perRound).map { _ in Int.random(in: 0..<count) }
    // Whoever goes first warms the pages for the other: so both go over them once, unmeasured.
    for index in indices { if !bare(index) { misses += 1 } }
    for index in indices { if try !registry(index) { misses += 1 } }
    let first = Stopwatch()
    for index in indices { if !bare(index) { misses += 1 } }
    bareTimes.append(first.elapsed.processor / Double(perRound) * 1e6)
    let second = Stopwatch()
    for index in indices { if try !registry(index) { misses += 1 } }
    registryTimes.append(second.elapsed.processor / Double(perRound) * 1e6)
  }
  precondition(misses == 0, "every device that was asked for is registered")
  let ratios = zip(registryTimes, bareTimes).map { $0 / $1 }
  print(
    "\(name)  bare \(rounded(median(bareTimes))) us, registry \(rounded(median(registryTimes))) us,"
      + " ratio \(rounded(median(ratios))) (\(rounded(ratios.min()!)) to \(rounded(ratios.max()!)))")
}

let addresses = { address($0, system) }
try compare(
  "lookup by device id        ", bare: { bare.find(addresses($0)) != 0 },
  registry: { try reopened.device(addresses($0)) != nil })
try compare(
  "lookup by public key       ", bare: { bare.find(key($0)) != 0 },
  registry: { try reopened.device(holding: key($0)) != nil })
