// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// How a device changes its key: make, certify, use once, retire. Each step is stored before the next message leaves, so power
/// may fail anywhere; each can be repeated.
extension DeviceIdentity {
  /// Makes the next key in the free slot, or finds the one that an interrupted rotation made.
  ///
  /// - Throws: ``DeviceError/rotationInProgress`` while the previous key still has messages to open.
  public mutating func beginRotation() throws(DeviceError) {
    if slot(.pending) != nil || slot(.certified) != nil || slot(.requested) != nil { return }
    guard let active = slot(.active) else { throw .noUsableKey }
    guard slot(.retiring) == nil else { throw .rotationInProgress }
    guard scheme.row.shown != .credential else { return beginRequest(in: active.other) }
    if active == .a {
      slotB.key.generate()
      slotB.state = .pending
    } else {
      slotA.key.generate()
      slotA.state = .pending
    }
    isDirty = true
  }

  /// The key that waits for a certificate, or that has one the server may have forgotten.
  public var renewalKey: X25519.PublicKey? {
    switch slot(.pending) ?? slot(.certified) {
    case .a: slotA.key.publicKey
    case .b: slotB.key.publicKey
    case nil: nil
    }
  }

  /// The point to send with a pending request for a blinded credential.
  public var requestPoint: Bytes<32>? {
    switch slot(.requested) {
    case .a: slotA.requestPoint()
    case .b: slotB.requestPoint()
    case nil: nil
    }
  }

  mutating func beginRequest(in name: SlotName) {
    if name == .a { slotA.beginRequest() } else { slotB.beginRequest() }
    isDirty = true
  }

  /// Whether the certificate in use should be renewed: in its last two epochs, so that a message sealed
  /// with it still finds it valid one epoch later.
  public var wantsRenewal: Bool {
    guard let certificate else { return false }
    return Int(certificate.fields.lastEpoch) <= Int(trust.epoch) + 1
  }

  /// Takes a certificate for this device: the first one, a renewed one for the key in use, or one for the next key.
  ///
  /// - Throws: ``DeviceError/subjectMismatch`` when it is about another device or key, or goes back a generation.
  public mutating func install(_ certificate: Certificate) throws(DeviceError) {
    do { try trust.verifySignature(of: certificate) } catch { throw .credentials(error) }
    try place(certificate)
  }

  /// Puts a verified certificate beside its key. Not inlined, so that verifying has the stack for itself.
  @inline(never)
  private mutating func place(_ certificate: Certificate) throws(DeviceError) {
    guard certificate.fields.address == address else { throw .subjectMismatch }
    if slotA.state != .empty && certificate.publicKey == slotA.key.publicKey {
      try Self.install(certificate, in: &slotA, isFirst: slotB.state == .empty, after: slotB.generation)
    } else if slotB.state != .empty && certificate.publicKey == slotB.key.publicKey {
      try Self.install(certificate, in: &slotB, isFirst: slotA.state == .empty, after: slotA.generation)
    } else {
      throw .subjectMismatch
    }
    isDirty = true
  }

  /// Takes the answer to a request: the first credential, or the one for the next key.
  ///
  /// - Throws: ``DeviceError/subjectMismatch`` when it is about another device or request, or goes back a generation.
  public mutating func install(_ answer: BlindedCredential) throws(DeviceError) {
    guard let master = trust.master else { throw .credentials(.unknownIssuer(answer.credential.fields.issuer)) }
    guard answer.credential.fields.address == address, let name = slot(.requested) else { throw .subjectMismatch }
    let other = name == .a ? slotB.generation : slotA.generation
    let isFirst = name == .a ? slotB.state == .empty : slotA.state == .empty
    guard answer.credential.fields.generation > other else { throw .subjectMismatch }
    do throws(CredentialsError) {
      if name == .a {
        try slotA.completeRequest(answer, under: master)
        slotA.state = isFirst ? .active : .certified
      } else {
        try slotB.completeRequest(answer, under: master)
        slotB.state = isFirst ? .active : .certified
      }
    } catch { throw .credentials(error) }
    isDirty = true
  }

  /// Takes a key that was made elsewhere, with its credential: injected or escrow. Only for a device that has no key yet.
  ///
  /// - Throws: ``DeviceError/subjectMismatch`` when the credential is about another device, or does not lead to the key.
  public mutating func inject(
    _ credential: IdentityCredential, key: borrowing X25519.PrivateKey
  ) throws(DeviceError) {
    let expected: X25519.PublicKey
    do { expected = try trust.publicKey(of: credential) } catch { throw .credentials(error) }
    guard expected == key.publicKey, credential.fields.address == address, slotA.state == .requested,
      slotB.state == .empty
    else {
      throw .subjectMismatch
    }
    slotA.key.copy(from: key)
    slotA.certificate = Certificate(credential, publicKey: key.publicKey)
    slotA.state = .active
    isDirty = true
  }

  private static func install(
    _ certificate: Certificate, in slot: inout KeySlot, isFirst: Bool, after other: Generation
  ) throws(DeviceError) {
    switch slot.state {
    case .pending, .certified:
      guard certificate.fields.generation > other else { throw .subjectMismatch }
      slot.state = isFirst ? .active : .certified
    case .active:
      guard certificate.fields.generation == slot.generation else { throw .subjectMismatch }
    case .empty, .retiring, .requested:
      throw .subjectMismatch
    }
    slot.certificate = certificate
  }

  /// The slot to open a session with: a certified key that has never been used comes first.
  ///
  /// - Parameter fallingBack: whether the server has just refused that one by its own word, so that the active key is tried.
  public func slotForSession(fallingBack: Bool = false) -> SlotName? {
    if !fallingBack, let certified = slot(.certified) { return certified }
    return slot(.active)
  }

  /// The server has authenticated a session under the key in `name`: if it was the next key, it is now the active one, and the
  /// old one retires.
  public mutating func confirmUse(of name: SlotName) {
    guard slot(.certified) == name else { return }
    // A key that retires opens no more sessions.
    if name == .a {
      slotA.state = .active
      slotB.state = .retiring
      slotB.forgetServer()
    } else {
      slotB.state = .active
      slotA.state = .retiring
      slotA.forgetServer()
    }
    isDirty = true
  }

  /// The mailbox holds nothing more that was sealed to an earlier key: the old key is overwritten.
  public mutating func retireOldKey() {
    switch slot(.retiring) {
    case .a: slotA.clear()
    case .b: slotB.clear()
    case nil: return
    }
    isDirty = true
  }
}
