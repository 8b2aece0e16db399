// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a device believes: the server's signing keys and its master public key, its own system, the highest epoch it has
/// seen, the policies and the revocations. It checks any certificate offline. It has a fixed size and holds no secret. It has one
/// owner, which lends it: a copy would fill a small device's stack.
public struct TrustStore: ~Copyable, Sendable {
  /// Room for a key and its successor while the server's signing key changes.
  public static let maximumAnchorCount = 2
  public static let maximumPolicyCount = 8

  public internal(set) var anchors = InlineArray<2, Ed25519.PublicKey?>(repeating: nil)
  /// The key that identity-based credentials are issued under; nil if the device never got it, and then it trusts none.
  public private(set) var master: MasterPublicKey?
  public internal(set) var system: SystemID
  public internal(set) var epoch: Epoch
  public internal(set) var policies = InlineArray<8, PolicyContent?>(repeating: nil)
  public internal(set) var revocations = RevocationList()

  public init(anchor: Ed25519.PublicKey, system: SystemID, epoch: Epoch) {
    anchors[0] = anchor
    self.system = system
    self.epoch = epoch
  }

  /// Trusts a second signing key beside the first, while the server changes from one to the other.
  public mutating func setSuccessor(_ anchor: Ed25519.PublicKey?) {
    anchors[1] = anchor
  }

  /// Trusts identity-based credentials that are issued under `master`.
  public mutating func setMaster(_ master: MasterPublicKey?) {
    self.master = master
  }

  /// The key that an identity-based credential leads to under the master key that this device trusts.
  ///
  /// - Throws: ``CredentialsError/unknownIssuer(_:)``, ``CredentialsError/invalidPoint``.
  public func publicKey(of credential: IdentityCredential) throws(CredentialsError) -> X25519.PublicKey {
    guard let master else { throw .unknownIssuer(credential.fields.issuer) }
    return try credential.publicKey(under: master)
  }

  /// Checks everything about a peer's certificate: signature, system, epoch, revocation.
  ///
  /// - Parameters:
  ///   - isInitiator: whether the certificate's subject opened the conversation, which is what a policy between two
  ///     systems is about.
  ///   - isVouchedFor: whether the server, which knows every revocation, has just routed or handed out this certificate.
  ///     Without its word the device trusts nobody if the list of revocations has overflowed, and no system but those in the list
  ///     of policies if that is full.
  public func verify(
    _ certificate: Certificate, isInitiator: Bool, isVouchedFor: Bool = false
  ) throws(CredentialsError) {
    try verifySignature(of: certificate)
    try check(certificate.fields, isInitiator: isInitiator, isVouchedFor: isVouchedFor)
  }

  /// The rules that do not depend on a signature: system, epoch, revocation. Once a certificate has been verified, checking again
  /// tells whether it is still valid.
  public func check(
    _ fields: CertificateFields, isInitiator: Bool, isVouchedFor: Bool = false
  ) throws(CredentialsError) {
    let subject = fields.system
    if subject != system {
      let isAllowed = isInitiator ? allows(from: subject, to: system) : allows(from: system, to: subject)
      // A full list may lack a policy that the server knows.
      if !isAllowed && !(isVouchedFor && policiesAreFull) {
        throw policiesAreFull ? .policyListFull(subject) : .foreignSystem(subject)
      }
    }
    guard fields.lastEpoch >= epoch else { throw .expired(lastEpoch: fields.lastEpoch, current: epoch) }
    try revocations.check(fields)
    if isVouchedFor { return }
    // The server serves no key that was replaced. Without the server, the generations met before count.
    try checkMet(fields)
    if revocations.isOverflowing { throw .revocationListFull }
  }

  /// Checks who signed a certificate, or that a credential leads to its key, and nothing else.
  public func verifySignature(of certificate: Certificate) throws(CredentialsError) {
    var signed = SignedBytes()
    guard certificate.layOut(in: &signed) else { return try verifyCredential(of: certificate) }
    try verify(signed.bytes, signed.signature, by: certificate.fields.issuer)
  }

  /// ``verifySignature(of:)-(Certificate)`` of the certificate in a place.
  ///
  /// - Throws: ``CredentialsError/subjectMismatch`` also when there is none.
  public func verifySignature(of place: borrowing CertificatePlace) throws(CredentialsError) {
    guard place.isSigned else { return try verifyCredential(in: place) }
    try verify(place.signedBytes, place.signature, by: place.issuer)
  }

  @inline(never)
  private func verifyCredential(in place: borrowing CertificatePlace) throws(CredentialsError) {
    guard let certificate = place.certificate else { throw .subjectMismatch }
    try verifyCredential(of: certificate)
  }

  /// Checks that the credential of an implicit certificate leads to its key.
  @inline(never)
  private func verifyCredential(of certificate: Certificate) throws(CredentialsError) {
    guard let credential = certificate.identityCredential, try publicKey(of: credential) == certificate.publicKey else {
      throw .subjectMismatch
    }
  }

  /// Takes an epoch statement. The epoch only rises; an older statement is true but changes nothing.
  public mutating func accept(_ statement: EpochStatement) throws(CredentialsError) {
    try verify(statement)
    guard statement.content.epoch > epoch else { return }
    epoch = statement.content.epoch
    revocations.forget(before: epoch)
    for index in policies.indices {
      if let policy = policies[index], policy.lastEpoch < epoch { policies[index] = nil }
    }
  }

  public mutating func accept(_ statement: RevocationStatement) throws(CredentialsError) {
    try verify(statement)
    guard statement.content.lastEpoch >= epoch else { return }
    revocations.insert(statement.content)
  }

  /// Takes a policy; a later one about the same two systems replaces it. It ignores policies that do not concern this system, and
  /// one for which there is no place: see ``policiesAreFull``.
  public mutating func accept(_ statement: PolicyStatement) throws(CredentialsError) {
    try verify(statement)
    let policy = statement.content
    guard policy.from == system || policy.to == system, policy.from != policy.to else { return }
    var free: Int?
    for index in policies.indices {
      if let old = policies[index], old.from == policy.from, old.to == policy.to {
        policies[index] = policy.lastEpoch >= epoch ? policy : nil
        return
      }
      if policies[index] == nil && free == nil { free = index }
    }
    if let free, policy.lastEpoch >= epoch { policies[free] = policy }
  }

  /// Whether devices of `from` may open conversations with devices of `to`.
  public func allows(from: SystemID, to: SystemID) -> Bool {
    if from == to { return true }
    for index in policies.indices {
      if let policy = policies[index], policy.from == from, policy.to == to, policy.lastEpoch >= epoch { return true }
    }
    return false
  }

  /// Whether every place for a policy is taken, so that there may be more than this device knows.
  public var policiesAreFull: Bool {
    for index in policies.indices where policies[index] == nil { return false }
    return true
  }

  func verify<Content>(_ statement: Statement<Content>) throws(CredentialsError) {
    var signed = SignedBytes()
    statement.layOut(in: &signed)
    try verify(signed.bytes, signed.signature, by: statement.issuer)
  }

  /// Tries each trusted key of this id: a key and its successor may share an id of two bytes.
  private func verify(_ message: RawSpan, _ signature: RawSpan, by id: IssuerKeyID) throws(CredentialsError) {
    var isKnown = false
    var key = SecretBytes<32>()
    for index in anchors.indices where copyAnchor(index, id, to: &key) {
      if Ed25519.isValid(signature, for: message, under: key.bytes) { return }
      isKnown = true
    }
    if isKnown { throw .invalidSignature }
    throw .unknownIssuer(id)
  }

  /// Returns the trusted key at `index`, if there is one and it has this id.
  @inline(never)
  private func copyAnchor(_ index: Int, _ id: IssuerKeyID, to key: inout SecretBytes<32>) -> Bool {
    guard let anchor = anchors[index], IssuerKeyID(anchor) == id else { return false }
    key.copy(from: anchor.bytes)
    return true
  }
}
