// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Schemes
import Wire

extension Attacker {
  /// The first message of Noise_IK or KK in the name of a device whose public key is known, made with the server's private key
  /// in the place of the device's: `ss` is the same from either side.
  func forgeFirstMessage(of certificate: Certificate?, carrying text: [UInt8]?) throws -> [UInt8] {
    guard let certificate, let serverKey = loot.staticKey else { throw LaboratoryError.nothingToShow }
    var ring = KeyRing.empty
    let ephemeral = [UInt8].random(32)
    ring.insert(ephemeral)
    ring.insert(serverKey)
    let e = try Derivation.publicKey(ephemeral)
    guard let es = ring.shared(e, facts.serverKey), let ss = ring.shared(certificate.publicKey, facts.serverKey) else {
      throw LaboratoryError.nothingToShow
    }
    let row = facts.scheme.row
    let hint = row.hint == .keyHash ? RoutingHint.bytes(of: certificate.publicKey).array : []
    guard
      let recipe = try NoiseRecipe(
        facts.scheme, hint: hint, serverKey: facts.serverKey, masterKey: facts.masterKey, certificate: certificate)
    else { throw LaboratoryError.nothingToShow }
    let isKnown = recipe.pattern.initiatorPreMessage.contains(.s)
    var transcript = NoiseTranscript(
      pattern: "\(recipe.pattern.name)", prologue: text == nil ? recipe.prologue : [])
    if isKnown { transcript.mixHash(certificate.publicKey.array) }
    transcript.mixHash(facts.serverKey.array)
    var message: [UInt8] = []
    var tokens = recipe.pattern.message(0)
    while let token = tokens.popFirst() {
      switch token {
      case .e:
        message += e.array
        transcript.mixHash(e.array)
        if row.usesPSK { transcript.mixKey(e.array) }
      case .es: transcript.mixKey(es)
      case .s:
        message += try transcript.encryptAndHash(
          recipe.credential.isEmpty ? certificate.publicKey.array : recipe.credential)
      case .ss: transcript.mixKey(ss)
      case .ee, .se, .psk, .e1, .ekem1: throw LaboratoryError.nothingToShow
      }
    }
    // What vouches for the device goes with its last message.
    message += try transcript.encryptAndHash(text ?? (recipe.pattern.messageCount == 2 ? recipe.payload : []))
    return text == nil ? recipe.prefix + message : message
  }

  /// A sealed message in the name of a device whose certificate is known, made with its recipient's private key in the place of the
  /// sender's.
  func forgeSealedMessage(
    _ text: [UInt8], _ id: MessageID, from sender: Certificate, to recipient: Certificate
  ) throws -> [UInt8] {
    guard let memory = loot.memory else { throw LaboratoryError.nothingToShow }
    var ring = KeyRing.empty
    let ephemeral = [UInt8].random(32)
    ring.insert(ephemeral)
    ring.insert(memory.privateKey)
    let e = try Derivation.publicKey(ephemeral)
    guard let es = ring.shared(e, recipient.publicKey), let ss = ring.shared(sender.publicKey, recipient.publicKey)
    else { throw LaboratoryError.nothingToShow }
    let prologue = Prologue(
      .sealed(from: sender.fields.address, to: recipient.fields.address, generation: recipient.fields.generation))
    var transcript = NoiseTranscript(pattern: "X", prologue: [UInt8](copying: prologue.bytes))
    transcript.mixHash(recipient.publicKey.array)
    transcript.mixHash(e.array)
    transcript.mixKey(es)
    var message = e.array + (try transcript.encryptAndHash(sender.publicKey.array))
    transcript.mixKey(ss)
    let number = (0..<8).map { UInt8(truncatingIfNeeded: id.rawValue >> (56 - 8 * $0)) }
    message += try transcript.encryptAndHash(sender.handshakeBytes + number + text)
    return message
  }

  /// The weakness `actsOnFirstMessage`: opens the text in a recorded first message with the server's key.
  func readEarly(_ recording: Recording) throws -> Reading {
    guard let serverKey = loot.staticKey else { throw LaboratoryError.nothingToShow }
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .responder)
    noise.setStatic(try X25519.PrivateKey(copying: serverKey))
    try noise.start()
    let text = try noise.readMessage(recording.hello)
    return Reading(records: [text], evidence: "the first message holds \(text.printable)")
  }
}
