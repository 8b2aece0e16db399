// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a connection comes from, as far as a single party controls it: an IPv4 address, or the first 64 bits of an IPv6 address.
/// An IPv4 address written as an IPv6 one is an IPv4 address.
public struct SourceAddress: Hashable, Sendable {
  enum Family { case ipv4, ipv6, other }

  let family: Family
  /// The address from its first bit; with IPv4 only 32 bits count.
  let bits: UInt64

  /// A source that has no address, such as the other end of a Unix socket.
  public static let unknown = SourceAddress(family: .other, bits: 0)

  private init(family: Family, bits: UInt64) {
    self.family = family
    self.bits = bits
  }

  /// - Parameter address: of the family that it says.
  public init(_ address: UnsafePointer<sockaddr>) {
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET: self.init(ipv4: raw.loadUnaligned(as: sockaddr_in.self).sin_addr)
    case AF_INET6: self.init(ipv6: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
    default: self = .unknown
    }
  }

  /// A numeric address, IPv6 without brackets; nil for anything else.
  public init?(parsing text: String) {
    var (short, long) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &short) == 1 {
      self.init(ipv4: short)
    } else if inet_pton(AF_INET6, text, &long) == 1 {
      self.init(ipv6: long)
    } else {
      return nil
    }
  }

  private init(ipv4 address: in_addr) {
    self.init(family: .ipv4, bits: UInt64(UInt32(bigEndian: address.s_addr)) << 32)
  }

  private init(ipv6 address: in6_addr) {
    let (high, low) = withUnsafeBytes(of: address) {
      (UInt64(bigEndian: $0.load(as: UInt64.self)), UInt64(bigEndian: $0.load(fromByteOffset: 8, as: UInt64.self)))
    }
    // ::ffff:0:0/96
    if high == 0, low >> 32 == 0xFFFF {
      self.init(family: .ipv4, bits: low << 32)
    } else {
      self.init(family: .ipv6, bits: high)
    }
  }
}

extension SourceAddress: CustomStringConvertible {
  /// `192.0.2.1`, or `2001:db8:0:1::/64`.
  public var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch family {
    case .ipv4:
      var address = in_addr(s_addr: UInt32(truncatingIfNeeded: bits >> 32).bigEndian)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    case .ipv6:
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) { $0.storeBytes(of: bits.bigEndian, as: UInt64.self) }
      inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    case .other: return "unknown"
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      + (family == .ipv6 ? "/64" : "")
  }
}

/// Addresses that begin alike: `192.0.2.0/24`, `2001:db8::/48`, or one address without a length.
public struct SourcePrefix: Sendable {
  private let start: SourceAddress
  private let length: Int

  /// ADDRESS or ADDRESS/LENGTH; nil for anything else. The length is at most 32 with IPv4, and 64 with IPv6, where a single
  /// address means its first 64 bits.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let start = SourceAddress(parsing: String(parts[0])) else { return nil }
    let longest = start.family == .ipv4 ? 32 : 64
    let digits = parts.count == 2 ? parts[1] : "\(longest)"
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let length = Int(digits),
      (0...longest).contains(length)
    else { return nil }
    self.start = start
    self.length = length
  }

  public func contains(_ address: SourceAddress) -> Bool {
    // Shifting by all 64 bits leaves nothing to compare.
    address.family == start.family && (address.bits ^ start.bits) >> UInt64(64 - length) == 0
  }
}
