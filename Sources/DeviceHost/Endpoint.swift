// SPDX-License-Identifier: Apache-2.0

/// HOST:PORT; an IPv6 address is in brackets. With udp:// in front it means datagrams instead of a connection.
public struct Endpoint: Sendable, CustomStringConvertible {
  public let host: String
  public let port: UInt16
  /// Whether sessions go over UDP instead of TCP.
  public let isDatagram: Bool

  public init(host: String, port: UInt16, isDatagram: Bool = false) {
    self.host = host
    self.port = port
    self.isDatagram = isDatagram
  }

  public init(parsing text: String) throws(DeviceHostError) {
    isDatagram = text.hasPrefix(Self.datagramScheme)
    let rest = text.dropFirst(isDatagram ? Self.datagramScheme.count : 0)
    guard let colon = rest.lastIndex(of: ":"), let port = Self.port(rest[rest.index(after: colon)...]) else {
      throw .invalidEndpoint(text)
    }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw .invalidEndpoint(text)
    }
    guard !host.isEmpty else { throw .invalidEndpoint(text) }
    self.host = String(host)
    self.port = port
  }

  private static let datagramScheme = "udp://"

  /// A port number: decimal digits alone, because Swift would accept a sign too.
  public static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt16(text) : nil
  }

  public var description: String {
    (isDatagram ? Self.datagramScheme : "") + (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }
}
