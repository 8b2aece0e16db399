// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// Opening a channel, on both sides: Noise_X_25519_ChaChaPoly_SHA256 to the key of the application's certificate. The payload is the
/// device's certificate without its key, and nothing else.
enum ChannelOpening {
  /// Writes the message from `key`, takes the channel's keys, and returns the message's length.
  static func write(
    from key: borrowing X25519.PrivateKey, _ certificate: Certificate, to application: Certificate,
    _ channel: inout DeviceChannel, into opening: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    let length = X25519.keyLength + X25519.keyLength + tagLength + certificate.encodedHandshakeLength + tagLength
    guard opening.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .initiator)
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    defer {
      noise.wipe()
      sending.wipe()
    }
    do throws(NoiseError) {
      noise.setStatic(key)
      noise.setRemoteStatic(application.publicKey)
      try start(&noise, from: certificate.fields.address, to: application.fields)
      _ = try noise.writeMessage(payloadLength: certificate.encodedHandshakeLength, into: &opening) { payload in
        certificate.encodeForHandshake(into: &payload)
      }
      channel.id = id(of: noise)
      try noise.split(sending: &sending, receiving: &receiving, export: &channel.export)
    } catch {
      channel.wipe()
      throw .noise(error)
    }
    sending.copyKey(to: &channel.reportKey)
    ChannelKeys.requests(export: channel.export, into: &channel.requestKey)
    return length
  }

  /// Reads the message with the application's key of this certificate, and takes the channel's keys. The device's certificate, which it
  /// shows, is for the caller to verify.
  static func read(
    _ opening: RawSpan, from device: DeviceAddress, with key: borrowing X25519.PrivateKey, _ certificate: Certificate,
    _ channel: inout ApplicationChannel
  ) throws(DeviceError) -> Certificate {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .responder)
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    var shown = Bytes<84>()
    defer {
      noise.wipe()
      receiving.wipe()
    }
    guard opening.byteCount <= DeviceChannel.maximumOpeningLength else { throw .malformedRecord }
    let length: Int
    do throws(NoiseError) {
      noise.setStatic(key)
      try start(&noise, from: device, to: certificate.fields)
      var place = shown.mutableBytes
      length = try noise.readMessage(opening, into: &place)
      channel.id = id(of: noise)
      try noise.split(sending: &sending, receiving: &receiving, export: &channel.export)
    } catch { throw .noise(error) }
    receiving.copyKey(to: &channel.reportKey)
    ChannelKeys.requests(export: channel.export, into: &channel.requestKey)
    guard let publicKey = noise.remoteStatic else { throw .malformedRecord }
    do { return try Certificate(decoding: shown.bytes.extracting(0..<length), publicKey: publicKey) } catch {
      throw .credentials(.malformed(error))
    }
  }

  // Not inlined: X25519 needs the stack space while it runs.
  @inline(never)
  private static func start(
    _ noise: inout HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>, from device: DeviceAddress,
    to application: CertificateFields
  ) throws(NoiseError) {
    let prologue = Prologue(.channel(from: device, to: application.address, generation: application.generation))
    try noise.start(prologue: prologue.bytes)
  }

  /// The first 8 bytes of the handshake's hash.
  private static func id(of noise: borrowing HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>) -> ChannelID {
    var id = ChannelID()
    var target = id.mutableBytes
    copyBytes(noise.handshakeHash.extracting(0..<8), to: &target)
    return id
  }
}

extension DeviceChannel {
  /// The longest opening: e, encrypted s, certificate, tag. With an identity-based credential it has 32 bytes fewer.
  public static let maximumOpeningLength = 32 + 48 + Certificate.handshakeLength + tagLength
}

extension DeviceIdentity {
  /// Checks that a certificate is an application's of this device's system, which the server has just handed out.
  ///
  /// - Throws: ``DeviceError/channel(_:)`` with ``ChannelError/notAnApplication``; ``DeviceError/credentials(_:)``.
  public func verify(application certificate: Certificate) throws(DeviceError) {
    guard certificate.fields.isApplication, certificate.fields.system == address.system else {
      throw .channel(.notAnApplication)
    }
    do { try trust.verify(certificate, isInitiator: false, isVouchedFor: true) } catch { throw .credentials(error) }
  }

  /// Opens a channel to an application, from the active key, in place, and writes the opening for the server: the record
  /// ``ChannelRecord/open(application:generation:channel:_:)``. Store the channel before its first report leaves.
  ///
  /// - Parameters:
  ///   - application: a certificate that ``verify(application:)`` has accepted.
  ///   - opening: room for ``DeviceChannel/maximumOpeningLength`` bytes.
  /// - Returns: the opening's length.
  public func open(
    _ channel: inout DeviceChannel, to application: Certificate, into opening: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard application.fields.isApplication, application.fields.system == address.system else {
      throw .channel(.notAnApplication)
    }
    channel.wipe()
    let length: Int
    switch slot(.active) {
    case .a: length = try slotA.open(&channel, to: application, into: &opening)
    case .b: length = try slotB.open(&channel, to: application, into: &opening)
    case nil: throw .noUsableKey
    }
    channel.device = address
    channel.application = application.fields.address
    channel.applicationGeneration = application.fields.generation
    channel.epoch = trust.epoch
    channel.hasExport = true
    channel.isDirty = true
    return length
  }

  /// Rebuilds a channel from a device's opening, in place, with this application's key of `generation`, and verifies the device. After
  /// an error the channel is closed.
  ///
  /// - Throws: ``DeviceError/channel(_:)`` with ``ChannelError/unknownKey`` when this identity has no key of that generation;
  ///   ``DeviceError/noise(_:)`` for an opening that is not of this device to this key; ``DeviceError/credentials(_:)`` for a device that
  ///   is not trusted.
  public func open(
    _ opening: RawSpan, from device: DeviceAddress, generation: Generation, into channel: inout ApplicationChannel
  ) throws(DeviceError) {
    channel.wipe()
    do throws(DeviceError) {
      let certificate: Certificate
      if slotA.opensChannels, slotA.generation == generation {
        certificate = try slotA.read(opening, from: device, into: &channel)
      } else if slotB.opensChannels, slotB.generation == generation {
        certificate = try slotB.read(opening, from: device, into: &channel)
      } else {
        throw .channel(.unknownKey)
      }
      guard certificate.fields.address == device, !certificate.fields.isApplication else { throw .subjectMismatch }
      do { try trust.verify(certificate, isInitiator: true, isVouchedFor: true) } catch { throw .credentials(error) }
      channel.device = certificate.fields
      channel.application = address
    } catch {
      channel.wipe()
      throw error
    }
  }

  /// Checks that a device is still trusted whose channel was opened before: its certificate may have expired, or have been revoked.
  public func check(_ channel: borrowing ApplicationChannel) throws(DeviceError) {
    guard let device = channel.device else { throw .channel(.notOpen) }
    do { try trust.check(device, isInitiator: true, isVouchedFor: true) } catch { throw .credentials(error) }
  }
}

extension KeySlot {
  fileprivate var opensChannels: Bool { state == .active || state == .retiring || state == .certified }

  fileprivate func open(
    _ channel: inout DeviceChannel, to application: Certificate, into opening: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard let certificate else { throw .noUsableKey }
    channel.generation = certificate.fields.generation
    channel.lastEpoch = certificate.fields.lastEpoch
    return try ChannelOpening.write(from: key, certificate, to: application, &channel, into: &opening)
  }

  fileprivate func read(
    _ opening: RawSpan, from device: DeviceAddress, into channel: inout ApplicationChannel
  ) throws(DeviceError) -> Certificate {
    guard let certificate else { throw .noUsableKey }
    return try ChannelOpening.read(opening, from: device, with: key, certificate, &channel)
  }
}
