// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Noise
import CountersignCrypto
import Mailbox
import Records
import Registry
import Schemes
import Wire

/// One connection as a state machine: frames in, actions out, records sealed. It does no I/O and asks only the admission who the
/// device is. Used by one thread at a time.
package final class RelaySession {
  private enum Phase {
    case start
    case handshake(any Admission)
    /// The keys are there; the device has not used them yet.
    case awaitingHello(Claimant, any Admission)
    /// The device has proved itself; the server is making up its welcome.
    case awaitingWelcome(DeviceAddress)
    case established(DeviceAddress, UInt32)
    case closed
  }

  private let admissions: Admissions
  private let heldLimit: Int
  private var phase = Phase.start
  private var keys = SessionKeys()
  private var proof = ProofContext()
  private var held: [[UInt8]] = []

  package init(admissions: Admissions, limits: RelayLimits) {
    self.admissions = admissions
    heldLimit = limits.framesBeforeWelcome
  }

  /// Whether the next frame costs asymmetric cryptography.
  package var isInHandshake: Bool {
    switch phase {
    case .start, .handshake: true
    default: false
    }
  }

  /// Whether the device has sent a record under the session's keys.
  package var isAuthenticated: Bool {
    switch phase {
    case .awaitingWelcome, .established: true
    default: false
    }
  }

  /// Finds the admission for a first frame and has it look up the keys to try. A frame that is slow to answer would keep an event loop
  /// busy for too long: the session may receive it on another thread, while nobody else uses it.
  package func prepare(_ frame: [UInt8]) throws(AdmissionRefusal) -> AnswerCost {
    guard case .start = phase else { return .quick }
    let admission = try admissions.admission(for: frame.bytes)
    phase = .handshake(admission)
    return try admission.prepare(frame.bytes)
  }

  /// Takes a frame, without its length.
  package func receive(_ frame: consuming [UInt8]) -> RelayAction {
    switch phase {
    case .start:
      do throws(AdmissionRefusal) { return try advance(try admissions.admission(for: frame.bytes), frame) } catch {
        return refuse(error)
      }
    case .handshake(let admission):
      do throws(AdmissionRefusal) { return try advance(admission, frame) } catch { return refuse(error) }
    case .awaitingHello(let claimant, let admission):
      return open(frame) { record in
        guard case .hello(let hello) = record else { return .close(.violation) }
        admission.confirmed()
        phase = .awaitingWelcome(claimant.address)
        return .begin(claimant, hello)
      }
    case .awaitingWelcome:
      guard held.count < heldLimit else { return close(.overloaded) }
      held.append(frame)
      return .none
    case .established(let address, let number):
      return open(frame) { action(for: $0, from: address, number) }
    case .closed:
      return .none
    }
  }

  /// The server has welcomed the device: returns the frames that arrived meanwhile, to be received now.
  package func welcome(number: UInt32) -> [[UInt8]] {
    guard case .awaitingWelcome(let address) = phase else { return [] }
    phase = .established(address, number)
    defer { held = [] }
    return held
  }

  /// Lends what the handshake exports; nil when the session has no keys.
  package func withExport<Result>(_ body: (borrowing SecretBytes<32>) -> Result) -> Result? {
    keys.isPresent ? body(keys.export) : nil
  }

  /// Seals a record; nil when the session has no keys or may not use them any more.
  package func seal(_ record: OutgoingRecord) -> [UInt8]? {
    guard isAuthenticated else { return nil }
    return try? record.sealed(&keys.sending)
  }

  /// What tells a device that has proved itself, and is not welcomed yet, why it will not be; nil when that is not told.
  package func farewell(_ reason: CloseReason) -> [UInt8]? {
    guard case .awaitingWelcome = phase, case .refused(let refusal) = reason else { return nil }
    return refusal.told.flatMap(sealRefusal)
  }

  /// A frame, without its length.
  private func sealRefusal(_ reason: SessionRefusal) -> [UInt8]? {
    guard let frame = try? OutgoingRecord(.turnedAway(reason)).sealed(&keys.sending) else { return nil }
    return Array(frame.dropFirst(Framing.headerLength))
  }

  /// Ends the session and overwrites its keys.
  package func close() {
    phase = .closed
    held = []
    keys.wipe()
    proof.wipe()
  }

  private func advance(_ admission: any Admission, _ frame: [UInt8]) throws(AdmissionRefusal) -> RelayAction {
    let step = try admission.receive(frame.bytes, keys: &keys, proof: &proof)
    if let refusal = step.refusal {
      let reply = step.told.flatMap(sealRefusal) ?? step.reply
      close()
      return .turnAway(reply, refusal)
    }
    if let claimant = step.claimant {
      phase = .awaitingHello(claimant, admission)
    } else {
      phase = .handshake(admission)
    }
    return step.reply.isEmpty ? .none : .reply(step.reply)
  }

  private func refuse(_ refusal: AdmissionRefusal) -> RelayAction { close(.refused(refusal)) }

  private func close(_ reason: CloseReason) -> RelayAction {
    close()
    return .close(reason)
  }

  /// Decrypts and parses a frame, and closes the session when it cannot.
  private func open(_ frame: consuming [UInt8], _ body: (borrowing DeviceRecord) -> RelayAction) -> RelayAction {
    var frame = frame
    let action: RelayAction
    do {
      var message = frame.mutableBytes
      try keys.receiving.decrypt(inPlace: &message)
      let record = try DeviceRecord(decoding: message.bytes.extracting(0..<message.byteCount - tagLength))
      action = body(record)
    } catch { return close(.violation) }
    if case .close(let reason) = action { return close(reason) }
    return action
  }

  private func action(
    for record: borrowing DeviceRecord, from address: DeviceAddress, _ number: UInt32
  ) -> RelayAction {
    switch record {
    case .hello: .close(.violation)
    case .frame(let to, let session, let body):
      .route(
        to: to, session: session,
        OutgoingRecord(.frame(from: address, session: number, body)))
    case .lookup(let peer): .lookUp(peer)
    case .deposit(let to, let generation, let id, let body):
      // No key has generation 0, so nothing sealed can be taken for an open message.
      generation == 0
        ? .close(.violation)
        : .deposit(
          Deposit(
            recipient: to, sender: address, id: id, generation: generation,
            body: body.withUnsafeBytes { Data($0) }))
    case .delivered(let from, let id): .delivered(from: from, id: id)
    case .renew(let key, let proof):
      .renew(key, judge(proof, of: key))
    case .rekey: .rekey
    case .open(let to, let id, let body):
      .deposit(
        Deposit(recipient: to, sender: address, id: id, generation: 0, body: body.withUnsafeBytes { Data($0) }))
    case .request(let point): .request(point)
    case .ping: .pong
    case .suspend(let suspension): .suspend(suspension, SuspensionStart(export: keys.export))
    case .channel(let record): RelayAction(record, from: address)
    case .queue(let record): RelayAction(record, from: address)
    }
  }

  private func judge(_ shown: Bytes<16>?, of key: X25519.PublicKey) -> ShownProof {
    guard let shown, proof.isPresent else { return .none }
    return proof.accepts(shown, for: key) ? .valid : .wrong
  }
}
