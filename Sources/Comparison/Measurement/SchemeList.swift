// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// The schemes that are built, each with what is known of it beforehand. A scheme appears in the comparison by standing here.
extension Survey {
  private static var key: Int { 32 }
  private static var counter: Int { MemoryLayout<UInt32>.size }
  private static var generation: Int { MemoryLayout<Generation>.size }
  /// A ratchet as the registry keeps it: nonce, key, tag.
  private static let sealedKey = 24 + 32 + 16
  private static var pseudonyms: Int { SymmetricProbe.epochWindow * Pseudonym<Hash.SHA256>.length }
  private static var address: Int { MemoryLayout<SystemID>.size + MemoryLayout<DeviceID>.size }
  private static var root: String { "root key, from which every system and device key follows" }

  static func probes(fleetSize: Double = Usage.standard.fleetSize) throws -> [any SchemeProbe] {
    symmetricProbes() + (try noiseProbes()) + [broadcastProbe(fleetSize)]
  }

  private static func symmetricProbes() -> [any SchemeProbe] {
    [
      SymmetricProbe(
        SchemeFacts(
          scheme: .sharedKey, title: "one key for a whole system",
          remark: """
            Whoever opens one device reads and forges everything in its system, past and future.
            """,
          isPublicKey: false,
          deviceStorage: [key, counter, address], serverStorage: [address, counter],
          serverKeys: [root])),
      SymmetricProbe(
        SchemeFacts(
          scheme: .derivedKey, title: "key derived from root, id and generation",
          remark: """
            Whoever gets the root key has every device's key and reads what was recorded before. Devices \
            cannot talk to each other without trusting the server.
            """,
          isPublicKey: false,
          deviceStorage: [key, generation, counter, address],
          serverStorage: [address, generation, counter, pseudonyms], serverKeys: [root])),
      SymmetricProbe(
        SchemeFacts(
          scheme: .derivedKeyPBKDF2, title: "the same through PBKDF2 and a stored salt",
          remark: """
            Buys nothing over derived-key: the input is already random. It costs the server time, and an \
            attacker can make it spend that time.
            """,
          isPublicKey: false,
          deviceStorage: [key, counter, address], serverStorage: [address, 16, counter],
          serverKeys: [root])),
      SymmetricProbe(
        SchemeFacts(
          scheme: .derivedKeyRatchet, title: "derived key moved forward by a hash",
          remark: """
            Forward secrecy without public keys, against a leak of the device's key but not of the root \
            key; the server must keep state for each device and never lose it.
            """,
          isPublicKey: false,
          deviceStorage: [key, counter, address], serverStorage: [address, sealedKey, counter, pseudonyms],
          serverKeys: [root])),
    ]
  }

  private static func broadcastProbe(_ fleetSize: Double) -> any SchemeProbe {
    BroadcastProbe(fleetSize: fleetSize) { devices, revoked, labels in
      SchemeFacts(
        scheme: .broadcast, title: "subset difference: \(devices) devices, \(revoked) of them revoked",
        remark: """
          Hands one shared key to all devices but those known to be compromised. No identity, no traffic between two \
          parties, no help against a compromise that nobody knows of; the header is what every device must receive.
          """,
        isPublicKey: false, deviceStorage: [labels * key], serverStorage: [1], serverKeys: [root],
        served: devices)
    }
  }

  private static func noiseProbes() throws -> [any SchemeProbe] {
    let deviceKeys = [key, Certificate.standaloneLength, key, key]
    let server = "static handshake key"
    let issuing = "issuing key, which may live elsewhere"
    return [
      try NoiseProbe(
        SchemeFacts(
          scheme: .derivedKeyEphemeral, title: "derived key and ephemeral X25519 (Noise_NNpsk0)",
          remark: """
            Forward secrecy for traffic recorded before any leak. The server still holds every device's key \
            and can impersonate each.
            """,
          isPublicKey: false,
          deviceStorage: [key, generation, address],
          serverStorage: [address, generation, pseudonyms], serverKeys: [root])),
      try NoiseProbe(
        SchemeFacts(
          scheme: .compactKK, title: "keys known on both sides (Noise_KK), short hint",
          remark: """
            The smallest public-key handshake: fits one frame of the slowest radios. The server needs its \
            registry, and the hint lets an eavesdropper tell devices of a small fleet apart.
            """,
          isPublicKey: true,
          deviceStorage: deviceKeys, serverStorage: [address, key, generation, 2],
          serverKeys: [server, issuing])),
      try NoiseProbe(
        SchemeFacts(
          scheme: .registered, title: "Noise_IK, the registry knows the key",
          remark: """
            No key of a device is in the server; its database holds public keys only. Device ids stay \
            hidden on the wire.
            """,
          isPublicKey: true,
          deviceStorage: deviceKeys, serverStorage: [address, key, generation],
          serverKeys: [server, issuing])),
      try NoiseProbe(
        SchemeFacts(
          scheme: .certified, title: "Noise_IK with the device's certificate",
          remark: """
            What `registered` gives, with the certificate on the wire: the server is shown what its registry has anyway, \
            and does not admit a device without a row. Between devices certificates are shown in every scheme of this kind.
            """,
          isPublicKey: true,
          deviceStorage: deviceKeys, serverStorage: [address, generation],
          serverKeys: [server, issuing])),
      try NoiseProbe(
        SchemeFacts(
          scheme: .identityBased, title: "Noise_IK, an identity-based credential in place of the key",
          remark: """
            A credential of 52 bytes, no signature: the smallest way to be known to whoever has the master public key. \
            Smaller, not faster: computing a device's key costs more than checking a signature.
            """,
          isPublicKey: true,
          deviceStorage: [key, IdentityCredential.encodedLength, key, key, key],
          serverStorage: [address, generation], serverKeys: [server, "master key, which issues credentials"])),
      try NoiseProbe(
        SchemeFacts(
          scheme: .hybridIKpsk2, title: "Noise_IKpsk2 with the derived key",
          remark: """
            A hedge: traffic recorded now stays closed to a later quantum computer as long as the derived \
            key stays secret. For the price of a few hashes.
            """,
          isPublicKey: true,
          deviceStorage: deviceKeys + [key], serverStorage: [address, key, generation],
          serverKeys: [server, issuing, root])),
    ]
  }
}
