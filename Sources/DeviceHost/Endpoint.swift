// SPDX-License-Identifier: Apache-2.0

/// HOST:PORT; an IPv6 address is in brackets.
public struct Endpoint: Sendable, CustomStringConvertible {
  public let host: String
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  public init(parsing text: String) throws(DeviceHostError) {
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
      throw .invalidEndpoint(text)
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw .invalidEndpoint(text)
    }
    guard !host.isEmpty else { throw .invalidEndpoint(text) }
    self.host = String(host)
    self.port = port
  }

  /// A port number: decimal digits alone, because Swift would accept a sign too.
  public static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt16(text) : nil
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
