// SPDX-License-Identifier: Apache-2.0

import Noise

/// Whole sessions: the shapes of cacophony, of noise-c and snow, and of flynn/noise; with `rekeys` and `pipes` our own.
enum SessionVectors {
  static func run(_ file: VectorFile) -> Tally {
    var tally = Tally(file.name)
    for vector in file.root.objects("vectors") {
      let name = vector.text("protocol_name") ?? vector.text("name") ?? "a vector without a name"
      if let reason = reasonToSkip(name, vector) {
        tally.skip(reason)
        continue
      }
      var forbidden = 0
      tally.run(name) {
        var session = try Session(vector, transportStartsWithInitiator: file.transportStartsWithInitiator)
        try session.deliver(0..<session.messages.count)
        try session.checkHash()
        forbidden = session.forbiddenMessages
      }
      tally.note("messages not run: from the responder of a one-way pattern", forbidden)
    }
    for pipe in file.root.objects("pipes") { tally.run("pipe") { try PipeVectors.run(pipe) } }
    for raw in file.root.objects("raw") { tally.run("REKEY") { try RekeyVectors.run(raw) } }
    return tally
  }

  /// What neither revision 34 on 25519 nor `hfs` with ML-KEM-768 can run. Any other name that does not parse is a failure.
  private static func reasonToSkip(_ name: String, _ vector: VectorObject) -> String? {
    let sections = name.split(separator: "_", omittingEmptySubsequences: false)
    if sections.first == "NoisePSK" { return "NoisePSK_ names ended with revision 31" }
    guard sections.count == 5 else { return "not a protocol name: \(name)" }
    let hasKEM = sections[2] == "25519+MLKEM768"
    if sections[2] != "25519" && !hasKEM { return "DH function \(sections[2])" }
    if NoiseProtocolName.CipherName(rawValue: String(sections[3])) == nil { return "cipher function \(sections[3])" }
    if NoiseProtocolName.HashName(rawValue: String(sections[4])) == nil { return "hash function \(sections[4])" }
    let modifiers = sections[1].drop { $0.isUppercase || $0.isNumber }.split(separator: "+")
    if let other = modifiers.first(where: {
      $0 != "fallback" && !$0.hasPrefix("psk") && !($0 == "hfs" && hasKEM)
    }) {
      return "modifier \(other.filter(\.isLetter)) is not of revision 34, or without its KEM"
    }
    if vector["fallback"] != nil || vector["fail"] != nil { return "compound protocol in a shape of its own" }
    if let key = vector.text("unknown") { return "unknown key \(key)" }
    return nil
  }
}
