// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Noise
import Records
import Wire

@c @implementation
public func countersign_peer_handshake(
  _ context: UnsafeMutablePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>,
  _ input: UnsafePointer<UInt8>?, _ inputSize: Int, _ output: UnsafeMutablePointer<UInt8>, _ outputCapacity: Int,
  _ outputSize: UnsafeMutablePointer<Int>, _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let (context, peer) = (context.context, peer.peer)
  todo.pointee = 0
  outputSize.pointee = 0
  do throws(DeviceError) {
    if let input {
      if inputSize == 1, input.pointee == PeerSession.rejection { return countersign_result(COUNTERSIGN_PEER_REJECTED) }
      try peer.pointee.session.readHandshake(span(input, inputSize), trust: context.pointee.identity.trust)
    }
    if !peer.pointee.session.isEstablished, peer.pointee.session.isMyTurn {
      var target = span(output, outputCapacity)
      let length = try peer.pointee.session.writeHandshake(context.pointee.identity, into: &target)
      if peer.pointee.session.isEstablished { try meet(&peer.pointee, &context.pointee.identity) }
      outputSize.pointee = length
    } else if peer.pointee.session.isEstablished {
      try meet(&peer.pointee, &context.pointee.identity)
    }
    if context.pointee.identity.isDirty { todo.pointee = UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch { return code(error) }
}

/// Remembers the generation that a peer has proved. Over a direct connection one before it is refused: no server vouches for it.
@inline(never)
private func meet(_ peer: inout Peer, _ identity: inout DeviceIdentity) throws(DeviceError) {
  guard let fields = peer.session.peer?.fields else { return }
  guard peer.isDirect else { return meet(fields, &identity) }
  do throws(DeviceError) { try identity.meet(fields) } catch {
    peer.session.close()
    throw error
  }
}

@c @implementation
public func countersign_peer_is_open(_ peer: UnsafePointer<countersign_peer>) -> Int32 {
  peer.peer.pointee.session.isEstablished ? 1 : 0
}

@c @implementation
public func countersign_peer_seal(
  _ peer: UnsafeMutablePointer<countersign_peer>, _ number: UInt64, _ text: UnsafePointer<UInt8>, _ textSize: Int,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard textSize >= 0, textSize <= Message.maximumLength else { return code(.messageTooLong) }
  return seal(.message(MessageID(number), span(text, textSize)), peer, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_peer_acknowledge(
  _ peer: UnsafeMutablePointer<countersign_peer>, _ number: UInt64, _ judgement: countersign_result,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  let id = MessageID(number)
  let record: PeerRecord
  switch Int(judgement) {
  case COUNTERSIGN_OK, COUNTERSIGN_REPEATED: record = .acknowledgement(id)
  case COUNTERSIGN_TOO_OLD: record = .refusal(id, .tooOld)
  case COUNTERSIGN_IMPOSSIBLE_NUMBER: record = .refusal(id, .impossibleNumber)
  default: return countersign_result(COUNTERSIGN_MALFORMED)
  }
  return seal(record, peer, frame, frameCapacity, frameSize)
}

private func seal(
  _ record: borrowing PeerRecord, _ peer: UnsafeMutablePointer<countersign_peer>,
  _ frame: UnsafeMutablePointer<UInt8>, _ capacity: Int, _ size: UnsafeMutablePointer<Int>
) -> countersign_result {
  var target = span(frame, capacity)
  do throws(DeviceError) {
    size.pointee = try peer.peer.pointee.session.seal(record, into: &target)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_peer_open(
  _ context: UnsafePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameSize: Int, _ message: UnsafeMutablePointer<countersign_message>
) -> countersign_result {
  message.pointee = countersign_message()
  if frameSize == 1, frame.pointee == PeerSession.rejection { return countersign_result(COUNTERSIGN_PEER_REJECTED) }
  var target = span(frame, frameSize)
  do throws(DeviceError) {
    try peer.peer.pointee.session.checkPeer(context.context.pointee.identity.trust)
    takeApart(try peer.peer.pointee.session.open(&target), &message.pointee)
    setSender(peer.peer.pointee.session.peer, &message.pointee)
    return ok()
  } catch { return code(error) }
}

private func takeApart(_ record: borrowing PeerRecord, _ message: inout countersign_message) {
  switch record {
  case .message(let id, let text):
    message.kind = UInt8(COUNTERSIGN_KIND_MESSAGE)
    message.number = id.rawValue
    message.text_size = text.byteCount
    // The frame outlives this call: it is the caller's.
    message.text = text.withUnsafeBytes { $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
  case .acknowledgement(let id):
    message.kind = UInt8(COUNTERSIGN_KIND_ACKNOWLEDGEMENT)
    message.number = id.rawValue
  case .refusal(let id, let reason):
    message.kind = UInt8(COUNTERSIGN_KIND_REFUSAL)
    message.number = id.rawValue
    message.reason = UInt8(reason == .tooOld ? COUNTERSIGN_TOO_OLD : COUNTERSIGN_IMPOSSIBLE_NUMBER)
  }
}

@inline(never)
private func setSender(_ certificate: Certificate?, _ message: inout countersign_message) {
  guard let fields = certificate?.fields else { return }
  message.from = countersign_address(fields.address)
  message.generation = fields.generation
}

@c @implementation
public func countersign_peer_close(_ peer: UnsafeMutablePointer<countersign_peer>) {
  peer.peer.pointee.session.close()
}
