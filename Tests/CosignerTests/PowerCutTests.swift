// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import TestSeed
import Testing
import ThresholdSigning
import Wire

@testable import Cosigner

@Suite("A co-signer dies and comes back")
struct PowerCutTests {
  private func key() -> X25519.PublicKey { X25519.PrivateKey.random().publicKey }

  /// A day's work: each step is repeated until the co-signer has done it, however often it dies.
  private struct Drill {
    let shares: [KeyShare]
    let steps: [(Desk) throws -> Refusal?]

    init() throws {
      shares = try Desk.shareKey()
      let keys = (0..<6).map { _ in PrivateKeyBox() }
      var steps: [(Desk) throws -> Refusal?] = [
        {
          // A batch is opened again under its number only if the first time did not arrive.
          do throws(CosignerError) {
            try $0.service.open(
              Opening(.batch, number: 1, system: SystemID(1), devices: DeviceID(1)...DeviceID(9), count: 3, end: .max),
              now: $0.now)
          } catch {
            if error == .invalidRequest { return nil }
            throw error
          }
          return nil
        }
      ]
      for device in 0..<3 {
        steps.append { try $0.ask($0.certificate(UInt64(device + 1), 1, keys[device].key.publicKey)) }
      }
      steps.append {
        let evidence = try $0.proof(1, of: keys[3].key.publicKey, 2, with: keys[0].key, from: 1)
        return try $0.ask($0.certificate(1, 2, keys[3].key.publicKey), evidence: evidence)
      }
      steps.append { try $0.ask($0.rotation(1, 2)) }
      steps.append { try $0.ask($0.revocation(2, 1)) }
      steps.append {
        $0.now = Desk.start + 3600
        return try $0.ask($0.epoch(21))
      }
      self.steps = steps
    }

    func newDisk(_ death: SimulatedDisk.Death?) -> SimulatedDisk {
      SimulatedDisk(
        SigningService.newLog(for: shares[0].group, epoch: Desk.firstEpoch, now: Desk.start), dying: death)
    }
  }

  @Test("killed at every write, before it and after it: what was answered holds, and the work goes on")
  func killedAtEveryWrite() throws {
    let drill = try Drill()
    var random = SeededGenerator(for: #function)
    let whole = drill.newDisk(nil)
    let reference = try Desk(drill.shares, on: whole)
    for step in drill.steps { #expect(try step(reference) == nil) }
    #expect(whole.operations > 2 * drill.steps.count)

    for operation in 1..<whole.operations {
      for afterwards in [false, true] {
        let disk = drill.newDisk(SimulatedDisk.Death(operation: operation, afterwards: afterwards))
        let desk = try Desk(drill.shares, on: disk)
        for step in drill.steps {
          var refusal = try? step(desk)
          if disk.isDead && (refusal == .unavailable || refusal == nil) && desk.disk === disk {
            // Dead, it answers nothing any more.
            #expect(try desk.ask(desk.epoch(20)) == .unavailable)
            try desk.restart(on: SimulatedDisk(disk.survivors(&random)))
            refusal = try step(desk)
          }
          #expect(refusal == .some(nil), "died at \(operation), afterwards: \(afterwards)")
        }
        // Whatever it had signed before it died, it signs no other key for.
        for device in 1...3 as ClosedRange<UInt64> {
          #expect(try desk.ask(desk.certificate(device, 1, key())) == (device == 2 ? .revoked : .conflictingKey))
        }
        desk.checkPromises()
        #expect(desk.service.epoch == 21)
        #expect(desk.service.revocations.count == 1)
      }
    }
  }
}
