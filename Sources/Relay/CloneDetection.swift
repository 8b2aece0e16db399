// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Logging
import Records
import Registry
import Wire

/// Distinguishes a device that has missed an acknowledgement from a device with a copy.
///
/// A device stores each key before it shows it, and shows no other until that one is its active key. So a device that speaks
/// under the previous key has merely not heard that its next key was taken into use: asked for its next key, it shows the one
/// that is in use. Whoever shows another key has made it elsewhere, from the same memory: there is a copy. Nor can a device be
/// two keys behind, or change its mind about a key that waits for its first use. An identity-based device stores each request
/// before it sends it, and the credential in its place, so that the same is true of requests.
///
/// The server cannot know which of two holders is the device. Neither gets a session until the owner has decided.
extension Relay {
  /// A session under a key that was replaced: good only for showing the next key.
  func begin(
    retired client: Client, _ hello: DeviceRecord.Hello, in device: RegisteredDevice
  ) throws(RegistryError) {
    // A generation between the two that was never in use is a credential that expired before its device had it.
    guard try !registry.wasInUse(between: client.generation, and: device.generation, of: client.address) else {
      return try quarantine(
        client.address, "key of generation \(client.generation) used while \(device.generation) is in use",
        alsoClosing: client)
    }
    router.keep(retired: client)?.connection.close(.superseded)
    log(.info, "one_key_behind", client)
    let statement = try registry.state().epochStatement
    client.connection.welcome(
      client,
      [
        OutgoingRecord(.welcome(session: client.number, mayOnlyRenew: true, statement)), OutgoingRecord(.rotate),
      ])
  }

  /// The registry has put a device into quarantine: all its sessions end.
  func closeQuarantined(_ client: Client, _ detail: String) {
    log(.critical, "two_of_one_device", client, ["reason": "\(detail)"])
    tell(.quarantined, of: client.address)
    client.connection.close(.quarantined)
    for other in router.sessions(of: client.address) { other.connection.close(.quarantined) }
  }

  private func quarantine(
    _ address: DeviceAddress, _ detail: String, alsoClosing client: Client
  ) throws(RegistryError) {
    try registry.quarantine(address, because: detail)
    closeQuarantined(client, detail)
  }
}
