// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// A full protocol name, for example `Noise_XXpsk3_25519_ChaChaPoly_SHA256` (specification, section 8).
  ///
  /// It parses, prints back the same text, and makes handshakes of the suite that it names.
  public struct NoiseProtocolName: Sendable, CustomStringConvertible, Hashable {
    /// The cipher functions (section 12.3 and 12.4).
    public enum CipherName: String, CaseIterable, Sendable {
      case chaChaPoly = "ChaChaPoly"
      case aesGCM = "AESGCM"
    }

    /// The hash functions (sections 12.5 to 12.8).
    public enum HashName: String, CaseIterable, Sendable {
      case sha256 = "SHA256"
      case sha512 = "SHA512"
      case blake2s = "BLAKE2s"
      case blake2b = "BLAKE2b"
    }

    /// The KEM functions, for patterns with the modifier `hfs`.
    public enum KEMName: String, CaseIterable, Sendable {
      case mlkem768 = "MLKEM768"
    }

    public let pattern: HandshakePattern
    public let cipher: CipherName
    public let hash: HashName

    /// The KEM, if the pattern has the modifier `hfs`: there is only one.
    public var kem: KEMName? { pattern.isHybrid ? .mlkem768 : nil }

    /// The name of a pattern with a suite; the default is `25519_ChaChaPoly_SHA256`.
    public init(_ pattern: HandshakePattern, cipher: CipherName = .chaChaPoly, hash: HashName = .sha256) {
      self.pattern = pattern
      self.cipher = cipher
      self.hash = hash
    }

    /// Parses a name of the specification's patterns and modifiers.
    ///
    /// - Throws: ``NoiseError/unknownName`` for what is not a name or names an algorithm that is not built in,
    ///   ``NoiseError/invalidPattern(_:)`` for a modifier that does not fit its pattern.
    public init(_ text: some StringProtocol) throws(NoiseError) {
      let sections = text.split(separator: "_", omittingEmptySubsequences: false)
      guard
        sections.count == 5, sections[0] == "Noise",
        let cipher = CipherName(rawValue: String(sections[3])), let hash = HashName(rawValue: String(sections[4]))
      else { throw .unknownName }
      self.init(try HandshakePattern(named: sections[1]), cipher: cipher, hash: hash)
      guard sections[2] == functions else { throw .unknownName }
    }

    public var description: String { "Noise_\(pattern.name)_\(functions)_\(cipher.rawValue)_\(hash.rawValue)" }

    private var functions: String { kem.map { "25519+\($0.rawValue)" } ?? "25519" }

    public static func == (a: Self, b: Self) -> Bool { a.description == b.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
  }
#endif
