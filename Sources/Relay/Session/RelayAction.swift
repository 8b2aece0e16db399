// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Mailbox
import Records
import Registry
import Wire

/// What the server is to do because of a frame.
package enum RelayAction {
  /// Nothing now.
  case none
  /// Send this frame of the handshake.
  case reply([UInt8])
  /// Send this frame, by which the device learns that it gets no session, and end the connection.
  case turnAway([UInt8], AdmissionRefusal)
  /// The device has proved its claim: from here on it may change things.
  case begin(Claimant, DeviceRecord.Hello)
  /// Pass a record on to a session of another device, 0 for the one that listens.
  case route(to: DeviceAddress, session: UInt32, OutgoingRecord)
  case lookUp(DeviceAddress)
  case deposit(Deposit)
  case delivered(from: DeviceAddress, id: MessageID)
  /// Certify a key, whose private half the device has proved to have or not.
  case renew(X25519.PublicKey, ShownProof)
  case rekey
  case request(Bytes<32>)
  /// Keep this session for wake-ups.
  case suspend(Suspension, SuspensionStart)
  case pong
  case openChannel(DeviceChannel)
  case report(Report)
  /// A device has stored that it had a request.
  case taken(application: DeviceAddress, request: UInt64)
  /// What an instance of an application asks.
  case queue(QueueAction)
  case close(CloseReason)
}

/// Why a connection ended. The names label the metric and the log. Of these only ``AdmissionRefusal/told`` is told to a device, and never
/// in clear.
package enum CloseReason: Error, Equatable, Sendable {
  /// The device, or the network, ended it.
  case peer
  case refused(AdmissionRefusal)
  /// A frame does not decrypt, a record does not parse or does not belong here.
  case violation
  /// A frame is longer than it may be.
  case frameTooLong
  /// No room for one more connection, or more frames before `welcome`, or more handshakes, than fit the queue.
  case overloaded
  /// It had proved nothing, and made room for another stranger.
  case evicted
  case handshakeTimeout
  case idleTimeout
  /// The device does not read what is sent to it.
  case slowReader
  /// A newer session of the device took this one's place.
  case superseded
  case revoked
  /// There seem to be two of the device.
  case quarantined
  /// The registry or the disk failed under this session's request.
  case unavailable
  /// The server is shutting down.
  case draining

  var label: String {
    switch self {
    case .peer: "peer"
    case .refused: "refused"
    case .violation: "violation"
    case .frameTooLong: "frame_too_long"
    case .overloaded: "overloaded"
    case .evicted: "evicted"
    case .handshakeTimeout: "handshake_timeout"
    case .idleTimeout: "idle_timeout"
    case .slowReader: "slow_reader"
    case .superseded: "superseded"
    case .revoked: "revoked"
    case .quarantined: "quarantined"
    case .unavailable: "unavailable"
    case .draining: "draining"
    }
  }

  /// Whether it says nothing about the device, which may come back with the same key.
  package var isPassing: Bool {
    switch self {
    case .overloaded, .evicted, .unavailable, .refused(.unavailable), .draining: true
    default: false
    }
  }

  static let labels = [
    "peer", "refused", "violation", "frame_too_long", "overloaded", "evicted", "handshake_timeout", "idle_timeout",
    "slow_reader", "superseded", "revoked", "quarantined", "unavailable", "draining",
  ]
}
