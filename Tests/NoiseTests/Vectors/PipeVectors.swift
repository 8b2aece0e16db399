// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// Noise Pipes (specification, section 10.4): IK to a key that the responder no longer has, then XXfallback on the same
/// two live states.
enum PipeVectors {
  static func run(_ pipe: VectorObject) throws {
    guard let first = pipe.object("first"), let second = pipe.object("second") else {
      throw MalformedVector(description: "a pipe needs first and second")
    }
    let ik = try Session(first)
    let (alice, bob) = (ik.initiator, ik.responder)
    guard let opening = ik.messages.first else { throw MalformedVector(description: "a pipe needs a message") }
    let message = try alice.write(opening.need("payload"))
    guard try message == opening.need("ciphertext") else { throw Mismatch(description: "message of first") }
    try NegativeVectors.expect(pipe.needText("expect")) { () throws(NoiseError) in _ = try bob.read(message) }

    let name = try NoiseProtocolName(second.needText("protocol_name"))
    try bob.fallBack(to: second, name, "init", after: message)
    try alice.fallBack(to: second, name, "resp", after: [])
    var session = Session(second, name, initiator: bob, responder: alice)
    try session.deliver(0..<session.messages.count)
    try session.checkHash()
  }
}

enum RekeyVectors {
  /// `REKEY(key) = rekeyed`, seen through what the state then encrypts.
  static func run(_ raw: VectorObject) throws {
    let name = try NoiseProtocolName("Noise_NN_25519_\(raw.needText("cipher"))_SHA256")
    let key = try SecretBytes<32>(copying: raw.need("key"))
    let rekeyed = name.makeCipherState(key: key)
    rekeyed.nonce = 7
    try rekeyed.rekey()
    guard rekeyed.nonce == 7 else { throw Mismatch(description: "rekey changed n") }
    let nextKey = try SecretBytes<32>(copying: raw.need("rekeyed"))
    let expected = name.makeCipherState(key: nextKey)
    expected.nonce = 7
    guard try rekeyed.encrypt([1, 2, 3]) == expected.encrypt([1, 2, 3]) else { throw Mismatch(description: "REKEY") }
  }
}

extension VectorObject {
  func object(_ name: String) -> VectorObject? { (self[name] as? [String: Any]).map(VectorObject.init) }
}
