// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Noise
import CountersignCrypto
import Schemes
import Wire

/// Someone who has taken a device apart: has a copy of its file, all recorded traffic, the server's mailbox, and every public
/// certificate. Tries to read what others said and to pose as another device.
struct Thief {
  let stolen: DeviceStore

  /// Whether the stolen keys open a message from the mailbox.
  func opens(_ sealed: [UInt8], from sender: DeviceAddress) -> Bool {
    var text = [UInt8](repeating: 0, count: max(sealed.count, 1))
    return succeeds { identity throws(DeviceError) in
      var span = text.mutableBytes
      _ = try identity.open(sealed.bytes, from: sender, into: &span)
    }
  }

  /// Whether the stolen keys open a recorded frame: read as a device's first frame, as the server would, as a conversation's,
  /// as another device would, or as a sealed message.
  func opens(recorded frame: [UInt8], between peers: [DeviceAddress]) -> Bool {
    var key = X25519.PrivateKey()
    guard copyStolenKey(into: &key) else { return false }
    if var responder = try? Responder(answering: frame.bytes),
      (try? responder.readHello(frame.bytes, key: key)) != nil
    {
      return true
    }
    for peer in peers {
      if opens(frame, from: peer) { return true }
      let isRead = succeeds { identity throws(DeviceError) in
        var session = PeerSession(relayed: .responder)
        try session.start(identity, other: peer)
        try session.readHandshake(frame.bytes, trust: identity.trust)
      }
      if isRead { return true }
    }
    return false
  }

  /// Whether the server accepts the stolen key as the device of another certificate.
  func posesToServer(as victim: Certificate, at endpoint: Endpoint) -> Bool {
    guard let socket = try? FrameSocket.connect(to: endpoint, timeout: .seconds(2)) else { return false }
    var key = X25519.PrivateKey()
    guard copyStolenKey(into: &key), let serverKey = try? stolen.read({ $0.serverKey }) else { return false }
    var handshake = Initiator(.certified)
    handshake.setStatic(key, server: serverKey)
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    guard
      let length = try? handshake.writeHello(victim, into: &span),
      (try? socket.send(frame, count: length)) != nil,
      let reply = try? socket.receive(timeout: .seconds(2))
    else { return false }
    // Anybody is answered: by a session, or by a refusal of the key.
    var keys = SessionKeys()
    return (try? handshake.readReply(reply.bytes, keys: &keys)) != nil
  }

  /// Whether a device that listens directly accepts the stolen key as the device of another certificate.
  ///
  /// - Parameter certificate: the victim's; the stolen device's own shows that the attempt works where it should.
  func posesToDevice(as certificate: Certificate, at endpoint: Endpoint) -> Bool {
    guard let socket = try? FrameSocket.connect(to: endpoint, timeout: .seconds(2)) else { return false }
    var key = X25519.PrivateKey()
    guard copyStolenKey(into: &key) else { return false }
    return (try? pose(key, certificate, over: socket)) ?? false
  }

  /// Whether something can be done with the stolen identity.
  private func succeeds(_ attempt: (borrowing DeviceIdentity) throws(DeviceError) -> Void) -> Bool {
    do {
      try stolen.read(attempt)
      return true
    } catch {
      return false
    }
  }

  private func copyStolenKey(into key: inout X25519.PrivateKey) -> Bool {
    succeeds { identity throws(DeviceError) in
      if identity.slotA.state == .active {
        key.copy(from: identity.slotA.key)
      } else {
        key.copy(from: identity.slotB.key)
      }
    }
  }

  /// Noise_XX as the initiator, with a certificate of the thief's choice in the last message.
  private func pose(
    _ key: borrowing X25519.PrivateKey, _ certificate: Certificate, over socket: FrameSocket
  ) throws -> Bool {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.XX, role: .initiator)
    let prologue = Prologue(.direct)
    noise.setStatic(key)
    try noise.start(prologue: prologue.bytes)
    var frame = [UInt8](repeating: 0, count: 256)
    var span = frame.mutableBytes
    span.storeBytes(of: 0x11, as: UInt8.self)
    var body = span.suffix(from: 1)
    var length = try noise.writeMessage(into: &body) + 1
    try socket.send(frame, count: length)

    guard let reply = try socket.receive(timeout: .seconds(2)), reply.count > 1 else { return false }
    var payload = [UInt8](repeating: 0, count: 256)
    var payloadSpan = payload.mutableBytes
    _ = try noise.readMessage(reply.bytes.extracting(1...), into: &payloadSpan)

    var shown = [UInt8](repeating: 0, count: Certificate.handshakeLength)
    var shownSpan = shown.mutableBytes
    certificate.encodeForHandshake(into: &shownSpan)
    span = frame.mutableBytes
    span.storeBytes(of: 0x13, as: UInt8.self)
    body = span.suffix(from: 1)
    length = try noise.writeMessage(shown.bytes, into: &body) + 1
    try socket.send(frame, count: length)

    // Whoever was refused finds the connection closed; whoever was accepted can say something and is answered.
    var transport = try noise.split()
    var message: [UInt8] = [0x03, 0x01] + [UInt8](repeating: 0xEE, count: 8) + Array("it is me".utf8)
    message += [UInt8](repeating: 0, count: tagLength)
    var messageSpan = message.mutableBytes
    var sealed = messageSpan.suffix(from: 1)
    try transport.sending.encrypt(inPlace: &sealed)
    try socket.send(message, count: message.count)
    return try socket.receive(timeout: .seconds(2)) != nil
  }
}
