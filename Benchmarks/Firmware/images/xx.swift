import CFirmware
import Credentials
import Device
import Noise
import Primitives

/// Two devices without a server: Noise_XX with certificates, each verified offline, then one message and its
/// acknowledgement. Compiled once for each role.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

#if INITIATOR
  private let role = Role.initiator
#else
  private let role = Role.responder
#endif

private func session() {
  var identity = DeviceIdentity()
  load(&identity)
  var session = PeerSession(direct: role)
  measure("start") { () throws(DeviceError) in try session.start(identity, other: nil) }
  // The three messages of XX by name; the responder writes the second.
  let names: InlineArray<3, StaticString> =
    role == .initiator ? ["write-1", "read-2", "write-3"] : ["read-1", "write-2", "read-3"]
  for index in names.indices {
    if session.isMyTurn {
      let length = measure(names[index]) { () throws(DeviceError) in
        var target = frame.mutableBytes
        return try session.writeHandshake(identity, into: &target)
      }
      send(length)
    } else {
      let length = receive()
      measure(names[index]) { () throws(DeviceError) in
        try session.readHandshake(frame.bytes.extracting(0..<length), trust: identity.trust)
      }
    }
  }
  talk(&session, &identity)
  session.close()
  identity.clear()
}

#if INITIATOR
  private func talk(_ session: inout PeerSession, _ identity: inout DeviceIdentity) {
    let text = Bytes<64>()
    let length = measure("seal") { () throws(DeviceError) in
      let id = try identity.nextMessageID()
      var target = frame.mutableBytes
      return try session.seal(.message(id, text.bytes), into: &target)
    }
    send(length)
    let answerLength = receive()
    let isAcknowledged = measure("open") { () throws(DeviceError) in
      var whole = frame.mutableBytes
      var message = whole.prefix(answerLength)
      guard case .acknowledgement = try session.open(&message) else { return false }
      return true
    }
    if !isAcknowledged { fail(2) }
  }
#else
  private func talk(_ session: inout PeerSession, _ identity: inout DeviceIdentity) {
    let length = receive()
    let number = measure("open") { () throws(DeviceError) in
      var whole = frame.mutableBytes
      var message = whole.prefix(length)
      guard case .message(let id, _) = try session.open(&message) else { return UInt64(0) }
      return id.rawValue
    }
    if number == 0 { fail(2) }
    let answerLength = measure("seal") { () throws(DeviceError) in
      var target = frame.mutableBytes
      return try session.seal(.acknowledgement(MessageID(number)), into: &target)
    }
    send(answerLength)
  }
#endif
