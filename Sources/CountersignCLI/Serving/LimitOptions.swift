// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Mailbox
import Relay
import Strangers

/// The limits that an operator may want to move; ``RelayLimits`` has all of them.
struct LimitOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditional,
    help: "Connections at once. (default: \(RelayLimits().maximumConnections))", transform: number(1...1 << 40))
  var maxConnections: Int = RelayLimits().maximumConnections

  @Option(
    name: .long, parsing: .unconditional,
    help: "Connections at once whose device has not authenticated. (default: \(RelayLimits().maximumUnauthenticated))",
    transform: number(1...1 << 40))
  var maxUnauthenticated: Int = RelayLimits().maximumUnauthenticated

  @Option(
    name: .long, parsing: .unconditional,
    help: "Handshakes per second on each event loop. (default: \(RelayLimits().handshakesPerSecond))",
    transform: number(1...1 << 40))
  var handshakesPerSecond: Int = RelayLimits().handshakesPerSecond

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Time for a handshake. (default: \(RelayLimits().handshakeTimeout))", valueName: "seconds"),
    transform: number(1...1 << 40))
  var handshakeTimeout: Int64 = RelayLimits().handshakeTimeout

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Silence after which a session ends. (default: \(RelayLimits().idleTimeout))", valueName: "seconds"),
    transform: number(1...1 << 40))
  var idleTimeout: Int64 = RelayLimits().idleTimeout

  @Option(
    name: .long, parsing: .unconditional,
    help:
      "Messages waiting for one device; one sender gets at most half. (default: \(MailboxLimits().messagesPerDevice))",
    transform: number(1...1 << 40))
  var mailboxMessages: Int = MailboxLimits().messagesPerDevice

  @Option(
    name: .long, parsing: .unconditional,
    help: "Bytes waiting for one device; one sender gets at most half. (default: \(MailboxLimits().bytesPerDevice))",
    transform: number(1...1 << 40)
  )
  var mailboxBytes: Int = MailboxLimits().bytesPerDevice

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Time that a message waits before it is dropped. (default: \(MailboxLimits().lifetime))", valueName: "seconds"),
    transform: number(1...1 << 40))
  var mailboxLifetime: Int64 = MailboxLimits().lifetime

  @Option(
    name: .long, parsing: .unconditional,
    help: "Wake-ups of a suspended session, 32 to 256. (default: \(RelayLimits().wakeUpsPerSession))",
    transform: number(32...256))
  var wakeUps: Int = RelayLimits().wakeUpsPerSession

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Addresses from which many devices connect; they get a larger share under pressure. May be repeated.",
      valueName: "address[/prefix]"),
    transform: prefix)
  var gateway: [SourcePrefix] = []

  var limits: RelayLimits {
    var limits = RelayLimits()
    limits.gateways = gateway
    limits.maximumConnections = maxConnections
    limits.maximumUnauthenticated = maxUnauthenticated
    limits.handshakesPerSecond = handshakesPerSecond
    limits.handshakeTimeout = handshakeTimeout
    limits.idleTimeout = idleTimeout
    limits.mailbox.messagesPerDevice = mailboxMessages
    limits.mailbox.bytesPerDevice = mailboxBytes
    limits.mailbox.lifetime = mailboxLifetime
    limits.wakeUpsPerSession = wakeUps
    return limits
  }
}

private func prefix(_ text: String) throws -> SourcePrefix {
  guard let prefix = SourcePrefix(parsing: text) else {
    throw ValidationError(
      "it takes a numeric address, with or without a prefix length: 192.0.2.7, 192.0.2.0/24, 2001:db8::/48; with IPv6 "
        + "64 at most.")
  }
  return prefix
}
