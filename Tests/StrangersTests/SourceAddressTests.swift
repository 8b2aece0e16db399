// SPDX-License-Identifier: Apache-2.0

import Strangers
import Testing

@Suite("Sources of connections")
struct SourceAddressTests {
  @Test(
    "An IPv4 address is one source, and so are 64 bits of an IPv6 address",
    arguments: [
      ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
      ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true), ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
      ("::ffff:192.0.2.1", "192.0.2.1", true), ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
      ("::1", "0.0.0.0", false), ("::", "0.0.0.0", false),
    ])
  func identity(first: String, second: String, areOne: Bool) {
    #expect((SourceAddress(parsing: first)! == SourceAddress(parsing: second)!) == areOne)
  }

  @Test func descriptions() {
    #expect("\(SourceAddress(parsing: "192.0.2.1")!)" == "192.0.2.1")
    #expect("\(SourceAddress(parsing: "2001:db8:0:1::77")!)" == "2001:db8:0:1::/64")
    #expect("\(SourceAddress.unknown)" == "unknown")
  }

  @Test(
    "A prefix holds the addresses that begin like it",
    arguments: [
      ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("192.0.2.0/24", "192.0.2.255", true),
      ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.9/31", "192.0.2.8", true), ("0.0.0.0/0", "255.1.2.3", true),
      ("0.0.0.0/0", "2001:db8::", false), ("2001:db8::/32", "2001:db8:ffff::1", true), ("::/0", "2001:db8::1", true),
      ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::5", "2001:db8::6", true), ("::/0", "192.0.2.1", false),
      ("::ffff:192.0.2.0", "192.0.2.0", true),
    ])
  func prefixes(prefix: String, address: String, isInside: Bool) {
    #expect(SourcePrefix(parsing: prefix)!.contains(SourceAddress(parsing: address)!) == isInside)
  }

  @Test(
    "What is no prefix",
    arguments: [
      "", "/", "192.0.2", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/", "192.0.2.1/8/8", "2001:db8::/65", "host",
      "[::1]", "192.0.2.1/x",
    ])
  func noPrefixes(text: String) { #expect(SourcePrefix(parsing: text) == nil) }
}
