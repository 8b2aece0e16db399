// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// A message to a device that is asleep: Noise_X_25519_ChaChaPoly_SHA256 to the key of its certificate.
///
/// The payload is the sender's certificate without its key, the message number and the text. Only the recipient reads it;
/// the sender's static key authenticates it. Whoever carries a sealed message can replay it, which the number detects. It has no
/// forward secrecy against the recipient's key; rotation limits that.
public enum SealedMessage {
  /// Bytes that a sealed message has beyond its text: see ``Message/sealedOverhead``.
  public static let overhead = Message.sealedOverhead

  /// Seals `text` and returns the length written.
  ///
  /// - Parameter recipient: a certificate that the caller has verified.
  public static func seal(
    _ text: RawSpan, id: MessageID, from key: borrowing X25519.PrivateKey, certificate: Certificate,
    to recipient: Certificate, into message: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard text.byteCount <= Message.maximumLength else { throw .messageTooLong }
    let shown = certificate.encodedHandshakeLength
    let length = text.byteCount + overhead - Certificate.handshakeLength + shown
    guard message.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    // The payload is laid out where it is sealed: after e and the encrypted s.
    let payloadLength = shown + 8 + text.byteCount
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .initiator)
    defer { noise.wipe() }
    do throws(NoiseError) {
      noise.setStatic(key)
      noise.setRemoteStatic(recipient.publicKey)
      try start(&noise, from: certificate.fields.address, to: recipient.fields)
      return try noise.writeMessage(payloadLength: payloadLength, into: &message) { payload in
        certificate.encodeForHandshake(into: &payload)
        payload.storeBytes(of: id.rawValue.bigEndian, toByteOffset: shown, as: UInt64.self)
        copyBytes(text, to: &payload, at: shown + 8)
      }
    } catch { throw .noise(error) }
  }

  /// What a sealed message turned out to hold.
  public struct Opened {
    /// The sender's certificate. Its key is authenticated; the caller must ask its trust store whether to trust it.
    public let certificate: Certificate
    public let id: MessageID
    /// Length of the text at the start of the caller's buffer.
    public let textLength: Int
  }

  /// Opens `message`, which claims to come from `sender`, with the recipient's key of `generation`.
  ///
  /// - Parameter text: room for `message.byteCount - 80` bytes; the text ends up at its start.
  public static func open(
    _ message: RawSpan, from sender: DeviceAddress, with key: borrowing X25519.PrivateKey,
    certificate: Certificate, into text: inout MutableRawSpan
  ) throws(DeviceError) -> Opened {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .responder)
    defer { noise.wipe() }
    let length: Int
    do throws(NoiseError) {
      noise.setStatic(key)
      try start(&noise, from: sender, to: certificate.fields)
      length = try noise.readMessage(message, into: &text)
    } catch { throw .noise(error) }
    guard let publicKey = noise.remoteStatic else { throw .malformedRecord }
    return try takeApart(&text, length: length, from: sender, publicKey)
  }

  // Neither of the two is inlined: X25519 needs their stack space while it runs.

  @inline(never)
  private static func start(
    _ noise: inout HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>, from sender: DeviceAddress,
    to recipient: CertificateFields
  ) throws(NoiseError) {
    let prologue = Prologue(.sealed(from: sender, to: recipient.address, generation: recipient.generation))
    try noise.start(prologue: prologue.bytes)
  }

  /// What the payload of `length` bytes in `text` holds.
  @inline(never)
  private static func takeApart(
    _ text: inout MutableRawSpan, length: Int, from sender: DeviceAddress, _ publicKey: X25519.PublicKey
  ) throws(DeviceError) -> Opened {
    let shown = Certificate.handshakeLength(of: text.bytes.extracting(0..<length))
    let header = shown + 8
    guard length >= header else { throw .malformedRecord }
    let senderCertificate: Certificate
    do {
      senderCertificate = try Certificate(
        decoding: text.bytes.extracting(0..<shown), publicKey: publicKey)
    } catch { throw .credentials(.malformed(error)) }
    guard senderCertificate.fields.address == sender else { throw .subjectMismatch }
    let id = MessageID(
      UInt64(
        bigEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: shown, as: UInt64.self)))
    text.moveToStart(from: header, count: length - header)
    return Opened(certificate: senderCertificate, id: id, textLength: length - header)
  }
}

extension MutableRawSpan {
  /// Moves `count` bytes that begin at `offset` to the start; the two places may overlap.
  @_lifetime(self: copy self)
  mutating func moveToStart(from offset: Int, count: Int) {
    withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress, count > 0 else { return }
      base.copyMemory(from: base + offset, byteCount: count)
    }
  }
}

extension DeviceIdentity {
  /// Seals `text` from this device's active key; see ``SealedMessage``.
  public func seal(
    _ text: RawSpan, id: MessageID, to recipient: Certificate, into message: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    switch slot(.active) {
    case .a: try slotA.seal(text, id: id, to: recipient, into: &message)
    case .b: try slotB.seal(text, id: id, to: recipient, into: &message)
    case nil: throw .noUsableKey
    }
  }

  /// Opens a message sealed to this device's active key, or to the one before or after it, and verifies its sender.
  public func open(
    _ message: RawSpan, from sender: DeviceAddress, into text: inout MutableRawSpan
  ) throws(DeviceError) -> SealedMessage.Opened {
    let opened: SealedMessage.Opened
    do throws(DeviceError) {
      opened = try open(message, from: sender, with: slot(.active), into: &text)
    } catch {
      guard let other = slot(.retiring) ?? slot(.certified) else { throw error }
      opened = try open(message, from: sender, with: other, into: &text)
    }
    do throws(CredentialsError) {
      try trust.verify(opened.certificate, isInitiator: true, isVouchedFor: true)
    } catch { throw .credentials(error) }
    return opened
  }

  private func open(
    _ message: RawSpan, from sender: DeviceAddress, with name: SlotName?, into text: inout MutableRawSpan
  ) throws(DeviceError) -> SealedMessage.Opened {
    switch name {
    case .a: try slotA.open(message, from: sender, into: &text)
    case .b: try slotB.open(message, from: sender, into: &text)
    case nil: throw .noUsableKey
    }
  }
}

extension KeySlot {
  fileprivate func seal(
    _ text: RawSpan, id: MessageID, to recipient: Certificate, into message: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard let certificate else { throw .noUsableKey }
    return try SealedMessage.seal(text, id: id, from: key, certificate: certificate, to: recipient, into: &message)
  }

  fileprivate func open(
    _ message: RawSpan, from sender: DeviceAddress, into text: inout MutableRawSpan
  ) throws(DeviceError) -> SealedMessage.Opened {
    guard let certificate else { throw .noUsableKey }
    return try SealedMessage.open(message, from: sender, with: key, certificate: certificate, into: &text)
  }
}
