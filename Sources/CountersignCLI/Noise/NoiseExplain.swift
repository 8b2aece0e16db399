// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Noise

struct NoiseExplain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain what a protocol's messages hold, what each side needs, and what is secure when.",
    discussion: """
      Grades are the specification's: source 0 to 2 says how surely the sender is authenticated, destination 0 to 5 how \
      well the payload is kept secret (section 7.7); identity hiding is a property 0 to 9 (section 7.8).

      Example: countersign noise explain Noise_IK_25519_ChaChaPoly_SHA256
      """)

  @Argument(help: "The protocol's name.")
  var name: NoiseProtocolName

  @OptionGroup var output: OutputOptions

  func run() throws {
    let explanation = Explanation(name)
    if output.isJSON { try printJSON(explanation) } else { print(explanation.text) }
  }
}

/// A protocol, explained: the JSON object and the text that says the same.
struct Explanation: Encodable {
  struct Message: Encodable {
    let from: String
    let tokens: [String]
    /// Bytes beyond the payload.
    let overhead: Int
    let source: Int?
    let destination: Int?
  }

  /// What the modifier `hfs` adds, against an attacker who records now and breaks Curve25519 later.
  struct Hybrid: Encodable {
    let kem: String
    /// The first message, counted from 1, whose payload stays secret; so do all after it.
    let firstMessage: Int
    /// Whose static keys are transmitted before that, under Curve25519 alone.
    let exposedStaticKeys: [String]
  }

  struct Party: Encodable {
    /// What must be given before the handshake, in the tool's terms.
    let needs: [String]
    let identityHiding: String?
    let identityHidingMeaning: String?
  }

  let name: String
  let pattern: String
  let messages: [Message]
  /// Transport payloads whose grades differ from the same side's last handshake payload.
  let transport: [Message]
  let hybrid: Hybrid?
  let initiator: Party
  let responder: Party

  init(_ name: NoiseProtocolName) {
    let pattern = name.pattern
    let grades = pattern.payloadSecurity
    self.name = "\(name)"
    self.pattern = pattern.text
    func message(_ index: Int, _ tokens: [String], overhead: Int) -> Message {
      Message(
        from: index.isMultiple(of: 2) ? "initiator" : "responder", tokens: tokens, overhead: overhead,
        source: grades?[index].source, destination: grades?[index].destination)
    }
    messages = (0..<pattern.messageCount).map { index in
      let tokens = "\(pattern.message(index))".split(separator: ", ").map(String.init)
      return message(index, tokens, overhead: pattern.messageOverhead(index))
    }
    let rows = max(pattern.messageCount, grades?.count ?? 0)
    transport = (pattern.messageCount..<rows).map { message($0, [], overhead: 16) }
    hybrid = name.kem.flatMap { kem in
      pattern.firstHybridMessage.map { Hybrid(pattern, kem: kem.rawValue, firstMessage: $0 + 1) }
    }
    let hiding = pattern.identityHiding
    initiator = Party(pattern, .initiator, hiding?.initiator)
    responder = Party(pattern, .responder, hiding?.responder)
  }

  var text: String {
    var lines = ["\(name)", "", pattern, "", "message                       bytes + payload   source  destination"]
    for message in messages + transport {
      let arrow = message.from == "initiator" ? "->" : "<-"
      let tokens = message.tokens.isEmpty ? "(transport)" : message.tokens.joined(separator: ", ")
      lines.append(
        column("\(arrow) \(tokens)", 30) + column("\(message.overhead)", 18) + column(grade(message.source), 8)
          + grade(message.destination))
    }
    if let hybrid { lines += ["", hybrid.text] }
    for (title, party) in [("initiator", initiator), ("responder", responder)] {
      lines.append("")
      lines.append("\(title) needs: \(party.needs.isEmpty ? "nothing" : party.needs.joined(separator: ", "))")
      if let property = party.identityHiding, let meaning = party.identityHidingMeaning {
        lines.append("\(title)'s identity: \(property) (\(meaning))")
      }
    }
    return lines.joined(separator: "\n")
  }

  private func grade(_ value: Int?) -> String { value.map(String.init) ?? "not graded" }

  private func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}

extension Explanation.Hybrid {
  init(_ pattern: HandshakePattern, kem: String, firstMessage: Int) {
    let exposed = [("initiator", Role.initiator), ("responder", .responder)].filter { role in
      pattern.hidesStaticHybridly(role.1) == false
    }
    self.init(kem: kem, firstMessage: firstMessage, exposedStaticKeys: exposed.map(\.0))
  }

  var text: String {
    var lines = ["recorded now, Curve25519 broken later:"]
    if firstMessage > 1 {
      lines.append("  payloads before message \(firstMessage) can then be read")
    }
    lines.append("  payloads from message \(firstMessage) on stay secret as long as \(kem) holds")
    for party in exposedStaticKeys { lines.append("  the \(party)'s static key can then be read") }
    lines.append("authentication is Curve25519's alone: whoever breaks it before a handshake can pretend to be anyone")
    return lines.joined(separator: "\n")
  }
}

extension Explanation.Party {
  init(_ pattern: HandshakePattern, _ role: Role, _ hiding: IdentityHiding?) {
    var needs: [String] = []
    if pattern.needsStatic(role) { needs.append("--static") }
    if pattern.needsRemoteStatic(role) { needs.append("--remote-static") }
    if pattern.needsEphemeral(role) { needs.append("its ephemeral key from the previous handshake") }
    if pattern.needsRemoteEphemeral(role) { needs.append("the peer's ephemeral key from the previous handshake") }
    needs += (0..<HandshakePattern.maximumPSKCount).filter(pattern.hasPSK).map { "--psk (psk\($0))" }
    self.init(needs: needs, identityHiding: hiding.map { "\($0)" }, identityHidingMeaning: hiding?.meaning)
  }
}
