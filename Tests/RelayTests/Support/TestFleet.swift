// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Logging
import CountersignCrypto
import Schemes
import Synchronization
import Wire

@testable import Mailbox
@testable import Keyring
@testable import Registry
@testable import Relay
@testable import RelayServer

/// An authority with two systems, a mailbox, and a relay without sockets that can be killed and started again.
final class TestFleet {
  let path: String
  let authority: Authority
  let registry: SQLiteRegistry
  let alpha: SystemID
  let beta: SystemID
  let limits: RelayLimits
  /// A clock that tests move.
  let clock = Clock()
  private(set) var mailbox: SQLiteMailbox
  private(set) var relay: Relay
  private(set) var watch: RegistryWatch
  private(set) var connections: [LoopbackConnection] = []

  /// - Parameter inMemory: whether the files may lie where a power cut would lose them, for tests of very many commits.
  init(certificateEpochs: Epoch = 8, limits: RelayLimits = RelayLimits(), inMemory: Bool = false) throws {
    let folder = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    var template = Array((folder + "/countersign-relay-XXXXXX").utf8CString)
    path = String(cString: mkdtemp(&template)!)
    self.limits = limits
    authority = Authority.random()
    let directory = AuthorityDirectory(path + "/authority")
    try directory.create(authority, sealing: .unsealed, certificateEpochs: certificateEpochs, actor: "test")
    let clock = clock
    registry = try directory.openRegistry(actor: "test", clock: { clock.seconds.withLock { $0 } })
    alpha = try registry.addSystem(named: "alpha").id
    beta = try registry.addSystem(named: "beta").id
    mailbox = try SQLiteMailbox(path: path + "/mailbox.sqlite", limits: limits.mailbox)
    relay = try Self.relay(registry, authority, mailbox, limits, clock)
    watch = RegistryWatch(relay)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static func relay(
    _ registry: SQLiteRegistry, _ authority: Authority, _ mailbox: SQLiteMailbox, _ limits: RelayLimits, _ clock: Clock
  ) throws -> Relay {
    try Relay(
      registry: registry, authority: authority, mailbox: mailbox, limits: limits,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { clock.seconds.withLock { $0 } },
      uptime: { UInt64(clock.seconds.withLock { $0 }) * 1_000_000_000 })
  }

  final class Clock: Sendable {
    let seconds = Mutex<Int64>(1_000_000)

    func advance(by amount: Int64) { seconds.withLock { $0 += amount } }
  }

  /// The server dies: whatever it has not written is gone, and so is every connection. Another one starts on its files.
  func restartServer() throws {
    settle()
    for connection in connections { connection.cut() }
    connections = []
    try mailbox.close()
    mailbox = try SQLiteMailbox(path: path + "/mailbox.sqlite", limits: limits.mailbox)
    relay = try Self.relay(registry, authority, mailbox, limits, clock)
    watch = RegistryWatch(relay)
  }

  /// A device with a certificate or an identity-based credential, and its flash memory.
  func device(_ id: UInt64, in system: SystemID? = nil, scheme: SchemeID = .certified) throws -> SimulatedDevice {
    let address = DeviceAddress(system: system ?? alpha, device: DeviceID(id))
    let device = SimulatedDevice()
    let state = try registry.state()
    device.identity.create(
      address: address, anchor: authority.issuerKey, serverKey: authority.serverKey.publicKey, epoch: state.epoch,
      scheme: scheme, master: authority.identityMaster.publicKey)
    if let request = device.identity.requestPoint {
      let fields = authority.identityMaster.fields(for: address, generation: 1, lastEpoch: state.lastEpoch)
      let issued = try IssuedCredential(fields, request: request, authority: authority)
      try registry.record([issued], enrolAgain: false)
      try device.identity.install(issued.answer!)
      device.store()
      return device
    }
    let certificate = try registry.addDevice(
      NewDevice(address: address, publicKey: device.identity.renewalKey!), issuer: authority.issuer)
    try device.identity.install(certificate)
    device.store()
    return device
  }

  /// A new connection to the relay.
  func connect() -> LoopbackConnection {
    let connection = LoopbackConnection(relay)
    connections.append(connection)
    return connection
  }

  /// Waits until nothing moves any more.
  func settle() {
    for _ in 0..<4 {
      for connection in connections { connection.settle() }
      relay.settle()
    }
    for connection in connections { connection.settle() }
  }

  /// Lets go of connections that have ended: whoever makes thousands of them would wait for each at every step.
  func forgetEnded() {
    settle()
    connections.removeAll { !$0.isOpen }
  }

  /// Lets the relay look at what others have written.
  func look() {
    relay.queue.sync { watch.look() }
    settle()
  }

  /// A server with sockets on the same files, beside the one without.
  func server(_ limits: RelayLimits? = nil, threads: Int = 2) throws -> RelayServer {
    try RelayServer(
      registry: registry, authority: authority, mailboxPath: path + "/mailbox-of-server.sqlite",
      limits: limits ?? self.limits, threads: threads, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}
