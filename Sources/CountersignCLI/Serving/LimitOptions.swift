import ArgumentParser
import Relay

/// The limits that an operator may want to move; ``RelayLimits`` has all of them.
struct LimitOptions: ParsableArguments {
  @Option(name: .long, help: "Connections at once.")
  var maxConnections: Int = RelayLimits().maximumConnections

  @Option(name: .long, help: "Connections at once whose device has not authenticated.")
  var maxUnauthenticated: Int = RelayLimits().maximumUnauthenticated

  @Option(name: .long, help: "Handshakes per second on each event loop.")
  var handshakesPerSecond: Int = RelayLimits().handshakesPerSecond

  @Option(name: .long, help: ArgumentHelp("Time for a handshake.", valueName: "seconds"))
  var handshakeTimeout: Int64 = RelayLimits().handshakeTimeout

  @Option(name: .long, help: ArgumentHelp("Silence after which a session ends.", valueName: "seconds"))
  var idleTimeout: Int64 = RelayLimits().idleTimeout

  @Option(name: .long, help: "Messages that wait for one device.")
  var mailboxMessages: Int = MailboxLimits().messagesPerDevice

  @Option(name: .long, help: "Bytes that wait for one device.")
  var mailboxBytes: Int = MailboxLimits().bytesPerDevice

  @Option(name: .long, help: ArgumentHelp("Time that a message waits before it is dropped.", valueName: "seconds"))
  var mailboxLifetime: Int64 = MailboxLimits().lifetime

  func validate() throws {
    let numbers = [
      maxConnections, maxUnauthenticated, handshakesPerSecond, Int(handshakeTimeout), Int(idleTimeout), mailboxMessages,
      mailboxBytes, Int(mailboxLifetime),
    ]
    guard numbers.allSatisfy({ $0 > 0 && $0 <= 1 << 40 }) else { throw ValidationError("A limit is a number from 1.") }
  }

  var limits: RelayLimits {
    var limits = RelayLimits()
    limits.maximumConnections = maxConnections
    limits.maximumUnauthenticated = maxUnauthenticated
    limits.handshakesPerSecond = handshakesPerSecond
    limits.handshakeTimeout = handshakeTimeout
    limits.idleTimeout = idleTimeout
    limits.mailbox.messagesPerDevice = mailboxMessages
    limits.mailbox.bytesPerDevice = mailboxBytes
    limits.mailbox.lifetime = mailboxLifetime
    return limits
  }
}
