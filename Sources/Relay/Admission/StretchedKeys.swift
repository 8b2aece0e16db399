// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry
import Synchronization
import Wire

/// Keys of `derived-key-pbkdf2` that have been computed, so that a name once seen on the wire costs the server its thousands of
/// iterations once, and not at every frame that somebody makes up with it.
///
/// They follow from the master key, which is in the same memory. If there are more devices than places, keys of devices that have
/// proved themselves stay longest.
final class StretchedKeys: Sendable {
  /// 1 MB.
  static let capacity = 8_192

  private struct Name: Hashable {
    let address: DeviceAddress
    let generation: Generation
    let salt: [UInt8]

    init(_ device: NamedDevice) {
      address = device.device.address
      generation = device.credential.generation
      salt = device.credential.material
    }
  }

  private final class Entry: @unchecked Sendable {
    private let key: SecretBytes<32>
    /// Under the lock of all.
    var isProved = false

    init(_ key: borrowing SecretBytes<32>) throws(CryptoError) { self.key = try SecretBytes<32>(copying: key.bytes) }

    func withKey(_ body: (borrowing SecretBytes<32>) -> Void) { body(key) }
  }

  private struct State {
    var entries: [Name: Entry] = [:]
    /// The same in no order, to pick from.
    var names: [Name] = []

    /// Drops one of a few picked at random: nobody can choose which, and a key that was never proved goes first.
    mutating func makeRoom() {
      var place = 0
      for _ in 0..<16 {
        place = Int.random(in: names.indices)
        if entries[names[place]]?.isProved != true { break }
      }
      entries[names[place]] = nil
      if let last = names.popLast(), place < names.count { names[place] = last }
    }
  }

  private let state = Mutex(State())

  func holds(_ device: NamedDevice) -> Bool {
    let name = Name(device)
    return state.withLock { $0.entries[name] != nil }
  }

  /// Writes the device's key; false when it has to be computed.
  func find(_ device: NamedDevice, into key: inout SecretBytes<32>) -> Bool {
    let name = Name(device)
    guard let entry = state.withLock({ $0.entries[name] }) else { return false }
    entry.withKey { key.copy(from: $0.bytes) }
    return true
  }

  func remember(_ key: borrowing SecretBytes<32>, of device: NamedDevice) {
    let name = Name(device)
    guard let entry = try? Entry(key) else { return }
    state.withLock { state in
      guard state.entries[name] == nil else { return }
      if state.names.count >= Self.capacity { state.makeRoom() }
      state.names.append(name)
      state.entries[name] = entry
    }
  }

  /// The device has shown that it has this key.
  func prove(_ device: NamedDevice) {
    let name = Name(device)
    state.withLock { $0.entries[name]?.isProved = true }
  }
}
