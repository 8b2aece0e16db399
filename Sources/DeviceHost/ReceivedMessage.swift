// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Wire

/// A message as the application gets it.
public struct ReceivedMessage: Sendable {
  /// How a message came.
  public enum Route: String, Sendable, Codable {
    /// Through the relay, inside a session with the sender.
    case online
    /// From the mailbox, sealed.
    case mailbox
    /// Over a direct socket.
    case direct
    /// Encrypted to the server, and by the server to the recipient: the server could read it, and could have made it.
    case hopByHop = "hop-by-hop"
    /// Through a channel between a device and an application: only these two could read it.
    case channel
  }

  public let from: DeviceAddress
  /// The sender's generation, from its certificate.
  public let generation: Generation
  public let id: MessageID
  public let route: Route
  public let body: [UInt8]

  public init(from: DeviceAddress, generation: Generation, id: MessageID, route: Route, body: [UInt8]) {
    self.from = from
    self.generation = generation
    self.id = id
    self.route = route
    self.body = body
  }
}

/// What became of a message that was sent.
public struct Delivery: Sendable {
  public enum Outcome: String, Sendable, Codable {
    /// The recipient's application has it and said so.
    case delivered
    /// The server keeps it, sealed, until the recipient asks.
    case stored
  }

  public let id: MessageID
  public let outcome: Outcome
  public let route: ReceivedMessage.Route

  public init(id: MessageID, outcome: Outcome, route: ReceivedMessage.Route) {
    self.id = id
    self.outcome = outcome
    self.route = route
  }
}
