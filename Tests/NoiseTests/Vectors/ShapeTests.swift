// SPDX-License-Identifier: Apache-2.0

import Foundation
import Noise
import Testing

/// The vector tests' own test: each foreign shape is read, and a wrong byte in it is noticed.
@Suite("Shapes of vector files")
struct ShapeTests {
  /// A vector of ours with one psk and interactive transport, as the fields of cacophony's shape.
  private func vector(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: VectorFolders.own.appending(path: "psk.json"))
    let file = try #require(VectorFolders.recognise("psk.json", data))
    return try #require(file.root.objects("vectors").first { $0.text("protocol_name")!.hasPrefix(name) }).fields
  }

  private func lines(_ vector: [String: Any]) throws -> String {
    var lines = ["# a comment", "", "handshake=\(vector["protocol_name"]!)"]
    for (ours, theirs) in [
      ("init_static", "init_static"), ("resp_static", "resp_static"), ("init_ephemeral", "gen_init_ephemeral"),
      ("resp_ephemeral", "gen_resp_ephemeral"), ("init_prologue", "prologue"),
    ] {
      if let value = vector[ours] { lines.append("\(theirs)=\(value)") }
    }
    lines.append("preshared_key=\((vector["init_psks"] as! [String])[0])")
    for (index, message) in (vector["messages"] as! [[String: String]]).enumerated() {
      lines.append("msg_\(index)_payload=\(message["payload"]!)")
      lines.append("msg_\(index)_ciphertext=\(message["ciphertext"]!)")
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  private func run(_ text: String) throws -> Tally {
    SessionVectors.run(try #require(VectorFolders.recognise("a file", Data(text.utf8))))
  }

  @Test("key=value lines: two blocks run, and a changed digit fails")
  func keyValueLines() throws {
    // A pattern of two messages: the first transport message is the initiator's, as in flynn/noise.
    let block = try lines(vector("Noise_KXpsk1"))
    let tally = try run(block + block)
    #expect(tally.ran == 2 && tally.failures.isEmpty, "\(tally.failures)")
    let last = try #require(block.lastIndex { $0.isHexDigit })
    let wrong = block.replacingCharacters(in: last...last, with: block[last] == "0" ? "1" : "0")
    #expect(try run(wrong).failures.count == 1)
  }

  @Test("The shape with name, init_psk and resp_psk, and the reasons for skipping")
  func nameShape() throws {
    var fields = try vector("Noise_KXpsk1")
    let psk = (fields["init_psks"] as! [String])[0]
    fields["name"] = fields.removeValue(forKey: "protocol_name")
    for party in ["init", "resp"] {
      fields["\(party)_psks"] = nil
      fields["\(party)_psk"] = psk
    }
    // Keys that the pattern does not use are found in public sets.
    fields["resp_remote_static"] = fields["resp_remote_static"] ?? String(repeating: "0", count: 64)
    let foreign = [
      "NoisePSK_XX_25519_ChaChaPoly_SHA256", "Noise_XX_448_ChaChaPoly_SHA256", "Noise_XXhfs_25519_ChaChaPoly_SHA256",
      "Noise_XX_25519_XChaChaPoly_SHA256", "Noise_XX_25519_ChaChaPoly_SHA3",
    ].map { name in fields.merging(["name": name]) { $1 } }
    let data = try JSONSerialization.data(withJSONObject: ["vectors": [fields] + foreign])
    let tally = try run(String(decoding: data, as: UTF8.self))
    #expect(tally.ran == 1 && tally.failures.isEmpty, "\(tally.failures)")
    #expect(tally.skippedCount == foreign.count && tally.skipped.count == foreign.count, "\(tally)")

    // A name that neither runs nor has a reason is a failure, not a skip.
    fields["name"] = "Noise_ZZ_25519_ChaChaPoly_SHA256"
    let unknown = try JSONSerialization.data(withJSONObject: [fields])
    #expect(try run(String(decoding: unknown, as: UTF8.self)).failures.count == 1)
  }

  @Test("Other files are not taken for vectors", arguments: ["", "hello\n", "a=b\n", "{}", "[1]", "{\"vectors\": []}"])
  func notVectors(text: String) {
    #expect(VectorFolders.recognise("x", Data(text.utf8)) == nil)
  }
}
