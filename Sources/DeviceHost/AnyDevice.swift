// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import CountersignCrypto
import Schemes
import Wire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A device by its file, of either kind: an order from the server may turn one into the other.
public final class AnyDevice {
  public enum Store {
    case key(DeviceStore)
    case symmetric(SymmetricStore)
  }

  /// The file itself, not a symbolic link to it.
  public let path: String
  public private(set) var store: Store
  private let patience: Duration

  /// - Parameter patience: how long a change waits for another process that holds the file's lock.
  public init(opening path: String, patience: Duration = .seconds(10)) throws(DeviceHostError) {
    self.patience = patience
    store = try Self.open(path, patience)
    self.path =
      switch store {
      case .key(let store): store.path
      case .symmetric(let store): store.path
      }
  }

  private static func open(_ path: String, _ patience: Duration) throws(DeviceHostError) -> Store {
    var content = try usingFiles(try SecretFile.read(path, limit: DeviceIdentity.encodedLength, followsLinks: true))
    let isSymmetric = SymmetricIdentity.isFile(content.bytes)
    wipe(&content)
    return isSymmetric
      ? .symmetric(try SymmetricStore(opening: path, patience: patience))
      : .key(try DeviceStore(opening: path, patience: patience))
  }

  public var address: DeviceAddress {
    get throws(DeviceHostError) {
      switch store {
      case .key(let store): try store.read { $0.address }
      case .symmetric(let store): try store.read { $0.address }
      }
    }
  }

  public var scheme: SchemeID {
    get throws(DeviceHostError) {
      switch store {
      case .key(let store): try store.read { $0.scheme }
      case .symmetric(let store): try store.read { $0.scheme }
      }
    }
  }

  /// Whether the device has no key pair, so that the server reads its messages.
  public var isSymmetric: Bool {
    if case .symmetric = store { return true }
    return false
  }

  /// Reserves the number of a message.
  public func nextMessageID() throws(DeviceHostError) -> MessageID {
    switch store {
    case .key(let store): try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
    case .symmetric(let store): try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
    }
  }

  /// Connects with the best key there is. A key pair that was certified and never used comes first, and from the server's
  /// welcome on it is the device's only key. Only the server's own word makes it go back to the one before.
  ///
  /// - Parameter allowsHopByHop: see ``DeviceClient/allowsHopByHop``.
  public func connect(
    to endpoint: Endpoint, listens: Bool, allowsHopByHop: Bool = false, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> any DeviceSession {
    store = try Self.open(path, patience)
    if case .symmetric(let symmetric) = store {
      guard let successor = try usableSuccessor() else {
        return try SymmetricClient.connect(symmetric, to: endpoint, listens: listens, timeout: timeout)
      }
      do throws(DeviceHostError) {
        // The welcome makes the move final on the server; the file follows, at the latest at the next try.
        _ = try DeviceClient.connect(successor, to: endpoint, listens: false, timeout: timeout)
        try adopt()
      } catch {
        guard case .refused = error else { throw error }
        return try SymmetricClient.connect(symmetric, to: endpoint, listens: listens, timeout: timeout)
      }
    }
    guard case .key(let store) = store else { throw .device(.noUsableKey) }
    let client = try DeviceClient.connect(store, to: endpoint, listens: listens, timeout: timeout)
    client.allowsHopByHop = allowsHopByHop
    return client
  }

  private func usableSuccessor() throws(DeviceHostError) -> DeviceStore? {
    let next = SymmetricClient.successorPath(for: path)
    guard access(next, F_OK) == 0 else { return nil }
    let successor = try DeviceStore(opening: next)
    let (hasCertificate, scheme) = try successor.read { ($0.certificate != nil, $0.scheme) }
    let isWhole = !scheme.row.hasKeyBeside || access(DeviceClient.pskPath(for: path), F_OK) == 0
    return hasCertificate && isWhole ? successor : nil
  }

  /// Puts the new identity in the place of the old one.
  private func adopt() throws(DeviceHostError) {
    guard rename(SymmetricClient.successorPath(for: path), path) == 0 else {
      throw .file(FileError(.write, path))
    }
    unlink(SymmetricClient.successorPath(for: path) + ".lock")
    try usingFiles(try Directories.synchronize(of: path))
    store = try Self.open(path, patience)
  }
}
