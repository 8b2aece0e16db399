// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What follows from the log, and what every statement is judged by.
struct Ledger {
  /// Where a key was signed. A key is signed in one place for good.
  struct Place: Equatable {
    let address: DeviceAddress
    let generation: Generation
  }

  struct Device {
    /// The newest generation that was signed.
    var highest: Generation = 0
    /// This generation and every earlier one is revoked.
    var revokedThrough: Generation = 0
    /// The newest generation that the server has stated to be in use.
    var inUse: Generation = 0
    /// The keys of the generations from ``inUse`` on, which may prove.
    var keys: [(generation: Generation, key: X25519.PublicKey)] = []
  }

  struct Open {
    let opening: Opening
    var remaining: UInt32
  }

  let key: Ed25519.PublicKey
  let keyID: IssuerKeyID
  private(set) var epoch: Epoch
  /// When ``epoch`` was signed first.
  private(set) var epochTime: UInt64
  private(set) var devices: [DeviceAddress: Device] = [:]
  private(set) var places: [X25519.PublicKey: Place] = [:]
  private(set) var openings: [UInt32: Open] = [:]
  private(set) var numbers: Set<UInt32> = []
  private(set) var approvals: Set<Bytes<32>> = []
  private(set) var issuance: IssuanceContent?

  /// - Throws: ``CosignerError/foreignLog`` unless it is a log's first entry.
  init(_ first: Entry) throws(CosignerError) {
    guard case .founded(let key, let epoch, let time) = first else { throw .foreignLog }
    self.key = key
    keyID = IssuerKeyID(key)
    self.epoch = epoch
    epochTime = time
  }

  /// What an entry of the log changes. Entries were judged when they were made.
  ///
  /// - Throws: ``CosignerError/foreignLog`` for a second founding.
  mutating func apply(_ entry: Entry) throws(CosignerError) {
    switch entry {
    case .founded: throw .foreignLog
    case .opened(let opening):
      openings[opening.number] = Open(opening: opening, remaining: opening.count)
      numbers.insert(opening.number)
    case .closed(let number): openings[number] = nil
    case .approved(let digest): approvals.insert(digest)
    case .signed(let statement, let basis, let time): apply(statement, basis, time)
    }
  }

  private mutating func apply(_ statement: SignedContent, _ basis: Basis, _ time: UInt64) {
    switch basis {
    case .batch(let number), .window(let number):
      if let open = openings[number], open.remaining > 0 { openings[number]?.remaining -= 1 }
    case .routine, .proof, .approval: break
    }
    switch statement.content {
    case .certificate(let fields, let key):
      guard places.updateValue(Place(address: fields.address, generation: fields.generation), forKey: key) == nil else {
        return
      }
      change(fields.address) { device in
        device.highest = max(device.highest, fields.generation)
        device.keys.append((fields.generation, key))
      }
    case .epoch(let content):
      guard content.epoch > epoch else { return }
      epoch = content.epoch
      epochTime = time
    case .revocation(let content):
      change(DeviceAddress(system: content.system, device: content.device)) { device in
        device.revokedThrough = max(device.revokedThrough, content.generation)
      }
    case .rotation(let content):
      change(DeviceAddress(system: content.system, device: content.device)) { device in
        device.inUse = max(device.inUse, content.generation)
        device.keys.removeAll { $0.generation < device.inUse }
      }
    case .issuance(let content): issuance = content
    case .policy: break
    }
  }

  private mutating func change(_ address: DeviceAddress, _ body: (inout Device) -> Void) {
    var device = devices[address] ?? Device()
    body(&device)
    devices[address] = device
  }
}
