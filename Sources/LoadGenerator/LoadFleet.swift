// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import DeviceHost
import Foundation
import Processes
import NIOCore
import NIOPosix
import Keyring
import Registry
import Schemes
import Wire

/// An authority in a temporary directory, its devices in memory, and its server in a separate process.
final class LoadFleet {
  private let directory: String
  private var identities: [LoadIdentity] = []
  private var symmetric: [LoadSymmetricIdentity] = []

  init(count: Int, scheme: SchemeID) throws {
    var template = Array((NSTemporaryDirectory() + "/countersign-load-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw LoadError.noDirectory }
    directory = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let authority = Authority.random()
    let home = AuthorityDirectory(directory)
    try home.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "load")
    let registry = try home.openRegistry(actor: "load")
    let system = try registry.addSystem(named: "load").id
    let addresses = (1...count).map { DeviceAddress(system: system, device: DeviceID(UInt64($0))) }
    guard !scheme.isSymmetric else {
      symmetric = try addresses.map { try Self.symmetricDevice($0, scheme, registry, authority) }
      return
    }
    for address in addresses {
      let identity = LoadIdentity()
      identity.value.create(
        address: address, anchor: authority.issuerKey, serverKey: authority.serverKey.publicKey, epoch: 1,
        scheme: scheme)
      identities.append(identity)
    }
    let certificates = try registry.addDevices(
      identities.map { NewDevice(address: $0.value.address, publicKey: $0.value.renewalKey!) },
      issuer: authority.issuer)
    for (identity, certificate) in zip(identities, certificates) { try identity.value.install(certificate) }
  }

  private static func symmetricDevice(
    _ address: DeviceAddress, _ scheme: SchemeID, _ registry: SQLiteRegistry, _ authority: Authority
  ) throws -> LoadSymmetricIdentity {
    let identity = LoadSymmetricIdentity()
    let row = try registry.addSymmetricDevice(address, scheme: scheme, authority: authority)
    let key = try authority.encodeKey(row.current, of: address)
    try identity.value.create(
      address: address, epoch: row.toldEpoch, scheme: scheme, generation: row.generation, key: key.bytes)
    return identity
  }

  func identity(_ index: Int) -> LoadIdentity { identities[index] }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  /// Starts a server with the limits that it has unless told otherwise.
  func startServer(core: Int?) throws(LoadError) -> LoadServer {
    try LoadServer(directory: directory, core: core, limits: [])
  }

  /// Starts a server that accepts all devices and this many strangers.
  ///
  /// - Parameter strangers: when there are any, the server keeps its own limit of connections that have proved nothing; else all
  ///   devices may connect at once.
  func startServer(core: Int?, strangers: Int) throws(LoadError) -> LoadServer {
    let devices = identities.count + symmetric.count
    return try LoadServer(
      directory: directory, core: core,
      limits: ["--max-connections", "\(devices + strangers + 64)"]
        + (strangers > 0 ? [] : ["--max-unauthenticated", "\(devices)"]))
  }

  /// Connects every device, at most `inFlight` of them not yet admitted at a time; device i talks to i + 1.
  func connect(
    to port: Int, on group: MultiThreadedEventLoopGroup, inFlight: Int, _ plan: LoadPlan, _ counters: LoadCounters
  ) async throws -> [any Channel] {
    var futures: [EventLoopFuture<any Channel>] = []
    var patience = ContinuousClock.now + .seconds(30)
    var ready = 0
    for index in 0..<(identities.count + symmetric.count) {
      while index - counters.ready.value >= inFlight {
        if counters.ready.value > ready { (ready, patience) = (counters.ready.value, .now + .seconds(30)) }
        guard ContinuousClock.now < patience else { break }
        try await Task.sleep(for: .microseconds(200))
      }
      let device = device(index, plan, counters)
      futures.append(
        ClientBootstrap(group: group)
          .channelOption(.tcpOption(.tcp_nodelay), value: 1)
          .connectTimeout(.seconds(30))
          .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(device()) }
          }
          .connect(host: "127.0.0.1", port: port))
    }
    var channels: [any Channel] = []
    for future in futures { channels.append(try await future.get()) }
    return channels
  }

  /// What makes the handler of a device's channel, on its event loop.
  private func device(
    _ index: Int, _ plan: LoadPlan, _ counters: LoadCounters
  ) -> @Sendable () throws -> any ChannelHandler {
    guard identities.isEmpty else {
      let peer = identities[(index + 1) % identities.count].value.address
      return { [identity = identities[index]] in LoadDevice(identity, peer: peer, plan, counters) }
    }
    return { [identity = symmetric[index]] in LoadSymmetricDevice(identity, counters) }
  }
}

/// A device's identity in a place that does not move. One event loop at a time uses it.
final class LoadIdentity: @unchecked Sendable {
  var value = DeviceIdentity()
}
