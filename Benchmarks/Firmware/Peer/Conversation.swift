// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise
import Schemes

/// One scripted conversation with a firmware image, held by the product's own modules.
protocol Conversation: AnyObject {
  /// What the image's storage page holds.
  var page: [UInt8] { get }
  /// This side's static public key.
  var publicKey: X25519.PublicKey { get }
  /// Frames that this side sends before it has heard anything.
  func open() throws -> [[UInt8]]
  /// Takes a frame of the image; returns the answers.
  func receive(_ frame: [UInt8]) throws -> [[UInt8]]
  /// Takes a result that the image reports.
  func check(_ report: [UInt8]) throws
  /// Whether everything that had to be said was said, and verified.
  var isComplete: Bool { get }
}

extension Conversation {
  func open() throws -> [[UInt8]] { [] }
  func check(_ report: [UInt8]) throws { throw Refusal.wrongContent }
}

/// Why this side ended a conversation.
enum Refusal: Error {
  case unexpectedFrame
  case wrongPeer
  case wrongContent
}

/// The conversations by the name of their image.
nonisolated(unsafe) let conversations: [String: (Fleet) throws -> any Conversation] = [
  "c-device": { try RotationConversation($0, expectsPing: true) },
  "c-messages": { try MessagesConversation($0) },
  "compact-kk": { try NoiseConversation($0, .compactKK) },
  "derived-key": { try SymmetricConversation($0, .derivedKey) },
  "derived-key-ephemeral": { try NoiseConversation($0, .derivedKeyEphemeral) },
  "derived-key-ratchet": { try SymmetricConversation($0, .derivedKeyRatchet) },
  "hybrid-ikpsk2": { try NoiseConversation($0, .hybridIKpsk2) },
  "ik-certified": { try NoiseConversation($0, .certified) },
  "ik-identity": { try NoiseConversation($0, .identityBased) },
  "ik-registered": { try NoiseConversation($0, .registered) },
  "rotation": { try RotationConversation($0) },
  "rotation-identity": { try RotationConversation($0, .identityBased) },
  "xx-initiator": { try DirectConversation($0, .responder) },
  "xx-identity-initiator": { try DirectConversation($0, .responder, .identityBased) },
  "xx-identity-responder": { try DirectConversation($0, .initiator, .identityBased) },
  "xx-responder": { try DirectConversation($0, .initiator) },
  "shared-key": { try SymmetricConversation($0, .sharedKey) },
  "x-seal": { try RecipientConversation($0) },
  "x-open": { try SenderConversation($0) },
]
