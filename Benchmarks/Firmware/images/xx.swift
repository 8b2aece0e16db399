// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Wire

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
  #if INITIATOR
    write("write-1", &session, identity)
    read("read-2", &session, identity)
    write("write-3", &session, identity)
  #else
    read("read-1", &session, identity)
    write("write-2", &session, identity)
    read("read-3", &session, identity)
  #endif
  talk(&session, &identity)
  session.close()
  identity.clear()
}

@inline(never)
private func write(_ name: StaticString, _ session: inout PeerSession, _ identity: borrowing DeviceIdentity) {
  op_begin()
  var target = frame.mutableBytes
  guard let length = try? session.writeHandshake(identity, into: &target) else { fail(1) }
  end(name)
  send(length)
}

@inline(never)
private func read(_ name: StaticString, _ session: inout PeerSession, _ identity: borrowing DeviceIdentity) {
  let length = receive()
  op_begin()
  do { try session.readHandshake(frame.bytes.extracting(0..<length), trust: identity.trust) } catch { fail(1) }
  end(name)
}

#if INITIATOR
  @inline(never)
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
  @inline(never)
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
