// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// Patterns in the specification's own notation (section 7.1):
  ///
  ///     IK:
  ///       <- s
  ///       ...
  ///       -> e, es, s, ss
  ///       <- e, ee, se
  extension HandshakePattern {
    /// Reads a pattern and validates it. A pattern whose first message goes to the left, such as the specification's
    /// XXfallback, is turned into canonical form (section 7.2): its sender becomes the initiator.
    ///
    /// - Throws: ``NoiseError/unknownName`` when the text does not parse, ``NoiseError/invalidPattern(_:)`` when the pattern
    ///   breaks a rule.
    public init(text: String) throws(NoiseError) {
      var lines = text.split(whereSeparator: \.isNewline).map { $0.filter { $0 != " " && $0 != "\t" } }
      lines.removeAll(where: \.isEmpty)
      guard let header = lines.first, header.hasSuffix(":") else { throw .unknownName }
      let name = try PatternName(parsing: header.dropLast())

      let parts = lines.dropFirst().split(separator: "...", omittingEmptySubsequences: false)
      guard parts.count <= 2, let messageLines = parts.last else { throw .unknownName }
      guard (1...Self.maximumMessageCount).contains(messageLines.count) else { throw .invalidPattern(.messageCount) }
      var preMessages: [Role: TokenSequence] = [:]
      for line in parts.count == 2 ? parts[0] : [] {
        let (sender, tokens) = try Self.arrow(line)
        guard preMessages.updateValue(tokens, forKey: sender) == nil else { throw .invalidPattern(.preMessage) }
      }
      var messages: [TokenSequence] = []
      var senders: [Role] = []
      for line in messageLines {
        let (sender, tokens) = try Self.arrow(line)
        guard sender != senders.last else { throw .invalidPattern(.messageCount) }
        senders.append(sender)
        messages.append(tokens)
      }
      // Canonical form: whoever speaks first stands on the left.
      let initiator = senders[0]
      if initiator == .responder { messages = messages.map(\.mirrored) }
      try self.init(
        name, initiator: preMessages[initiator], responder: preMessages[initiator.opposite], messages,
        isFallback: "\(name)".contains("fallback"))
      try validate()
    }

    /// The pattern in the specification's notation, in canonical form.
    public var text: String {
      var lines = ["\(name):"]
      if !initiatorPreMessage.isEmpty { lines.append("  -> \(initiatorPreMessage)") }
      if !responderPreMessage.isEmpty { lines.append("  <- \(responderPreMessage)") }
      if lines.count > 1 { lines.append("  ...") }
      for index in 0..<messageCount { lines.append("  \(index & 1 == 0 ? "->" : "<-") \(message(index))") }
      return lines.joined(separator: "\n")
    }

    private static func arrow(_ line: String) throws(NoiseError) -> (Role, TokenSequence) {
      guard line.hasPrefix("->") || line.hasPrefix("<-") else { throw .unknownName }
      var tokens = TokenSequence()
      for name in line.dropFirst(2).split(separator: ",", omittingEmptySubsequences: false) {
        guard let token = Token(name: name) else { throw .unknownName }
        guard tokens.count < TokenSequence.capacity else { throw .invalidPattern(.tokenCount) }
        tokens.append(token)
      }
      return (line.hasPrefix("->") ? .initiator : .responder, tokens)
    }

    private init(
      _ name: PatternName, initiator: TokenSequence?, responder: TokenSequence?, _ messages: [TokenSequence],
      isFallback: Bool
    ) throws(NoiseError) {
      self.init(
        name, initiator: initiator ?? TokenSequence(), responder: responder ?? TokenSequence(), messages[0],
        messages.count > 1 ? messages[1] : TokenSequence(), messages.count > 2 ? messages[2] : TokenSequence(),
        messages.count > 3 ? messages[3] : TokenSequence(), isFallback: isFallback)
      if messages.contains(where: { $0.contains(.e1) || $0.contains(.ekem1) }) { modifiers.insert(.hfs) }
      // A psk is known by its place: 0 before the first message, i in message i.
      for (index, message) in messages.enumerated() {
        var rest = message
        var isFirst = true
        while let token = rest.popFirst() {
          defer { isFirst = false }
          guard token == .psk else { continue }
          let bit: UInt8 = 1 << (index == 0 && isFirst ? 0 : UInt8(index + 1))
          guard pskPositions & bit == 0 else { throw .invalidPattern(.pskPosition) }
          pskPositions |= bit
        }
      }
    }
  }

  extension Token {
    /// The token of this name in the specification.
    init?(name: some StringProtocol) {
      guard let token = Self.named.first(where: { "\($0)" == name }) else { return nil }
      self = token
    }

    private static let named: [Token] = [.e, .s, .ee, .es, .se, .ss, .psk, .e1, .ekem1]
  }

  extension TokenSequence: CustomStringConvertible {
    public var description: String {
      var names: [String] = []
      var rest = self
      while let token = rest.popFirst() { names.append("\(token)") }
      return names.joined(separator: ", ")
    }
  }

  extension PatternName {
    /// A name section: letters, digits and plus signs, a capital first.
    init(parsing text: some StringProtocol) throws(NoiseError) {
      guard
        let first = text.first, first.isUppercase, text.utf8.count <= Self.capacity,
        text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+") })
      else { throw .unknownName }
      self.init(bytes: text.utf8)
    }
  }
#endif
