// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// What a payload's sender and recipient are sure of (specification, section 7.7).
  public struct PayloadSecurity: Equatable, Sendable, CustomStringConvertible {
    /// Authentication of the sender, 0 to 2: none; forgeable by whoever has stolen the recipient's key; not forgeable.
    public let source: Int
    /// Confidentiality, 0 to 5: none; to whoever answered; to a known recipient without forward secrecy and replayable;
    /// weak forward secrecy; weak only if the sender's key was stolen before; strong forward secrecy.
    public let destination: Int

    public init(source: Int, destination: Int) {
      self.source = source
      self.destination = destination
    }

    public var description: String { "\(source) \(destination)" }
  }

  /// How well a party's static public key is hidden (specification, section 7.8).
  public enum IdentityHiding: Equatable, Sendable, CustomStringConvertible {
    /// The party has no static key.
    case noStaticKey
    /// One of the specification's properties, 0 to 9. They are names, not a scale: 0 is worst, 8 is best.
    case property(Int)
    /// No property of the specification fits: the key is not transmitted, and whoever answers in the responder's place can
    /// check candidates for it.
    case unlisted

    public var description: String {
      switch self {
      case .noStaticKey: "-"
      case .property(let number): "\(number)"
      case .unlisted: "?"
      }
    }

    /// The property in the specification's words, shortened.
    public var meaning: String {
      guard case .property(let number) = self else {
        return self == .noStaticKey ? "no static key" : "not transmitted; whoever answers can check candidates"
      }
      return [
        "transmitted in clear",
        "encrypted with forward secrecy, but can be probed by an anonymous initiator",
        "encrypted with forward secrecy, but sent to an anonymous responder",
        "not transmitted, but a passive attacker can check candidates for the responder's private key",
        "encrypted to the responder's static key, without forward secrecy",
        "not transmitted, but a passive attacker can check candidates for the pair of keys",
        "encrypted, but with weak forward secrecy",
        "not transmitted, but who pretends to be the initiator can later check candidates for its private key",
        "encrypted with forward secrecy to an authenticated party",
        "not transmitted, but who pretends to be the initiator can check candidates for the responder's public key",
      ][number]
    }
  }

  extension HandshakePattern {
    /// The grades of each handshake payload, then of the transport payloads that differ from the last one of the same
    /// party; senders alternate throughout. A one-way pattern has one entry for all of its payloads.
    ///
    /// They are those of the pattern without its `psk` and `hfs` modifiers; nil for `fallback` and for patterns that are not the
    /// specification's.
    public var payloadSecurity: [PayloadSecurity]? {
      gradeRow?.payloads.split(separator: " ").map { pair in
        PayloadSecurity(source: pair.first!.wholeNumberValue!, destination: pair.last!.wholeNumberValue!)
      }
    }

    /// How the static keys of both parties are hidden, under the same conditions as ``payloadSecurity``.
    public var identityHiding: (initiator: IdentityHiding, responder: IdentityHiding)? {
      gradeRow.map { row in
        let both = row.identities.map { digit -> IdentityHiding in
          switch digit {
          case "-": .noStaticKey
          case "?": .unlisted
          default: .property(digit.wholeNumberValue!)
          }
        }
        return (both[0], both[1])
      }
    }

    private var gradeRow: GradeRow? {
      let base = String("\(name)".prefix { $0.isUppercase || $0.isNumber })
      guard !isFallback, let named = try? HandshakePattern(named: base), named.messageCount == messageCount else {
        return nil
      }
      let isSame = (0..<messageCount).allSatisfy { named.message($0) == message($0).withoutModifiers }
      return isSame ? gradeTable[base] : nil
    }
  }

  extension TokenSequence {
    /// What the pattern's own tokens are, without those of `psk` and `hfs`.
    var withoutModifiers: TokenSequence {
      var result = TokenSequence()
      var rest = self
      while let token = rest.popFirst() {
        if token != .psk && token != .e1 && token != .ekem1 { result.append(token) }
      }
      return result
    }
  }

  private struct GradeRow: Sendable {
    /// Source and destination of each payload.
    let payloads: String
    /// Initiator and responder: a property, `-` without a static key, `?` where none fits.
    let identities: String

    init(_ payloads: String, _ identities: String) {
      self.payloads = payloads
      self.identities = identities
    }
  }

  /// Sections 7.7 and 7.8, and appendix 18.2.
  ///
  /// The appendix leaves out the last row of X1N and reverses the last two arrows of NX1; here they follow the definitions.
  /// Section 7.8 lists the one-way and fundamental patterns and NK1, XK1 and IK1; the grades of the other deferred patterns
  /// follow from its definitions.
  private let gradeTable: [String: GradeRow] = [
    "N": GradeRow("02", "-3"),
    "K": GradeRow("12", "55"),
    "X": GradeRow("12", "43"),

    "NN": GradeRow("00 01 01", "--"),
    "NK": GradeRow("02 21 05", "-3"),
    "NX": GradeRow("00 21 05", "-1"),
    "XN": GradeRow("00 01 21 05", "2-"),
    "XK": GradeRow("02 21 25 25", "83"),
    "XX": GradeRow("00 21 25 25", "81"),
    "KN": GradeRow("00 03 21 05", "7-"),
    "KK": GradeRow("12 24 25 25", "55"),
    "KX": GradeRow("00 23 25 25", "76"),
    "IN": GradeRow("00 03 21 05", "0-"),
    "IK": GradeRow("12 24 25 25", "43"),
    "IX": GradeRow("00 23 25 25", "06"),

    "NK1": GradeRow("00 21 05", "-9"),
    "NX1": GradeRow("00 01 03 21 05", "-1"),
    "X1N": GradeRow("00 01 01 03 21 05", "2-"),
    "X1K": GradeRow("02 21 05 23 25 25", "83"),
    "XK1": GradeRow("00 21 25 25", "89"),
    "X1K1": GradeRow("00 21 05 23 25 25", "89"),
    "X1X": GradeRow("00 21 05 23 25 25", "81"),
    "XX1": GradeRow("00 01 23 25 25", "81"),
    "X1X1": GradeRow("00 01 03 23 25 25", "81"),
    "K1N": GradeRow("00 01 21 05", "?-"),
    "K1K": GradeRow("02 21 25 25", "?3"),
    "KK1": GradeRow("00 23 25 25", "79"),
    "K1K1": GradeRow("00 21 25 25", "?9"),
    "K1X": GradeRow("00 21 25 25", "?1"),
    "KX1": GradeRow("00 03 23 25 25", "76"),
    "K1X1": GradeRow("00 01 23 25 25", "?1"),
    "I1N": GradeRow("00 01 21 05", "0-"),
    "I1K": GradeRow("02 21 25 25", "43"),
    "IK1": GradeRow("00 23 25 25", "09"),
    "I1K1": GradeRow("00 21 25 25", "09"),
    "I1X": GradeRow("00 21 25 25", "01"),
    "IX1": GradeRow("00 03 23 25 25", "06"),
    "I1X1": GradeRow("00 01 23 25 25", "01"),
  ]
#endif
