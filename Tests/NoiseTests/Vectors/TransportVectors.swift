// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// Explicit nonces, the reserved nonce, arrivals out of order, and messages of exactly 65,535 bytes.
enum TransportVectors {
  static func run(_ file: VectorFile) -> Tally {
    var tally = Tally(file.name)
    for datagram in file.root.objects("datagrams") { tally.run("datagram") { try datagram.checkExplicitNonce() } }
    for refused in file.root.objects("refused") { tally.run("refused") { try refused.checkRefused() } }
    for arrival in file.root.objects("arrivals") {
      tally.run(arrival.text("name") ?? "arrivals") {
        switch try arrival.needText("cipher") {
        case "ChaChaPoly": try arrival.checkArrivals(Cipher.ChaChaPoly.self)
        case "AESGCM": try arrival.checkArrivals(Cipher.AESGCM.self)
        case let other: throw MalformedVector(description: "cipher \(other)")
        }
      }
    }
    for limit in file.root.objects("limits") {
      tally.run("limit") {
        var session = try Session(limit)
        try session.deliver(0..<session.messages.count)
        try session.checkHash()
      }
    }
    return tally
  }
}

extension VectorObject {
  fileprivate func cipherState() throws -> any NamedCipherState {
    let name = try NoiseProtocolName("Noise_NN_25519_\(needText("cipher"))_SHA256")
    let key = try SecretBytes<32>(copying: need("key"))
    let state = name.makeCipherState(key: key)
    state.nonce = try nonce()
    return state
  }

  fileprivate func checkExplicitNonce() throws {
    let (plaintext, ciphertext, data) = try (need("plaintext"), need("ciphertext"), need("ad"))
    guard try cipherState().encrypt(plaintext, authenticating: data) == ciphertext else {
      throw Mismatch(description: "ciphertext under n = \(try nonce())")
    }
    guard try cipherState().decrypt(ciphertext, authenticating: data) == plaintext else {
      throw Mismatch(description: "plaintext under n = \(try nonce())")
    }
  }

  fileprivate func checkRefused() throws {
    let (plaintext, ciphertext, data) = try (need("plaintext"), need("ciphertext"), need("ad"))
    let state = try cipherState()
    try NegativeVectors.expect(needText("expect")) { () throws(NoiseError) in
      _ = try state.encrypt(plaintext, authenticating: data)
    }
    try NegativeVectors.expect(needText("expect")) { () throws(NoiseError) in
      _ = try state.decrypt(ciphertext, authenticating: data)
    }
  }

  fileprivate func checkArrivals<C: Cipher.Function>(_: C.Type) throws {
    var transport = DatagramTransport<C>()
    let key = try SecretBytes<32>(copying: need("key"))
    transport.receiving = CipherState(key: key)
    for (index, step) in objects("steps").enumerated() {
      let n = try step.nonce()
      let datagram = try withUnsafeBytes(of: n.bigEndian) { [UInt8]($0) } + step.need("ciphertext")
      var plaintext = [UInt8](repeating: 0, count: datagram.count)
      let outcome = Result { () throws(NoiseError) -> [UInt8] in
        var buffer = plaintext.mutableBytes
        let length = try transport.open(datagram.bytes, into: &buffer)
        return [UInt8](copying: buffer.bytes.extracting(0..<length))
      }
      let expected = try step.needText("expect")
      if expected == "ok" {
        guard try outcome.get() == Array("\(n)".utf8) else { throw Mismatch(description: "step \(index): plaintext") }
      } else {
        try NegativeVectors.expect(expected) { () throws(NoiseError) in _ = try outcome.get() }
      }
    }
  }
}
