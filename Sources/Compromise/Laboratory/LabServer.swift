// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Keyring
import Records
import Registry
import Relay
import Schemes
import Wire

/// A server that is weak on purpose: the handshakes of module Schemes over a ``LabRegistry``, and sessions that speak the relay's records.
final class LabServer: Gate {
  let authority: Authority
  let master: [UInt8]
  let weaknesses: Weaknesses
  /// Which schemes are served on this port.
  let schemes: [SchemeID]
  var book = LabRegistry()
  var epoch: Epoch
  /// Seconds since 1970; only the weakness `dated` looks at it.
  var clock: Int64 = 1_800_000_000

  init(_ authority: Authority, schemes: [SchemeID], weaknesses: Weaknesses, epoch: Epoch) {
    self.authority = authority
    self.schemes = schemes
    self.weaknesses = weaknesses
    self.epoch = epoch
    master = keyBytes(of: authority.derivationMaster)
  }

  func connect() -> any Line { LabConnection(self) }

  /// The key that the server computes for a device in the derived schemes.
  func key(of row: LabRegistry.Row, pending: Bool = false) throws -> [UInt8] {
    try Derivation.device(
      row.address, generation: pending ? row.generation + 1 : row.generation,
      rotationInput: pending ? row.pendingInput ?? [] : row.rotationInput, master: master)
  }
}

/// Why a ``LabServer`` turns a device away.
enum GateRefusal: Error {
  case unknownScheme(UInt8)
  case unknownDevice
  case revoked
  case belowFloor
  case invalidCertificate
  /// The weakness `dated`: the server's clock says that the certificate has not begun or has ended.
  case outsideValidity
}

/// A device as a first frame claims it: who, and what must change once it has proved it.
struct Admitted {
  let address: DeviceAddress
  let scheme: SchemeID
  let generation: Generation
  var confirm: (inout LabRegistry.Row) -> Void = { _ in }
  /// What the first message itself said: only the weakness `actsOnFirstMessage` listens.
  var earlyText: [UInt8]?
}

final class LabConnection: Line {
  private let gate: LabServer
  private var keys = SessionKeys()
  private var admitted: Admitted?
  private var isConfirmed = false
  private(set) var refusal: String?
  private(set) var accepted: [HeardText] = []

  init(_ gate: LabServer) { self.gate = gate }

  func send(_ frame: [UInt8]) -> [[UInt8]] {
    guard refusal == nil else { return [] }
    do {
      guard let admitted else {
        let (admitted, reply) = try gate.admit(frame, &keys)
        self.admitted = admitted
        if let text = admitted.earlyText { accepted.append(HeardText(device: admitted.address, text: text)) }
        return [reply]
      }
      return try receive(frame, from: admitted)
    } catch {
      refusal = "\(error)"
      return []
    }
  }

  private func receive(_ frame: [UInt8], from device: Admitted) throws -> [[UInt8]] {
    let bytes = try open(frame)
    if !isConfirmed {
      isConfirmed = true
      gate.confirm(device)
    }
    switch try DeviceRecord(decoding: bytes.bytes) {
    case .hello:
      let epoch = try gate.authority.issuer.statement(EpochContent(epoch: gate.epoch))
      return [try keys.sending.encrypt(encoded(.welcome(session: 1, mayOnlyRenew: false, epoch)))]
    case .frame(let to, let session, let body):
      accepted.append(HeardText(device: device.address, text: [UInt8](copying: body)))
      return [try keys.sending.encrypt(encoded(.unreachable(to, session: session)))]
    case .renew(let key, _):
      let certificate = try gate.authority.issuer.certificate(
        for: key, system: device.address.system, device: device.address.device, generation: device.generation + 1,
        lastEpoch: gate.epoch + 8)
      return [try keys.sending.encrypt(encoded(.certificate(certificate)))]
    default: return [try keys.sending.encrypt(encoded(.pong))]
    }
  }

  private func open(_ frame: [UInt8]) throws -> [UInt8] {
    guard gate.weaknesses.contains(.anyOrder) else { return try keys.receiving.decrypt(frame) }
    // Any of the first nonces will do, used or not.
    for nonce in UInt64(0)..<8 {
      keys.receiving.nonce = nonce
      if let bytes = try? keys.receiving.decrypt(frame) { return bytes }
    }
    throw NoiseError.decryptionFailed
  }
}

extension LabServer {
  /// The device has sent a record under the session's keys: what it claimed is true.
  func confirm(_ device: Admitted) {
    guard var row = book.rows[device.address] else { return }
    device.confirm(&row)
    row.floor = max(row.floor, device.scheme.row.floor)
    book.rows[device.address] = row
  }
}
