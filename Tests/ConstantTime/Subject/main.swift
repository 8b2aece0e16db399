import Memcheck
import Noise
import Primitives
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
report.checkHash(SHA256.self)
report.checkHash(SHA512.self)
report.checkHash(BLAKE2s.self)
report.checkHash(BLAKE2b.self)
report.checkDiffieHellman()
report.checkIdentityBased()
report.checkCipher(ChaChaPoly.self)
if AESGCM.isHardwareAvailable {
  report.checkCipher(AESGCM.self)
} else {
  print("skipped AESGCM: no AES instructions here")
}
report.checkHandshake("IK", .IK, SHA256.self)
report.checkHandshake("XX", .XX, BLAKE2s.self)
report.checkHandshake("NNpsk0", try .NN.psk(0), SHA512.self)
report.checkHandshake("IKpsk2", try .IK.psk(2), BLAKE2b.self)
exit(report.failures == 0 ? 0 : 1)
