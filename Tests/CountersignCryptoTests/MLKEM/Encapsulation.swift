// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import CountersignCrypto

func encapsulated(
  to publicKey: RawSpan, randomness: RawSpan
) throws(CryptoError) -> (ciphertext: [UInt8], secret: [UInt8]) {
  var ciphertext = [UInt8](repeating: 0, count: MLKEM768.ciphertextLength)
  var shared = SecretBytes<32>()
  var bytes = ciphertext.mutableBytes
  try MLKEM768.encapsulate(to: publicKey, ciphertext: &bytes, into: &shared, randomness: randomness)
  return (ciphertext, [UInt8](copying: shared.bytes))
}

func decapsulated(_ ciphertext: [UInt8], by key: borrowing MLKEM768.PrivateKey) throws(CryptoError) -> [UInt8] {
  var shared = SecretBytes<32>()
  try key.decapsulate(ciphertext.bytes, into: &shared)
  return [UInt8](copying: shared.bytes)
}

func seededKey(_ random: inout SeededBytes) throws(CryptoError) -> MLKEM768.PrivateKey {
  var key = MLKEM768.PrivateKey()
  try key.load(seed: random.bytes(64).bytes)
  return key
}

func sha256(_ bytes: RawSpan) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: 32)
  var output = digest.mutableBytes
  Hash.SHA256.hash(bytes, into: &output)
  return digest
}
