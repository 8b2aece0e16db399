// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Hashes at every length around their blocks, HMAC with keys on both sides of the block length, Noise's HKDF.
enum PrimitiveVectors {
  static func run(_ file: VectorFile) -> Tally {
    var tally = Tally(file.name)
    for object in file.root.objects("hashes") + file.root.objects("hmac") + file.root.objects("hkdf") {
      tally.run(object.text("hash") ?? "a hash without a name") {
        switch try object.needText("hash") {
        case "SHA256": try object.check(Hash.SHA256.self)
        case "SHA512": try object.check(Hash.SHA512.self)
        case "BLAKE2s": try object.check(Hash.BLAKE2s.self)
        case "BLAKE2b": try object.check(Hash.BLAKE2b.self)
        case let other: throw MalformedVector(description: "hash \(other)")
        }
      }
    }
    return tally
  }
}

extension VectorObject {
  fileprivate func check<H: Hash.Function>(_ hash: H.Type) throws {
    if self["abc"] != nil { try checkHash(hash) }
    if self["mac"] != nil { try checkHMAC(hash) }
    if self["chaining_key"] != nil { try checkHKDF(hash) }
  }

  private func checkHash<H: Hash.Function>(_: H.Type) throws {
    func digest(_ bytes: [UInt8]) -> [UInt8] {
      var digest = [UInt8](repeating: 0, count: H.digestLength)
      var output = digest.mutableBytes
      H.hash(bytes.bytes, into: &output)
      return digest
    }
    func input(_ length: Int) -> [UInt8] { (0..<length).map { UInt8($0 % 251) } }
    guard try digest(Array("abc".utf8)) == need("abc") else { throw Mismatch(description: "abc") }
    for entry in objects("lengths") {
      let length = entry.number("length") ?? 0
      guard try digest(input(length)) == entry.need("digest") else { throw Mismatch(description: "length \(length)") }
    }
    guard let all = object("digest_of_digests") else { throw MalformedVector(description: "no digest_of_digests") }
    let digests = (0..<(all.number("lengths") ?? 0)).flatMap { digest(input($0)) }
    guard try digest(digests) == all.need("digest") else { throw Mismatch(description: "digest of digests") }
  }

  private func checkHMAC<H: Hash.Function>(_: H.Type) throws {
    let (key, data) = try (need("key"), need("data"))
    var code = Hash.HMAC<H>(key: key.bytes)
    code.update(data.bytes)
    var mac = [UInt8](repeating: 0, count: H.digestLength)
    var output = mac.mutableBytes
    code.finalize(into: &output)
    guard try mac == need("mac") else { throw Mismatch(description: "mac") }
  }

  private func checkHKDF<H: Hash.Function>(_: H.Type) throws {
    guard let outputs = self["outputs"] as? [String] else { throw MalformedVector(description: "no outputs") }
    var first = SecretBytes<64>()
    let chainingKey = try need("chaining_key")
    first.copy(from: chainingKey.bytes)
    var second = SecretBytes<64>()
    var third = SecretBytes<64>()
    let input = try need("input")
    if outputs.count == 2 {
      Hash.HKDF<H>.expand(chainingKey: &first, inputKeyMaterial: input.bytes, into: &second)
    } else {
      Hash.HKDF<H>.expand(chainingKey: &first, inputKeyMaterial: input.bytes, into: &second, &third)
    }
    let all = [
      [UInt8](copying: first.bytes.extracting(0..<H.digestLength)),
      [UInt8](copying: second.bytes.extracting(0..<H.digestLength)),
      [UInt8](copying: third.bytes.extracting(0..<H.digestLength)),
    ]
    guard all.prefix(outputs.count).map(\.hexadecimal) == outputs else { throw Mismatch(description: "outputs") }
  }
}
