// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Makes the devices of a plan: registers them, and writes a device file, or for a key that the device made a certificate,
/// for each. What was done before an interruption is found again and not repeated.
public struct Batch {
  public let registry: any EnrolmentRegistry
  public let issuer: AuthorityIssuer
  public let system: SystemID
  /// Where the files go.
  public let directory: String
  /// How the devices prove themselves.
  public let scheme: SchemeID
  /// The authority from which the devices' keys follow, in the schemes in which they do.
  public let authority: Authority?
  /// How identity-based credentials are issued, and by whom; nil for certificates.
  public let identityBased: (issuance: IdentityCredential.Issuance, authority: Authority)?

  /// Devices per transaction.
  private static let chunk = 500

  public struct Summary: Equatable, Sendable {
    /// Made by this run.
    public var made = 0
    /// Found from an earlier run.
    public var found = 0
  }

  public init(
    registry: any EnrolmentRegistry, issuer: AuthorityIssuer, system: SystemID, directory: String,
    scheme: SchemeID = .certified, authority: Authority? = nil,
    identityBased: (issuance: IdentityCredential.Issuance, authority: Authority)? = nil
  ) {
    self.scheme = scheme
    self.authority = authority
    self.identityBased = identityBased
    self.registry = registry
    self.issuer = issuer
    self.system = system
    self.directory = directory
  }

  /// Makes whatever of the plan is not yet there.
  ///
  /// - Parameter progress: called after each chunk with the number of rows that are there.
  /// - Throws: ``AssemblyError/conflicts(_:)`` before anything is done; ``AssemblyError/directoryInUse(path:)``; on any other
  ///   error what was done so far stays, and running again continues.
  public func run(_ plan: BatchPlan, progress: (Int) -> Void = { _ in }) throws(AssemblyError) -> Summary {
    if identityBased != nil || scheme != .certified, let row = plan.rows.first(where: { $0.publicKey != nil }) {
      throw .csv(line: row.line, .unexpectedPublicKey)
    }
    if !scheme.isSymmetric || scheme.row.derivation != .device,
      let row = plan.rows.first(where: { $0.secretKey != nil })
    {
      throw .csv(line: row.line, .unexpectedSecretKey)
    }
    try usingFiles(try Directories.create(directory))
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    if scheme.isSymmetric {
      guard let authority else { throw .registry(.unsuitableScheme(scheme)) }
      return try makeSymmetric(plan, authority, progress: progress)
    }
    let journal = BatchJournal(directory: directory)
    try recover(from: journal)
    let todo = try outstanding(plan)
    var summary = Summary(made: 0, found: plan.rows.count - todo.count)
    progress(summary.found)

    let state: AuthorityState
    do { state = try registry.state() } catch { throw .registry(error) }
    let bench = IdentityBench(capacity: min(Self.chunk, todo.count))
    var start = 0
    while start < todo.count {
      let rows = todo[start..<min(start + Self.chunk, todo.count)]
      try make(Array(rows), bench, state, journal)
      start += rows.count
      summary.made += rows.count
      progress(summary.found + summary.made)
    }
    // One wait for all files, instead of one for each: until then the journal has the keys.
    if summary.made > 0 { sync() }
    journal.remove()
    return summary
  }

  /// The file of a device.
  public func path(of row: BatchPlan.Row) -> String {
    directory + "/" + Self.fileName(row.device, isDeviceFile: row.publicKey == nil)
  }

  static func fileName(_ device: DeviceID, isDeviceFile: Bool) -> String {
    let digits = String(device.rawValue, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + (isDeviceFile ? ".device" : ".pem")
  }

  private func make(
    _ rows: [BatchPlan.Row], _ bench: IdentityBench, _ state: AuthorityState, _ journal: BatchJournal
  ) throws(AssemblyError) {
    if let identityBased { return try make(rows, bench, state, journal, identityBased) }
    let length = DeviceIdentity.encodedLength
    let own = rows.indices.filter { rows[$0].publicKey == nil }
    var buffer = [UInt8](repeating: 0, count: own.count * length)
    defer { wipe(&buffer) }

    var devices = rows.map { row in
      NewDevice(
        address: DeviceAddress(system: system, device: row.device), publicKey: row.publicKey ?? X25519.PublicKey())
    }
    for (place, index) in own.enumerated() {
      let address = devices[index].address
      devices[index] = NewDevice(address: address, publicKey: bench.create(place, address, state, scheme))
      bench.encode(place, into: &buffer, at: place * length)
    }
    if scheme == .hybridIKpsk2 {
      guard let authority else { throw .registry(.unsuitableScheme(scheme)) }
      for row in rows {
        try SymmetricAssembly.makePSK(address(of: row), file: path(of: row) + ".psk", registry, authority)
      }
    }
    if !own.isEmpty { try journal.append(buffer.bytes) }

    let certificates: [Certificate]
    do { certificates = try registry.addDevices(devices, issuer: issuer) } catch { throw .registry(error) }
    for (place, index) in own.enumerated() {
      try bench.install(place, certificates[index])
      bench.encode(place, into: &buffer, at: place * length)
      try write(buffer.bytes.extracting(place * length..<(place + 1) * length), to: path(of: rows[index]))
    }
    for index in rows.indices where rows[index].publicKey != nil {
      try write(Array(PEM(certificates[index]).text.utf8).bytes, to: path(of: rows[index]))
    }
  }

  /// With identity-based credentials: whole before the registry learns of them.
  private func make(
    _ rows: [BatchPlan.Row], _ bench: IdentityBench, _ state: AuthorityState, _ journal: BatchJournal,
    _ identityBased: (issuance: IdentityCredential.Issuance, authority: Authority)
  ) throws(AssemblyError) {
    let length = DeviceIdentity.encodedLength
    var buffer = [UInt8](repeating: 0, count: rows.count * length)
    defer { wipe(&buffer) }
    var issued: [IssuedCredential] = []
    for (place, row) in rows.enumerated() {
      let address = DeviceAddress(system: system, device: row.device)
      bench.begin(place, address, state)
      let fields = identityBased.authority.identityMaster.fields(
        for: address, generation: 1, lastEpoch: state.lastEpoch)
      issued.append(try bench.issue(place, fields, identityBased.issuance, identityBased.authority))
      bench.encode(place, into: &buffer, at: place * length)
    }
    try journal.append(buffer.bytes)
    do { try registry.record(issued, enrolAgain: false) } catch { throw .registry(error) }
    for (place, row) in rows.enumerated() {
      try write(buffer.bytes.extracting(place * length..<(place + 1) * length), to: path(of: row))
    }
  }

  /// Writes the files of devices that were registered when the batch was cut off.
  private func recover(from journal: BatchJournal) throws(AssemblyError) {
    var records = try journal.read()
    defer { wipe(&records) }
    let length = DeviceIdentity.encodedLength
    let bench = IdentityBench(capacity: 2)
    var buffer = [UInt8](repeating: 0, count: length)
    defer { wipe(&buffer) }
    for offset in stride(from: 0, to: records.count, by: length) {
      // What does not load was torn, and so never registered.
      guard let (address, key) = try? bench.load(0, records.bytes.extracting(offset..<offset + length)) else {
        continue
      }
      let device: RegisteredDevice?
      do { device = try registry.device(address) } catch { throw .registry(error) }
      guard let certificate = device?.certificate, certificate.publicKey == key else { continue }
      let path = directory + "/" + Self.fileName(address.device, isDeviceFile: true)
      if isWhole(path, bench) { continue }
      try bench.install(0, certificate)
      bench.encode(0, into: &buffer, at: 0)
      unlink(path)
      try write(buffer.bytes, to: path)
    }
  }

  private func isWhole(_ path: String, _ bench: IdentityBench) -> Bool {
    guard var content = try? SecretFile.read(path, limit: DeviceIdentity.encodedLength) else { return false }
    defer { wipe(&content) }
    return (try? bench.load(1, content.bytes)) != nil
  }

  /// The rows that are not there yet; refuses rows in conflict with something else.
  private func outstanding(_ plan: BatchPlan) throws(AssemblyError) -> [BatchPlan.Row] {
    var conflicts = [BatchConflict]()
    var rows = [BatchPlan.Row]()
    for row in plan.rows {
      let device: RegisteredDevice?
      do {
        device = try registry.device(DeviceAddress(system: system, device: row.device))
      } catch { throw .registry(error) }
      let hasFile = access(path(of: row), F_OK) == 0
      var reason: BatchConflict.Reason?
      switch (device, row.publicKey) {
      case (nil, _): if hasFile { reason = .foreignFile } else { rows.append(row) }
      case (_?, nil): if !hasFile { reason = .registeredElsewhere }
      case (let device?, let key?):
        if device.certificate.publicKey != key {
          reason = .registeredWithAnotherKey
        } else if !hasFile {
          try write(Array(PEM(device.certificate).text.utf8).bytes, to: path(of: row))
        }
      }
      if let reason, conflicts.count < 100 {
        conflicts.append(BatchConflict(device: row.device, line: row.line, reason: reason))
      }
    }
    guard conflicts.isEmpty else { throw .conflicts(conflicts) }
    return rows
  }

  /// One directory, one batch.
  private func lock() throws(AssemblyError) -> FileLock {
    do { return try FileLock(directory + "/.batch-lock") } catch {
      throw error.reason == .inUse ? .directoryInUse(path: directory) : .file(error)
    }
  }

  private func write(_ bytes: RawSpan, to path: String) throws(AssemblyError) {
    try usingFiles(try SecretFile.create(path, bytes, synchronizing: false))
  }
}
