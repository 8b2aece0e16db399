// SPDX-License-Identifier: Apache-2.0

import Schemes

/// What a scheme was measured to be: the part of a comparison that does not depend on the budget.
public struct SchemeProfile: Codable, Equatable, Sendable {
  public enum Sender: String, Codable, Sendable {
    case device
    case server
  }

  /// A message as it really was on the wire.
  public struct Message: Codable, Equatable, Sendable {
    public var sender: Sender
    public var bytes: Double
  }

  public var scheme: SchemeID
  /// What it is, in a few words.
  public var title: String
  /// What an architect should know that no number says.
  public var remark: String
  /// Whether devices hold keys of their own that the server cannot compute.
  public var isPublicKey: Bool
  /// The handshake's frames, in order.
  public var messages: [Message]
  /// Bytes that every application message has beyond its content.
  public var messageOverhead: Double
  /// Frames of a key rotation beyond one ordinary handshake; nil where the scheme has none over the network.
  public var rotation: [Message]?
  /// The device's part of a handshake.
  public var operations: OperationCounts
  /// Times of a handshake on this machine.
  public var serverMicroseconds: Timing
  public var deviceMicroseconds: Timing
  /// Bytes of keys and counters that a device keeps.
  public var deviceStorage: Double
  /// Bytes that the server keeps for each device.
  public var serverStorage: Double
  /// The long-term secrets in the server.
  public var serverKeys: [String]

  func bytes(from sender: Sender) -> [Double] { messages.filter { $0.sender == sender }.map(\.bytes) }
}

/// Everything measured in one run, so that a report can be made again from the same numbers.
public struct Measurements: Codable, Equatable, Sendable {
  /// When and with what it was measured.
  public var date: String
  public var build: String
  public var profiles: [SchemeProfile]
}
