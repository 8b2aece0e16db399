// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// What the registry knows of an application: a principal of a system that devices report to, whose instances share one key.
public struct RegisteredApplication: Equatable, Sendable {
  /// The most applications of one system.
  public static let maximumPerSystem = 16

  /// Its row among the devices: address, keys, revocation.
  public let device: RegisteredDevice
  public let name: String
  /// Whether its system's devices report to it when they name no other.
  public let isDefault: Bool
  /// Seconds for which messages are kept, to be delivered again, after the application has them done; 0 for not at all.
  public let keepsDone: Int64
  /// The keys that were replaced and not forgotten yet, newest first.
  public let replacedKeys: [ReplacedKey]

  /// A key that another has replaced.
  public struct ReplacedKey: Equatable, Sendable {
    public let generation: Generation
    /// The last epoch of its certificate.
    public let lastEpoch: Epoch
    /// Seconds since 1970.
    public let replacedAt: Int64
  }

  public var address: DeviceAddress { device.address }
  public var certificate: Certificate { device.certificate }

  /// The key of a generation that other keys have replaced, as long as it is good: for `overlap` seconds, unless it is revoked.
  public func replacedKey(_ generation: Generation, at now: Int64, overlap: Int64) -> ReplacedKey? {
    guard generation > device.revokedThrough else { return nil }
    return replacedKeys.first { $0.generation == generation && now - $0.replacedAt < overlap }
  }

  /// 1 to 63 characters of `a-z 0-9 -`, the first a letter.
  public static func isValid(name: String) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let first = name.utf8.first, letters.contains(first), name.utf8.count <= 63 else { return false }
    return name.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
  }
}
