import Credentials
import Device
import Primitives
import Registry

/// Telling a device that has missed an acknowledgement from one of which there are two.
///
/// A device stores each key before it shows it, and shows no other until that one is its active key. So a device that speaks
/// under the key before the one in use has merely not heard that its next key was taken into use: asked for its next key, it
/// shows the one that is in use. Whoever shows another has made it elsewhere, from the same memory: a fork. Nor can a device be
/// two keys behind, or change its mind about a key that waits for its first use.
///
/// Which of two holders is the device, the server cannot know. Neither gets a session until the owner has looked at it.
extension Relay {
  /// A session under a key that was replaced: good for nothing but showing the next key.
  func begin(
    retired client: Client, _ hello: DeviceRecord.Hello, in device: RegisteredDevice
  ) throws(RegistryError) {
    guard device.generation - client.generation == 1 else {
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

  /// Whether a key that a device shows has been answered here: because the device was one key behind, or because it is a fork.
  func isSettledAsFork(_ key: X25519.PublicKey, _ client: Client) throws(RegistryError) -> Bool {
    guard let device = try registry.device(client.address) else { return false }
    if client.isRetired {
      // Its own old key, which it asks to renew before it comes to the next.
      if key == client.publicKey { return true }
      if key == device.certificate.publicKey {
        client.connection.send(.certificate(device.certificate))
      } else {
        try quarantine(
          client.address, "two keys follow generation \(client.generation)", alsoClosing: client)
      }
      return true
    }
    guard client.publicKey == device.certificate.publicKey, key != client.publicKey, let pending = device.pending,
      key != pending.publicKey
    else { return false }
    try quarantine(
      client.address, "two keys for generation \(pending.fields.generation)", alsoClosing: client)
    return true
  }

  private func quarantine(
    _ address: DeviceAddress, _ detail: String, alsoClosing client: Client
  ) throws(RegistryError) {
    try registry.quarantine(address, because: detail)
    log(.critical, "two_of_one_device", client, ["reason": "\(detail)"])
    client.connection.close(.quarantined)
    for other in router.sessions(of: address) { other.connection.close(.quarantined) }
  }
}
