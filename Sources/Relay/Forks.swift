import Credentials
import Device
import Primitives
import Registry

/// Telling a device that has missed an acknowledgement from one of which there are two.
///
/// A device stores each key before it shows it, and shows no other until that one is its active key. So a device that speaks
/// under the key before the one in use has merely not heard that its next key was taken into use: asked for its next key, it
/// shows the one that is in use. Whoever shows another has made it elsewhere, from the same memory: a fork. Nor can a device be
/// two keys behind, or change its mind about a key that waits for its first use. An identity-based device stores each request
/// before it sends it, and the credential in its place, so that the same is true of requests.
///
/// Which of two holders is the device, the server cannot know. Neither gets a session until the owner has looked at it.
extension Relay {
  /// A session under a key that was replaced: good for nothing but showing the next key.
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

  /// The same for a request. Who speaks under the key before the one in use has the credential of that one, and need not ask.
  func isSettledAsFork(request: Bytes<32>, _ client: Client) throws(RegistryError) -> Bool {
    if client.isRetired {
      try quarantine(client.address, "two keys follow generation \(client.generation)", alsoClosing: client)
      return true
    }
    guard client.publicKey == (try registry.device(client.address))?.certificate.publicKey else {
      // Another session took the next key into use while this request was on its way.
      client.connection.close(.superseded)
      return true
    }
    guard let pending = try registry.pendingCredential(of: client.address), pending.request != request else {
      return false
    }
    try quarantine(
      client.address, "two keys for generation \(pending.certificate.fields.generation)", alsoClosing: client)
    return true
  }

  /// What an identity-based device is told that has fallen back to the key in use and shows its next one: the credential of that,
  /// or, when the registry does not know it, the one in use.
  func credential(of key: X25519.PublicKey, _ client: Client) throws(RegistryError) -> Certificate {
    guard let device = try registry.device(client.address) else { throw .unknownDevice(client.address) }
    guard let pending = device.pending, pending.publicKey == key else { return device.certificate }
    return pending
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
