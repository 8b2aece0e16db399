// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Secrecy

/// The one key on the server. Every other server key is derived from these 32 bytes by HKDF-SHA256, each under its own label, so
/// that a backup of one small file restores all of them.
///
/// A final class, because its keys must stay where they are: moving them would leave copies behind. Their pages are locked in memory
/// (``LockedMemory``). Nothing changes after init, so that threads may share it; the compiler cannot see that of move-only values.
public final class Authority: @unchecked Sendable {
  /// Signs certificates and statements.
  public let issuer: AuthorityIssuer
  /// The static key of the server's handshakes with devices.
  public let serverKey: X25519.PrivateKey
  /// The master key from which derived-key schemes compute the devices' keys.
  public let derivationMaster: SecretBytes<32>
  /// Seals what the registry must keep secret: the ratchets' states.
  package let storageKey: SecretBytes<32>
  /// Issues identity-based credentials.
  public let identityMaster: MasterKey
  private let root: SecretBytes<32>
  private var pages = PageLock()

  /// What each key is derived under: HKDF's info, and the salt of all.
  enum Label {
    static let signingKey: StaticString = "signing key"
    static let serverKey: StaticString = "server handshake key"
    static let derivationMaster: StaticString = "device key derivation master"
    static let storageKey: StaticString = "registry storage key"
    static let identityMaster: StaticString = "identity master key"
    static let salt: StaticString = "countersign-v1 root"
  }

  /// The authority whose root is these 32 bytes.
  public init(root: RawSpan) throws(CryptoError) {
    self.root = try SecretBytes<32>(copying: root)
    var seed = SecretBytes<32>()
    Self.derive(Label.signingKey, from: root, into: &seed)
    issuer = Issuer(AuthoritySigner(try RootSigner(seed: seed.bytes)))
    Self.derive(Label.serverKey, from: root, into: &seed)
    serverKey = try X25519.PrivateKey(copying: seed.bytes)
    Self.derive(Label.derivationMaster, from: root, into: &seed)
    derivationMaster = try SecretBytes<32>(copying: seed.bytes)
    Self.derive(Label.storageKey, from: root, into: &seed)
    storageKey = try SecretBytes<32>(copying: seed.bytes)
    Self.derive(Label.identityMaster, from: root, into: &seed)
    do { identityMaster = try MasterKey(seed: seed.bytes) } catch { throw .invalidPoint }
    pages.hold(self)
  }

  /// An authority with a new random root.
  public static func random() -> Authority {
    let root = SecretBytes<32>.random()
    // 32 bytes are what every initialiser asks for.
    return try! Authority(root: root.bytes)
  }

  public var issuerKey: Ed25519.PublicKey { issuer.signer.publicKey }

  /// The root, for sealing it into a key file.
  package func withRoot(_ body: (borrowing SecretBytes<32>) -> Void) { body(root) }

  private static func derive(_ label: StaticString, from root: RawSpan, into key: inout SecretBytes<32>) {
    Label.salt.withUTF8Buffer { salt in
      label.withUTF8Buffer { label in
        var target = key.mutableBytes
        Hash.HKDF<Hash.SHA256>.deriveKey(
          inputKeyMaterial: root, salt: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(salt)),
          info: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(label)), into: &target)
      }
    }
  }
}
