// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Records
import Wire

/// A device's end of a channel to an application: seals what the device reports, opens what the application requests. The relay
/// carries both and reads neither.
///
/// One Noise_X message opens it (``DeviceIdentity/open(_:to:into:)``); after that a report costs one seal and stores nothing. It has no
/// forward secrecy against the application's key, nor against the device's memory: it is opened anew when ``isCurrent(for:certificate:epoch:)``
/// says so, and daily.
///
/// It lives in one place and is never moved, because moves leave copies of keys behind: make it empty and open or load it there.
public struct DeviceChannel: ~Copyable, Sendable {
  /// How many instances of the application a channel tells apart.
  public static let maximumInstanceCount = 8

  /// Names the channel; zero before it is open.
  public internal(set) var id = ChannelID()
  public internal(set) var device = DeviceAddress(system: SystemID(0), device: DeviceID(0))
  public internal(set) var application = DeviceAddress(system: SystemID(0), device: DeviceID(0))
  /// The application's key that it was opened to; 0 before it is open.
  public internal(set) var applicationGeneration: Generation = 0
  /// The generation and the last epoch of the certificate that opened it.
  public internal(set) var generation: Generation = 0
  public internal(set) var lastEpoch: Epoch = 0
  /// The device's epoch when it was opened.
  public internal(set) var epoch: Epoch = 0
  /// When it was opened, by the owner's clock: seconds since 1970, or whatever the owner counts. Stored, and otherwise not used here.
  public var openedAt: UInt64 = 0 {
    didSet { if openedAt != oldValue { isDirty = true } }
  }
  /// Whether something changed that has not been stored.
  public internal(set) var isDirty = false

  /// U: what reports are sealed under.
  var reportKey = SecretBytes<32>()
  /// D: what the keys of the application's instances follow from.
  var requestKey = SecretBytes<32>()
  /// X: what the chain of a suspended session follows from. Not stored.
  var export = SecretBytes<32>()
  var hasExport = false
  var instances = InlineArray<8, RequestWindow>(repeating: RequestWindow())

  /// A place for a channel.
  public init() {}

  public var isOpen: Bool { applicationGeneration != 0 }

  /// The owner calls this once it has stored the channel.
  public mutating func markStored() {
    isDirty = false
  }

  /// Overwrites every key: the channel is over.
  public mutating func wipe() {
    reportKey.wipe()
    requestKey.wipe()
    export.wipe()
    hasExport = false
    id = ChannelID()
    applicationGeneration = 0
    openedAt = 0
    for index in instances.indices { instances[index] = RequestWindow() }
  }

  /// Whether a report may still go through it. One that may not is kept only for requests that are under way, and another is opened:
  /// once the device or the application has another key or certificate, in another epoch, and when every place for an instance is taken.
  ///
  /// - Parameters:
  ///   - application: the application's certificate of today.
  ///   - certificate: the device's own of today.
  public func isCurrent(for application: Certificate, certificate: Certificate, epoch: Epoch) -> Bool {
    isOpen && self.application == application.fields.address
      && applicationGeneration == application.fields.generation && device == certificate.fields.address
      && generation == certificate.fields.generation && lastEpoch == certificate.fields.lastEpoch && self.epoch == epoch
      && hasRoomForInstances
  }

  private var hasRoomForInstances: Bool {
    for index in instances.indices where instances[index].isFree { return true }
    return false
  }

  /// Gives the key of a suspended session's chain, K'_0, and forgets what it follows from: of another suspended session a channel
  /// that is opened then.
  ///
  /// - Parameter session: the suspended session's name, T.
  /// - Throws: ``DeviceError/channel(_:)`` with ``ChannelError/outdated`` when it was given before, or the channel was loaded.
  public mutating func takeWakeKey(session: Bytes<8>, into key: inout SecretBytes<32>) throws(DeviceError) {
    guard hasExport else { throw .channel(isOpen ? .outdated : .notOpen) }
    ChannelKeys.wake(session, export: export, into: &key)
    export.wipe()
    hasExport = false
  }
}
