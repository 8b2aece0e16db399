// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// What a vector says that is not so, with the place.
struct Mismatch: Error, CustomStringConvertible {
  let description: String
}

/// Both parties of a vector, fed message by message.
struct Session {
  let vector: VectorObject
  let name: NoiseProtocolName
  let initiator: Party
  let responder: Party
  let messages: [VectorObject]
  let transportStartsWithInitiator: Bool
  /// Messages of a one-way pattern's mute direction: some sets hold them, the specification forbids them.
  private(set) var forbiddenMessages = 0

  init(_ vector: VectorObject, transportStartsWithInitiator: Bool = false) throws {
    self.vector = vector
    self.transportStartsWithInitiator = transportStartsWithInitiator
    name = try NoiseProtocolName(vector.text("protocol_name") ?? vector.needText("name"))
    initiator = try Party(vector, name, "init")
    responder = try Party(vector, name, "resp")
    messages = vector.objects("messages")
  }

  /// A session that two fallen-back parties continue.
  init(_ vector: VectorObject, _ name: NoiseProtocolName, initiator: Party, responder: Party) {
    self.vector = vector
    self.name = name
    self.initiator = initiator
    self.responder = responder
    messages = vector.objects("messages")
    transportStartsWithInitiator = false
  }

  /// Whether the initiator sends message `index`.
  func isFromInitiator(_ index: Int) -> Bool {
    let transport = index - name.pattern.messageCount
    if transport >= 0 && transportStartsWithInitiator { return transport.isMultiple(of: 2) }
    return name.pattern.isOneWay || index.isMultiple(of: 2)
  }

  /// Delivers the messages of a range, and compares every byte in both roles.
  mutating func deliver(_ range: Range<Int>) throws {
    for index in range {
      try prepare(index)
      let isFromInitiator = isFromInitiator(index)
      if name.pattern.isOneWay && !isFromInitiator {
        forbiddenMessages += 1
        continue
      }
      let (writer, reader) = isFromInitiator ? (initiator, responder) : (responder, initiator)
      let message = messages[index]
      let zeros = message.number("payload_zeros").map { [UInt8](repeating: 0, count: $0) }
      let payload = try zeros ?? message.need("payload")
      let written = try writer.write(payload)
      if let digest = try message.bytes("ciphertext_sha256") {
        guard Session.sha256(written) == digest else { throw Mismatch(description: "message \(index): ciphertext") }
      } else {
        let expected = try message.need("ciphertext")
        guard written == expected else {
          throw Mismatch(description: "message \(index): wrote \(written.hexadecimal), not \(expected.hexadecimal)")
        }
      }
      guard try reader.read(written) == payload else { throw Mismatch(description: "message \(index): payload") }
    }
  }

  /// Compares the handshake hash of both parties with the vector's, where it has one.
  func checkHash() throws {
    guard let hash = try vector.bytes("handshake_hash") else { return }
    for (party, side) in [(initiator, "initiator"), (responder, "responder")] where party.finalHash != hash {
      throw Mismatch(description: "handshake hash of the \(side)")
    }
  }

  /// What the vector asks for before a message: rekeys and nonces.
  func prepare(_ index: Int) throws {
    for step in vector.objects("rekeys") where step.number("before_message") == index {
      for party in [initiator, responder] { try party.half(step.needText("direction")).rekey() }
    }
    for step in vector.objects("set_nonces") where step.number("before_message") == index {
      for party in [initiator, responder] { try party.half(step.needText("direction")).nonce = step.nonce() }
    }
  }

  static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var output = digest.mutableBytes
    Hash.SHA256.hash(bytes.bytes, into: &output)
    return digest
  }
}
