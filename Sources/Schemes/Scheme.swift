// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import Wire

/// How a device proves who it is to the server, and what follows from that: a row of the table of schemes.
///
/// The rows are in SchemeTable.swift. Everything that depends on a scheme asks for a column; nothing else tells schemes apart.
public struct Scheme: Sendable {
  /// How the two sides agree on the keys of a session.
  public enum Exchange: UInt8, Sendable {
    /// Not at all: the scheme is there for comparison.
    case none
    /// Challenge and response under a key that both have: see ``SymmetricHandshake``.
    case challenge
    /// Noise_NNpsk0, Noise_IK and so on, each with the suite 25519_ChaChaPoly_SHA256: see ``Initiator``.
    case NNpsk0, IK, IKimplicit, IKpsk2, KK
  }

  /// The bytes before the handshake's first message by which the server looks for the key.
  public enum Hint: UInt8, Sendable {
    case none
    /// The address, in the clear.
    case address
    /// This epoch's pseudonym.
    case pseudonym
    /// The first two bytes of it: see ``RoutingHint``.
    case pseudonymStart
    /// The start of the stored salt. To compute pseudonyms, the server would have to stretch every device's key first.
    case saltStart
    /// Two bytes of a hash of the device's key: see ``RoutingHint``.
    case keyHash

    /// Bytes of it.
    public var length: Int {
      switch self {
      case .none: 0
      case .address: DeviceAddress.encodedLength
      case .pseudonym, .saltStart: 8
      case .pseudonymStart, .keyHash: RoutingHint.length
      }
    }
  }

  /// What the device shows with its static key.
  public enum Shown: UInt8, Sendable {
    case nothing
    /// Its certificate, as the payload of the message.
    case certificate
    /// An identity-based credential, in the place of the key.
    case credential
  }

  /// Where the key that the server can compute comes from: see ``DerivedKeys``.
  public enum Derivation: UInt8, Sendable {
    /// There is none.
    case none
    /// From the system's key: all its devices have the same.
    case system
    /// From the system's key, the device's id and a generation.
    case device
    /// The same, through PBKDF2 and a stored salt.
    case stretched
    /// A device's key that a hash advances at each session.
    case ratchet

    /// Bytes that a device keeps beside its key to be named by: a ratchet's key for pseudonyms, which must not move; the start of the
    /// salt.
    public var nameLength: Int {
      switch self {
      case .ratchet: 32
      case .stretched: Hint.saltStart.length
      case .none, .system, .device: 0
      }
    }
  }

  #if !hasFeature(Embedded)
    /// The name that options and output use.
    public let name: StaticString
    /// What a device has, in a few words.
    public let summary: StaticString
  #endif
  public let floor: SchemeFloor
  public let exchange: Exchange
  public let hint: Hint
  public let shown: Shown
  public let derivation: Derivation
  /// Whether devices in the field can be ordered to move to it.
  public let isOrdered: Bool
  private let messages: UInt8
  private let hello: UInt8
  private let reply: UInt8

  /// Messages of the handshake.
  public var messageCount: Int { Int(messages) }
  /// The longest first frame, in bytes.
  public var maximumHelloLength: Int { Int(hello) }
  /// The server's answer, in bytes.
  public var replyLength: Int { Int(reply) }
  /// What the server sends in the place of its answer to a key that gets no session, in bytes.
  public var refusalLength: Int { replyLength + SessionRefusal.length }

  /// A row. Firmware does not need the words: they are not in it.
  @inline(__always)
  init(
    name: StaticString, summary: StaticString, floor: SchemeFloor, exchange: Exchange, hint: Hint, shown: Shown,
    derivation: Derivation, isOrdered: Bool, messageCount: UInt8, maximumHelloLength: Int, replyLength: UInt8
  ) {
    #if !hasFeature(Embedded)
      self.name = name
      self.summary = summary
    #endif
    self.floor = floor
    self.exchange = exchange
    self.hint = hint
    self.shown = shown
    self.derivation = derivation
    self.isOrdered = isOrdered
    messages = messageCount
    hello = UInt8(maximumHelloLength)
    reply = replyLength
  }

  /// Whether a device has its own key pair and something that vouches for it. Otherwise the server has all its keys too.
  public var hasKeyPair: Bool { floor >= .certified }

  /// Whether the device's key is one that the server computes, and nothing else.
  public var isSymmetric: Bool { !hasKeyPair && exchange != .none }

  /// Whether the server and its devices use it, so that it is more than a row of the comparison.
  public var isServed: Bool { exchange != .none }

  /// Whether a counter makes the first frame fresh, which both sides must store.
  public var hasCounter: Bool { exchange == .challenge }

  /// Whether both sides mix in fresh Diffie-Hellman keys, so that what was recorded stays closed if a key leaks later.
  public var hasEphemeralKeys: Bool { exchange.isNoise }

  /// Whether a derived key is mixed into a Noise handshake.
  public var usesPSK: Bool { exchange.isNoise && derivation != .none }

  /// Whether a device has a derived key beside its key pair.
  public var hasKeyBeside: Bool { hasKeyPair && derivation != .none }
}

extension HandshakePattern {
  /// Whether a pre-shared key is mixed into the second message.
  var mixesPSKIntoReply: Bool { pskPositions & 1 << 2 != 0 }
}

extension Scheme.Exchange {
  public var isNoise: Bool { self != .none && self != .challenge }

  /// The pattern; nil where there is no Noise handshake.
  public var pattern: HandshakePattern? { isNoise ? noisePattern : nil }

  /// ``pattern`` of a scheme that has one.
  @inline(__always)
  var noisePattern: HandshakePattern {
    switch self {
    case .none, .challenge, .IK: .IK
    case .NNpsk0: .NNpsk0
    case .IKimplicit: .IK.implicit(credentialLength: IdentityCredential.encodedLength)
    case .IKpsk2: .IKpsk2
    case .KK: .KK
    }
  }
}
