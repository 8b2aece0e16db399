// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Seeded

#if canImport(Glibc)
  import Glibc
#endif

// MemoryScanSubject identity-based SEED: see IdentityBased.swift.
// MemoryScanSubject PATTERN HASH SEED: plays both parties of a handshake and stops at four stages, for the scanner to look at its memory.
//
//   live   the last message has been read       every secret is somewhere
//   split  the transport keys are in use         of the handshake nothing is left; the long-term keys are in their places
//   wiped  the owners have wiped what they had   nothing is left
//   planted  one key is put back, in a register-sized piece on the heap: the scanner must see it

/// Prints a stage and waits for a newline.
func stage(_ name: String, _ bytes: RawSpan = RawSpan()) {
  let digits = bytes.withUnsafeBytes { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
  print(name, digits)
  fflush(nil)
  guard readLine() != nil else { exit(1) }
}

func play<H: Hash.Function>(_ pattern: HandshakePattern, _ hash: H.Type, seed: UInt64) throws {
  seeded_random(seed)
  var parties = Parties<H>(pattern)
  parties.generate()
  try parties.handshake()
  parties.wipe()
  stage("wiped")
  plant(seed)
}

/// Puts the first draw of a seed on the heap again.
func plant(_ seed: UInt64) {
  seeded_random(seed)
  let planted = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 16)
  var bytes = MutableRawSpan(_unsafeStart: planted, byteCount: 32)
  fillWithRandomBytes(&bytes)
  stage("planted")
  planted.deallocate()
}

func pattern(_ name: String) throws -> HandshakePattern {
  switch name {
  case "IK": .IK
  case "XX": .XX
  case "NNpsk0": try .NN.psk(0)
  case "IKpsk2": try .IK.psk(2)
  default: fatalError("no scan of \(name)")
  }
}

let arguments = CommandLine.arguments
if arguments.count == 3, arguments[1] == "identity-based", let seed = UInt64(arguments[2]) {
  try playIssuing(seed: seed)
  exit(0)
}
guard arguments.count == 4, let seed = UInt64(arguments[3]) else {
  print("usage: MemoryScanSubject PATTERN HASH SEED")
  exit(64)
}
switch arguments[2] {
case "SHA256": try play(try pattern(arguments[1]), Hash.SHA256.self, seed: seed)
case "SHA512": try play(try pattern(arguments[1]), Hash.SHA512.self, seed: seed)
case "BLAKE2s": try play(try pattern(arguments[1]), Hash.BLAKE2s.self, seed: seed)
case "BLAKE2b": try play(try pattern(arguments[1]), Hash.BLAKE2b.self, seed: seed)
default: exit(64)
}
