// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What an application wants of a request; one byte, authenticated with the request.
public struct RequestFlags: Equatable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// It waits, until its deadline, for a device that is not there.
  public static let waits = RequestFlags(rawValue: 1)
  /// The device is to send no answer.
  public static let wantsNoReply = RequestFlags(rawValue: 2)

  /// - Throws: ``WireError/reservedFlags(_:)``.
  init(_ reader: inout ByteReader) throws(WireError) {
    let flags = try reader.uint8()
    guard flags & ~3 == 0 else { throw .reservedFlags(flags) }
    self.init(rawValue: flags)
  }
}

#if !hasFeature(Embedded)
  /// An option set is written as an array, which firmware has not.
  extension RequestFlags: OptionSet {}
#endif

/// What has become of a request; one byte.
public enum RequestState: UInt8, Equatable, Sendable {
  /// It is on the server's disk and waits for the device.
  case stored = 1
  /// It was sent to the device.
  case given = 2
  /// Refused: the device is not there, and the request does not wait.
  case asleep = 3
  /// Refused: no such device, none that the application may talk to, or no such channel of it.
  case unknown = 4
  /// Its deadline has passed.
  case expired = 5
  /// Refused: too many requests wait, for this device or of this application.
  case tooMany = 6
  /// The device has stored that it had it. Nothing more comes from the server; the device's answer is a report.
  case taken = 7
}
