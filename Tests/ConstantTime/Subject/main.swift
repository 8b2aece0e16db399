// SPDX-License-Identifier: Apache-2.0

import Memcheck
import Noise
import CountersignCrypto
import Seeded

#if canImport(Glibc)
  import Glibc
#endif

guard memcheck_is_running() else {
  print("run this under valgrind, built with its headers: Tests/ConstantTime/run")
  exit(64)
}
// What is drawn makes no difference to a build that is right, and is the same again where one is not.
let seed = getenv("COUNTERSIGN_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0 ... .max)
print("COUNTERSIGN_TEST_SEED=\(seed) repeats what this run draws")
seeded_random(seed)
var report = Report()
report.checkComparison()
report.checkKeyHandling()
report.checkHash(Hash.SHA256.self)
report.checkHash(Hash.SHA512.self)
report.checkHash(Hash.BLAKE2s.self)
report.checkHash(Hash.BLAKE2b.self)
report.checkDiffieHellman()
report.checkIdentityBased()
report.checkMLKEM()
report.checkCipher(Cipher.ChaChaPoly.self)
if Cipher.AESGCM.isHardwareAvailable {
  report.checkCipher(Cipher.AESGCM.self)
} else {
  print("skipped AESGCM: no AES instructions here")
}
report.checkHandshake("IK", .IK, Hash.SHA256.self)
report.checkHandshake("XX", .XX, Hash.BLAKE2s.self)
report.checkHandshake("NNpsk0", try .NN.psk(0), Hash.SHA512.self)
report.checkHandshake("XXhfs", .XXhfs, Hash.SHA256.self, kem: MLKEM768State.self)
report.checkHandshake("IKpsk2", try .IK.psk(2), Hash.BLAKE2b.self)
exit(report.failures == 0 ? 0 : 1)
