import Credentials
import Device
import Foundation
import CountersignCrypto
import Registry

/// What the server shall do because of a frame.
enum RelayAction {
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
  /// Certify a key, which the device has proved to have or not.
  case renew(X25519.PublicKey, ShownProof)
  case rekey
  case request(Bytes<32>)
  case pong
  case close(CloseReason)
}

/// A sealed message that a device wants kept for another.
struct Deposit: Sendable {
  let recipient: DeviceAddress
  let sender: DeviceAddress
  let id: MessageID
  /// The recipient's generation to whose key it is sealed; 0 for one that the server can read.
  let generation: Generation
  let body: Data

  var isOpen: Bool { generation == 0 }
}

/// Why a connection ended. The names label the metric and the log. Of these only ``AdmissionRefusal/told`` is told to a device, and never
/// in clear.
enum CloseReason: Error, Equatable, Sendable {
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
  /// The server shuts down.
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

  /// Whether it says nothing about the device, which may come again with the same key.
  var isPassing: Bool {
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
