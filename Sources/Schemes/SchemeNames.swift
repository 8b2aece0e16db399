// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// Schemes by the names that options, files and output use.
  extension SchemeID: CustomStringConvertible {
    public var name: String { row.name.description }
    public var description: String { name }

    /// The scheme of that name; nil when there is none.
    public init?(named name: some StringProtocol) {
      guard let scheme = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = scheme
    }
  }

  extension SchemeID: Codable, CodingKeyRepresentable {
    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    public var codingKey: any CodingKey { Key(stringValue: name) }

    public init?(codingKey: some CodingKey) { self.init(named: codingKey.stringValue) }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let name = try container.decode(String.self)
      guard let scheme = Self(named: name) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no scheme \(name)")
      }
      self = scheme
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(name)
    }
  }
#endif
