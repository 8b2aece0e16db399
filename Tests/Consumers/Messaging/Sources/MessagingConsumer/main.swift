// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Logging
import Keyring
import Registry
import Relay
import RelayServer
import Wire

/// A fleet of two devices: the authority makes them, the server passes on what one tells the other.
let directory = FileManager.default.temporaryDirectory.appending(path: "fleet-\(UUID().uuidString)")
try FileManager.default.createDirectory(
  at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
defer { try? FileManager.default.removeItem(at: directory) }

let authority = Authority.random()
let fleet = AuthorityDirectory(directory.path + "/authority")
try fleet.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "assembly line")
let registry = try fleet.openRegistry(actor: "assembly line")
let system = try registry.addSystem(named: "waterworks").id

/// A key made on the device, a certificate for it, and both in a file.
func makeDevice(_ id: UInt64, _ name: String) throws -> DeviceStore {
  let address = DeviceAddress(system: system, device: DeviceID(id))
  let path = "\(directory.path)/\(name).device"
  try DeviceStore.create(path) { identity throws(DeviceError) in
    identity.create(
      address: address, anchor: authority.issuerKey, serverKey: authority.serverKey.publicKey,
      epoch: try! registry.state().epoch)
  }
  let store = try DeviceStore(opening: path)
  guard let key = try store.read({ $0.renewalKey }) else { fatalError("a new device has a key") }
  let certificate = try registry.addDevice(NewDevice(address: address, publicKey: key), issuer: authority.issuer)
  try store.update { identity throws(DeviceError) in try identity.install(certificate) }
  return store
}

let pump = try makeDevice(1, "pump")
let valve = try makeDevice(2, "valve")
let server = try RelayServer(
  registry: registry, authority: authority, mailboxPath: directory.path + "/authority/mailbox.sqlite", threads: 1,
  logger: Logger(label: "server"))
let port = try await server.listen(host: "127.0.0.1", port: 0).port
let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(port))

// The valve sleeps; the server keeps what the pump says until it wakes.
let sender = try DeviceClient.connect(pump, to: endpoint, listens: false)
let delivery = try sender.send(
  Array("open the north valve".utf8), to: try valve.read { $0.address }, id: try sender.nextMessageID())
print("The pump's message: \(delivery.outcome.rawValue).")

let listener = try DeviceClient.connect(valve, to: endpoint, listens: true)
let inbox = try Inbox(path: directory.path + "/valve.inbox")
var heard: [String] = []
while heard.isEmpty {
  _ = try listener.receiveMessage(inbox: inbox, timeout: .seconds(10)) {
    heard.append(String(decoding: $0.body, as: UTF8.self))
  }
}
print("The valve heard: \(heard[0]).")
await server.shutDown()
guard heard == ["open the north valve"] else { fatalError("it is the pump's message") }
