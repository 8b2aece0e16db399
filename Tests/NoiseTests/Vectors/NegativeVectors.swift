// SPDX-License-Identifier: Apache-2.0

import Noise

/// Refusals: each case changes one thing in a good session, and names why it must be refused and whether the same states
/// can go on.
enum NegativeVectors {
  static func run(_ file: VectorFile) -> Tally {
    var tally = Tally(file.name)
    for vector in file.root.objects("vectors") {
      tally.run("the good session") {
        var session = try Session(vector)
        try session.deliver(0..<session.messages.count)
        try session.checkHash()
      }
      for negative in vector.objects("cases") {
        tally.run(negative.text("id") ?? "a case without an id") { try run(negative, of: vector) }
      }
    }
    return tally
  }

  private static func run(_ negative: VectorObject, of vector: VectorObject) throws {
    let index = negative.number("at_message") ?? 0
    var session = try Session(vector.replacing(with: negative.object("with")))
    try session.deliver(0..<index)
    try session.prepare(index)
    let party = try negative.needText("party") == "init" ? session.initiator : session.responder
    let bytes = try (negative.bytes("bytes") ?? []) + [UInt8](repeating: 0, count: negative.number("zeros") ?? 0)
    let zeros = [UInt8](repeating: 0, count: negative.number("payload_zeros") ?? 0)
    let operation = try negative.needText("operation")
    try expect(negative.needText("expect")) { () throws(NoiseError) in
      if operation != "write" { _ = try party.read(bytes) }
      if operation != "read" { _ = try party.write(zeros) }
    }
    if negative["recovers"] as? Bool == true {
      try session.deliver(index..<session.messages.count)
      try session.checkHash()
    }
  }

  /// Fails unless `body` refuses, for the reason that the category names.
  static func expect(_ category: String, _ body: () throws(NoiseError) -> Void) throws {
    let refusal: NoiseError
    do {
      try body()
      throw Mismatch(description: "accepted, not refused with \(category)")
    } catch let error as NoiseError { refusal = error }
    let actual =
      switch refusal {
      case .messageTooLong, .messageTooShort: "length"
      case .decryptionFailed: "decrypt"
      case .outOfTurn: "order"
      case .lowOrderPoint: "low_order"
      case .nonceExhausted: "nonce"
      case .replayed: "replay"
      case .malformedKEMKey: "kem_key"
      default: "\(refusal)"
      }
    guard actual == category else { throw Mismatch(description: "refused with \(actual), not \(category)") }
  }
}
