// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a device gets a key pair over the network. The new identity is in a separate file beside the old one; once the server has
/// welcomed it, it takes the old one's name. Wherever it is interrupted, one of the two opens sessions.
extension SymmetricClient {
  static func successorPath(for path: String) -> String { path + ".next" }

  /// Makes the key, or finds the one that an interrupted migration made, and asks for its certificate.
  func prepareSuccessor(
    _ scheme: SchemeID, _ epoch: Epoch, _ serverKey: X25519.PublicKey, _ anchor: Ed25519.PublicKey
  ) throws(DeviceHostError) {
    let path = Self.successorPath(for: store.path)
    let address = try store.read { $0.address }
    if access(path, F_OK) == 0 {
      let successor = try DeviceStore(opening: path)
      let isUsable = try successor.read {
        $0.address == address && $0.scheme == scheme && $0.serverKey == serverKey && $0.renewalKey != nil
      }
      // A certificate that the server has forgotten, or another order before this one.
      if !isUsable { unlink(path) }
    }
    if access(path, F_OK) != 0 {
      try DeviceStore.create(path) { identity throws(DeviceError) in
        identity.create(address: address, anchor: anchor, serverKey: serverKey, epoch: epoch, scheme: scheme)
      }
    }
    if let key = try DeviceStore(opening: path).read({ $0.renewalKey }) { try send(.renew(key)) }
  }

  /// Stores the derived key of a successor that has one beside its key pair. It comes before the certificate.
  func takeSuccessorPSK(_ scheme: SchemeID, _ generation: Generation, _ psk: RawSpan) throws(DeviceHostError) {
    let path = DeviceClient.pskPath(for: store.path)
    let (address, epoch) = try store.read { ($0.address, $0.epoch) }
    if access(path, F_OK) == 0 {
      let isSame =
        (try? SymmetricStore(opening: path).read { $0.address == address && $0.generation == generation }) ?? false
      if isSame { return }
      // Of an order before this one, or half of a file.
      unlink(path)
    }
    var copy = [UInt8](copying: psk)
    defer {
      var span = copy.mutableBytes
      wipe(&span)
    }
    try SymmetricStore.create(path) { identity throws(DeviceError) in
      try identity.create(
        address: address, epoch: epoch, scheme: scheme, generation: generation, key: copy.bytes)
    }
  }

  func certifySuccessor(_ certificate: Certificate) throws(DeviceHostError) {
    let successor = try DeviceStore(opening: Self.successorPath(for: store.path))
    try successor.update { identity throws(DeviceError) in try identity.install(certificate) }
    shouldReconnect = true
  }
}
