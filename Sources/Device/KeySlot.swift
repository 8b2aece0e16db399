// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// One of a device's two places for a key.
public struct KeySlot: ~Copyable {
  /// The stage of the key's life. Values are stored.
  public enum State: UInt8, Sendable {
    case empty = 0
    /// Opens sessions.
    case active = 1
    /// Made here, not yet certified.
    case pending = 2
    /// Certified, not yet used with the server.
    case certified = 3
    /// Replaced; kept only to open messages that were sealed to it before.
    case retiring = 4
    /// A blinded credential has been asked for: the place of the key holds the request's secret until it comes.
    case requested = 5
  }

  public internal(set) var state = State.empty
  public internal(set) var key = X25519.PrivateKey()
  /// Present in every state but `empty`, `pending` and `requested`.
  public internal(set) var certificate: Certificate?
  /// DH of this key and the server's, which every handshake with the server mixes; see
  /// ``DeviceIdentity/prepareSession(fallingBack:)``.
  public private(set) var sharedWithServer = SecretBytes<32>()
  /// Whether ``sharedWithServer`` has been computed. Another key here, or of the server, invalidates it.
  public private(set) var hasSharedWithServer = false

  init() {}

  public var generation: Generation { certificate?.fields.generation ?? 0 }

  /// Draws the secret of a request for a blinded credential.
  mutating func beginRequest() {
    forgetServer()
    var request = IdentityRequest()
    defer { request.wipe() }
    request.generate()
    // 32 bytes are what a private key is loaded from.
    try? key.load(request.secretBytes)
    certificate = nil
    state = .requested
  }

  /// The point to send with the request.
  borrowing func requestPoint() -> Bytes<32>? {
    guard state == .requested else { return nil }
    var request = IdentityRequest()
    defer { request.wipe() }
    do { try request.load(key.secretBytes) } catch { return nil }
    return request.point
  }

  /// Replaces the request's secret by the key that the answer leads to.
  mutating func completeRequest(
    _ answer: BlindedCredential, under master: MasterPublicKey
  ) throws(CredentialsError) {
    var request = IdentityRequest()
    defer { request.wipe() }
    try request.load(key.secretBytes)
    try request.complete(answer, under: master, into: &key)
    certificate = Certificate(answer.credential, publicKey: key.publicKey)
  }

  /// Computes the DH with the server's key, unless it is there.
  mutating func agree(with serverKey: X25519.PublicKey) throws(CryptoError) {
    guard !hasSharedWithServer else { return }
    try key.agree(with: serverKey, into: &sharedWithServer)
    hasSharedWithServer = true
  }

  /// Overwrites the DH with the server's key.
  mutating func forgetServer() {
    sharedWithServer.wipe()
    hasSharedWithServer = false
  }

  mutating func clear() {
    forgetServer()
    key.wipe()
    certificate = nil
    state = .empty
  }
}
