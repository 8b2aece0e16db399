// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import Noise

/// What a session showed: printed as it happens, or as one JSON object at its end.
struct SessionReport {
  let isJSON: Bool
  private var object = Object()

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// `payloads` are those received in the handshake, `messages` those received after it.
  private struct Object: Encodable {
    var handshakeHash: String?
    var remoteStatic: String?
    var payloads: [Content] = []
    var messages: [Content] = []
    var error: String?

    enum CodingKeys: CodingKey { case handshakeHash, remoteStatic, payloads, messages, error }

    /// A field that does not apply is null, so that a reader can rely on it; `error` is there only after one.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(handshakeHash, forKey: .handshakeHash)
      try container.encode(remoteStatic, forKey: .remoteStatic)
      try container.encode(payloads, forKey: .payloads)
      try container.encode(messages, forKey: .messages)
      try container.encodeIfPresent(error, forKey: .error)
    }
  }

  /// Text as a string; what is not UTF-8 as {"hex": "..."}.
  private struct Content: Encodable {
    let bytes: [UInt8]

    func encode(to encoder: any Encoder) throws {
      if let text = String(validating: bytes, as: UTF8.self) {
        var container = encoder.singleValueContainer()
        try container.encode(text)
      } else {
        try ["hex": hexadecimal(bytes.span.bytes)].encode(to: encoder)
      }
    }
  }

  var payloadCount: Int { object.payloads.count }

  mutating func payload(_ bytes: [UInt8]) { object.payloads.append(Content(bytes: bytes)) }

  mutating func learn(_ handshake: any NamedHandshake) {
    object.handshakeHash = hexadecimal(handshake.handshakeHash.span.bytes)
    object.remoteStatic = handshake.remoteStatic.map { hexadecimal($0.bytes) }
    guard !isJSON else { return }
    printLine("handshake_hash \(object.handshakeHash ?? "")")
    if let key = object.remoteStatic { printLine("remote_static \(key)") }
    for payload in object.payloads where !payload.bytes.isEmpty {
      printLine("payload \(Terminal.onOneLine(payload.bytes))")
    }
  }

  mutating func message(_ bytes: [UInt8]) {
    if isJSON { object.messages.append(Content(bytes: bytes)) } else { printLine(Terminal.onOneLine(bytes)) }
  }

  /// Ends the report; in JSON an error that ended the session is part of it.
  mutating func finish(_ error: Failure?) throws {
    guard isJSON else { return }
    object.error = error?.message
    try printJSON(object)
    fflush(nil)
  }

}
