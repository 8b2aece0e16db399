// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

extension Report {
  /// A handshake with every private key and psk secret; then transport and a rekey under keys that came of it.
  mutating func checkHandshake<H: Hash.Function, K: KEM & ~Copyable>(
    _ name: String, _ pattern: HandshakePattern, _: H.Type, kem: K.Type = NoKEM.self
  ) {
    let initiatorKey = secretKeyPair()
    let responderKey = secretKeyPair()
    let psk = secret()
    check("\(name) handshake, transport and rekey, \(H.noiseName)") {
      var wire = Bytes<1400>()
      var payload = Bytes<1400>()
      var wireBytes = wire.mutableBytes
      var payloadBytes = payload.mutableBytes
      var initiator = HandshakeMachine<Cipher.ChaChaPoly, H, K>(pattern, role: .initiator)
      var responder = HandshakeMachine<Cipher.ChaChaPoly, H, K>(pattern, role: .responder)
      if name.hasPrefix("IK") { initiator.setRemoteStatic(responderKey.publicKey) }
      if name != "NNpsk0" {
        initiator.setStatic(initiatorKey)
        responder.setStatic(responderKey)
      }
      for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
        try initiator.setPSK(psk, at: position)
        try responder.setPSK(psk, at: position)
      }
      if K.isPresent {
        let seed = SecretBytes<64>.random()
        makeSecret(seed.bytes)
        initiator.setKEMRandomness(seed.bytes)
        responder.setKEMRandomness(secret().bytes)
      }
      initiator.setEphemeral(secretKeyPair())
      responder.setEphemeral(secretKeyPair())
      try initiator.start()
      try responder.start()
      while !initiator.isFinished {
        if initiator.isMyTurn {
          let length = try initiator.writeMessage(into: &wireBytes)
          makePublic(wireBytes.bytes)
          _ = try responder.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
        } else {
          let length = try responder.writeMessage(into: &wireBytes)
          makePublic(wireBytes.bytes)
          _ = try initiator.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
        }
      }
      var sending = CipherState<Cipher.ChaChaPoly>()
      var receiving = CipherState<Cipher.ChaChaPoly>()
      var unused = CipherState<Cipher.ChaChaPoly>()
      try initiator.split(sending: &sending, receiving: &unused)
      try responder.split(sending: &unused, receiving: &receiving)
      for _ in 0..<2 {
        let length = try sending.encrypt(psk.bytes, into: &wireBytes)
        makePublic(wireBytes.bytes)
        _ = try receiving.decrypt(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
        try sending.rekey()
        try receiving.rekey()
      }
    }
  }
}
