// SPDX-License-Identifier: Apache-2.0

import Bare
import Noise
import CountersignCrypto

#if canImport(Glibc)
  import Glibc
#endif

// NoiseBenchmark floor ROUNDS             every pattern's responder and transport, each beside its floor, taken in turn
// NoiseBenchmark responder PATTERN COUNT  the median of one pattern's responder, in nanoseconds
// NoiseBenchmark loop PATTERN COUNT       handshakes and nothing else, for a profiler
// NoiseBenchmark floorloop PATTERN COUNT  the floor and nothing else, for a profiler

func pattern(_ name: String) throws -> (HandshakePattern, cachesStaticShared: Bool) {
  switch name {
  case "IK": (.IK, false)
  case "IK+ss": (.IK, true)
  case "XX": (.XX, false)
  case "NNpsk0": (try .NN.psk(0), false)
  case "IKpsk2": (try .IK.psk(2), false)
  default: fatalError("no benchmark of \(name)")
  }
}

let names = ["IK", "IK+ss", "XX", "NNpsk0", "IKpsk2"]

func median(_ samples: [UInt64]) -> UInt64 { samples.sorted()[samples.count / 2] }

/// A number with three decimals, without Foundation.
func rounded(_ value: Double) -> String {
  let thousandths = Int((value * 1000).rounded())
  let fraction = String(thousandths % 1000)
  return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
}

func compareWithFloor(_ rounds: Int) throws {
  for name in names {
    let (pattern, caches) = try pattern(name)
    let responder = try Responder(pattern, cachesStaticShared: caches)
    let floor = Floor(pattern, hasCachedStaticShared: caches)
    var handshakes = [UInt64]()
    var floors = [UInt64]()
    for _ in 0..<rounds {
      handshakes.append(try responder.handshake())
      let start = bare_now()
      floor.run()
      floors.append(bare_now() - start)
    }
    let (ours, bare) = (median(handshakes), median(floors))
    print("responder \(name): \(ours) ns, floor \(bare) ns, ratio \(rounded(Double(ours) / Double(bare)))")
  }
  for (length, count) in [(64, 1000), (16_384, 20)] {
    var transport = Transport()
    var message = [UInt8](repeating: 7, count: length + tagLength)
    var sealed = [UInt64]()
    var bare = [UInt64]()
    for _ in 0..<max(rounds / 5, 1) {
      sealed.append(try transport.seal(&message, count))
      bare.append(transport.sealBare(&message, count))
    }
    let ours = Double(median(sealed)) / Double(count)
    let floor = Double(median(bare)) / Double(count)
    print("transport \(length): \(rounded(ours)) ns, floor \(rounded(floor)) ns, ratio \(rounded(ours / floor))")
  }
}

bare_prepare()
let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("floor", 3):
  try compareWithFloor(Int(arguments[2]) ?? 1000)
case ("responder", 4):
  let (pattern, caches) = try pattern(arguments[2])
  let responder = try Responder(pattern, cachesStaticShared: caches)
  var samples = [UInt64]()
  for _ in 0..<(Int(arguments[3]) ?? 1000) { samples.append(try responder.handshake()) }
  print(median(samples))
case ("loop", 4):
  let (pattern, caches) = try pattern(arguments[2])
  let responder = try Responder(pattern, cachesStaticShared: caches)
  for _ in 0..<(Int(arguments[3]) ?? 100) { _ = try responder.handshake() }
case ("floorloop", 4):
  let (pattern, caches) = try pattern(arguments[2])
  let floor = Floor(pattern, hasCachedStaticShared: caches)
  for _ in 0..<(Int(arguments[3]) ?? 100) { floor.run() }
default:
  print("usage: NoiseBenchmark floor ROUNDS | responder PATTERN COUNT | loop PATTERN COUNT | floorloop PATTERN COUNT")
  exit(64)
}
