// SPDX-License-Identifier: Apache-2.0

import Assembly
import Credentials
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// A device's status, in the word that lists use.
enum DeviceStatus {
  /// A revoked device is `revoked`, whatever else applies.
  static func word(isRevoked: Bool, _ quarantine: String?) -> String {
    isRevoked ? "revoked" : quarantine == nil ? "active" : "quarantined"
  }

  /// The same for a line, with the next key that waits.
  static func phrase(isRevoked: Bool, _ quarantine: String?, nextKey: String?) -> String {
    let word = word(isRevoked: isRevoked, quarantine)
    guard !isRevoked else { return word }
    return [word + (quarantine.map { " (\($0))" } ?? ""), nextKey].compactMap(\.self).joined(separator: ", ")
  }
}

/// A device in JSON.
struct DeviceEntry: Encodable {
  struct Key: Encodable {
    let generation: Generation
    let lastEpoch: Epoch
    let publicKey: String
    let certificate: String
    let credential: String
    let issuance: String?

    init(_ certificate: Certificate) {
      generation = certificate.fields.generation
      lastEpoch = certificate.fields.lastEpoch
      publicKey = hexadecimal(certificate.publicKey.bytes)
      self.certificate = hexadecimal(certificate)
      credential = certificate.identityCredential == nil ? "certificate" : "identity-based"
      issuance = certificate.identityCredential.map { "\($0.issuance)" }
    }
  }

  let device: String
  let system: UInt32
  let status: String
  /// `device` or `application`.
  let role: String
  let active: Key
  let pending: Key?
  let revokedThrough: Generation?
  let floor: String
  let createdAt: Int64
  let changedAt: Int64
  var orders: [String]?
  /// Why the device is in quarantine; nil when it is not.
  let quarantine: String?

  init(_ device: RegisteredDevice, quarantine: String?) {
    self.quarantine = quarantine
    self.device = device.address.device.description
    system = device.address.system.rawValue
    status = DeviceStatus.word(isRevoked: device.isRevoked, quarantine)
    role = device.isApplication ? "application" : "device"
    active = Key(device.certificate)
    pending = device.pending.map { Key($0) }
    revokedThrough = device.revokedThrough == 0 ? nil : device.revokedThrough
    floor = "\(device.floor)"
    createdAt = device.createdAt
    changedAt = device.changedAt
  }
}

/// A device without a key pair, in JSON.
struct SymmetricEntry: Encodable {
  let device: String
  let system: UInt32
  let status: String
  let scheme: String
  let generation: Generation
  let pendingGeneration: Generation?
  let migratesTo: String?
  let sessions: UInt32?
  let endToEnd = false
  let revokedThrough: Generation?
  let floor: String
  let createdAt: Int64
  let changedAt: Int64
  var orders: [String]?
  /// Why the device is in quarantine; nil when it is not.
  let quarantine: String?

  init(_ device: SymmetricDevice, quarantine: String?) {
    self.quarantine = quarantine
    self.device = device.address.device.description
    system = device.address.system.rawValue
    status = DeviceStatus.word(isRevoked: device.isRevoked, quarantine)
    scheme = device.current.scheme.name
    generation = device.generation
    pendingGeneration = device.pending?.generation
    migratesTo = device.migration?.name
    sessions = device.current.scheme.row.hasCounter ? device.counter : nil
    revokedThrough = device.revokedThrough == 0 ? nil : device.revokedThrough
    floor = "\(device.floor)"
    createdAt = device.createdAt
    changedAt = device.changedAt
  }
}

/// The standalone form, of an identity-based credential without the key that follows from it, in hexadecimal digits.
func hexadecimal(_ certificate: Certificate) -> String { hexadecimal(PEM(certificate).content.bytes) }

/// A statement in hexadecimal digits.
func hexadecimal<Content>(_ statement: Statement<Content>) -> String {
  hexadecimal(encoded(statement).bytes)
}

/// A statement's bytes.
func encoded<Content>(_ statement: Statement<Content>) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: Statement<Content>.encodedLength)
  var target = bytes.mutableBytes
  statement.encode(into: &target)
  return bytes
}
