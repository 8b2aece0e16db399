// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Cookies by which a stranger shows that it gets what is sent to its address, without the server remembering anything about it: a MAC
/// over the address, the port and the frame's start, under a key of two minutes. One of the key before it is good for two more.
package final class Cookies {
  package static let length = 16
  /// Bytes of a frame that its cookie is for.
  package static let startLength = 16
  /// Nanoseconds for which new cookies are made under one key.
  package static let period: UInt64 = 120_000_000_000

  private var current = SecretBytes<32>.random()
  private var previous = SecretBytes<32>.random()
  private var since: UInt64

  /// - Parameter now: nanoseconds of a clock that does not go back.
  package init(at now: UInt64) { since = now }

  deinit {
    current.wipe()
    previous.wipe()
  }

  /// The cookie for a frame that begins with `start` and comes from `peer`, an address with its port.
  package func cookie(for peer: [UInt8], start: ArraySlice<UInt8>, at now: UInt64) -> [UInt8] {
    moveOn(now)
    return Self.code(current, peer, start)
  }

  package func accepts(_ cookie: ArraySlice<UInt8>, for peer: [UInt8], start: ArraySlice<UInt8>, at now: UInt64) -> Bool
  {
    moveOn(now)
    let shown = Array(cookie)
    let isCurrent = constantTimeEquals(shown.bytes, Self.code(current, peer, start).bytes)
    let isPrevious = constantTimeEquals(shown.bytes, Self.code(previous, peer, start).bytes)
    return isCurrent || isPrevious
  }

  private func moveOn(_ now: UInt64) {
    guard now >= since + Self.period else { return }
    if now >= since + 2 * Self.period { previous.fillWithRandom() } else { previous.copy(from: current.bytes) }
    current.fillWithRandom()
    since = now
  }

  private static func code(_ key: borrowing SecretBytes<32>, _ peer: [UInt8], _ start: ArraySlice<UInt8>) -> [UInt8] {
    var mac = Hash.HMAC<Hash.SHA256>(key: key.bytes)
    mac.update([UInt8(truncatingIfNeeded: peer.count)].bytes)
    mac.update(peer.bytes)
    mac.update(Array(start.prefix(startLength)).bytes)
    var code = [UInt8](repeating: 0, count: 32)
    var span = code.mutableBytes
    mac.finalize(into: &span)
    return Array(code.prefix(length))
  }
}
