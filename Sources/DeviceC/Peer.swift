// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Noise
import Records
import Schemes
import Wire

/// What lies in the memory of a `countersign_peer`. The session holds the peer's certificate, which has been verified before it gets there
/// or as the handshake reads it, also when there is no session yet and when it is over.
struct Peer: ~Copyable {
  var session: PeerSession
  /// Whether no server vouches for the peer.
  var isDirect = false
}

extension UnsafeMutablePointer<countersign_peer> {
  var peer: UnsafeMutablePointer<Peer> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Peer.self) }

  /// Whether it is as large and aligned as this library needs.
  fileprivate func fits(_ size: Int) -> Bool {
    size >= MemoryLayout<Peer>.size && UInt(bitPattern: self) % UInt(MemoryLayout<Peer>.alignment) == 0
  }
}

extension UnsafePointer<countersign_peer> {
  var peer: UnsafePointer<Peer> { UnsafeRawPointer(self).assumingMemoryBound(to: Peer.self) }
}

@c @implementation
public func countersign_peer_size() -> Int { MemoryLayout<Peer>.size }

// MARK: Looking a peer up

@c @implementation
public func countersign_peer_take(
  _ context: UnsafeMutablePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>,
  _ peerSize: Int, _ device: UnsafePointer<countersign_address>, _ record: UnsafePointer<UInt8>, _ recordSize: Int,
  _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let context = context.context
  todo.pointee = 0
  guard peer.fits(peerSize) else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  call(peer, nil)
  do throws(DeviceError) {
    let result = try find(record, recordSize, DeviceAddress(device), peer)
    guard result == ok() else { return result }
    guard let certificate = peer.peer.pointee.session.peer else { throw .malformedRecord }
    do throws(CredentialsError) {
      try context.pointee.identity.trust.verify(certificate, isInitiator: false, isVouchedFor: true)
    } catch { throw .credentials(error) }
    meet(certificate.fields, &context.pointee.identity)
    if context.pointee.identity.isDirty { todo.pointee = UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch {
    call(peer, nil)
    return code(error)
  }
}

/// Puts the certificate of a record in its place. Nothing in it has been verified then but whose it is.
@inline(never)
private func find(
  _ record: UnsafePointer<UInt8>, _ size: Int, _ device: DeviceAddress, _ peer: UnsafeMutablePointer<countersign_peer>
) throws(DeviceError) -> countersign_result {
  do throws(WireError) {
    guard case .peer(device, let presence, let certificate) = try ServerRecord(decoding: span(record, size)) else {
      throw .invalidValue
    }
    guard presence != .unknown else { return countersign_result(COUNTERSIGN_UNKNOWN_PEER) }
    guard let certificate else { return countersign_result(COUNTERSIGN_NO_CERTIFICATE) }
    guard certificate.fields.address == device else { return countersign_result(COUNTERSIGN_UNACCEPTABLE) }
    call(peer, certificate)
    return ok()
  } catch { throw DeviceError(record: error) }
}

/// Not inlined, like all that makes a session on the stack: what verifies and multiplies needs that space.
@inline(never)
private func call(_ peer: UnsafeMutablePointer<countersign_peer>, _ certificate: Certificate?) {
  peer.peer.initialize(to: Peer(session: PeerSession(relayed: .initiator, peer: certificate)))
}

@c @implementation
public func countersign_peer_identity(
  _ peer: UnsafePointer<countersign_peer>, _ address: UnsafeMutablePointer<countersign_address>,
  _ generation: UnsafeMutablePointer<UInt16>
) -> countersign_result {
  guard let certificate = peer.peer.pointee.session.peer else { return countersign_result(COUNTERSIGN_NO_CERTIFICATE) }
  address.pointee = countersign_address(certificate.fields.address)
  generation.pointee = certificate.fields.generation
  return ok()
}

// MARK: Beginning a session

@c @implementation
public func countersign_peer_call(
  _ context: UnsafePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>
) -> countersign_result {
  guard let certificate = peer.peer.pointee.session.peer else { return countersign_result(COUNTERSIGN_NO_CERTIFICATE) }
  peer.peer.pointee.session.close()
  call(peer, certificate)
  return start(context, peer, certificate.fields.address)
}

@c @implementation
public func countersign_peer_answer(
  _ context: UnsafePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>, _ peerSize: Int,
  _ from: UnsafePointer<countersign_address>, _ frame: UnsafePointer<UInt8>, _ frameSize: Int
) -> countersign_result {
  guard peer.fits(peerSize) else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  guard frameSize > 0 else { return countersign_result(COUNTERSIGN_MALFORMED) }
  answer(peer, span(frame, frameSize))
  return start(context, peer, DeviceAddress(from))
}

@inline(never)
private func answer(_ peer: UnsafeMutablePointer<countersign_peer>, _ frame: RawSpan) {
  peer.peer.initialize(to: Peer(session: PeerSession(answering: frame)))
}

@c @implementation
public func countersign_peer_direct(
  _ context: UnsafePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>, _ peerSize: Int,
  _ initiates: Int32, _ other: UnsafePointer<countersign_address>?
) -> countersign_result {
  guard peer.fits(peerSize) else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  meetDirectly(peer, initiates != 0 ? .initiator : .responder)
  return start(context, peer, other.map { DeviceAddress($0) })
}

@inline(never)
private func meetDirectly(_ peer: UnsafeMutablePointer<countersign_peer>, _ role: Role) {
  peer.peer.initialize(to: Peer(session: PeerSession(direct: role), isDirect: true))
}

private func start(
  _ context: UnsafePointer<countersign_context>, _ peer: UnsafeMutablePointer<countersign_peer>, _ other: DeviceAddress?
) -> countersign_result {
  do throws(DeviceError) {
    try peer.peer.pointee.session.start(context.context.pointee.identity, other: other)
    return ok()
  } catch { return code(error) }
}
