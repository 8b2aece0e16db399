// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Device
import CountersignCrypto
import Records
import Schemes

@c @implementation
public func countersign_handshake(
  _ context: UnsafeMutablePointer<countersign_context>, _ input: UnsafePointer<UInt8>?, _ inputSize: Int,
  _ output: UnsafeMutablePointer<UInt8>, _ outputCapacity: Int, _ outputSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  let context = context.context
  var target = span(output, outputCapacity)
  do throws(DeviceError) {
    if let input {
      do throws(DeviceError) { try context.pointee.link.readReply(span(input, inputSize)) } catch {
        if case .refused(let reason) = error {
          context.pointee.refused = context.pointee.link.slot
          context.pointee.refusal = reason.rawValue
        }
        throw error
      }
      outputSize.pointee = try context.pointee.link.seal(
        .hello(
          context.pointee.identity.hello(
            listens: context.pointee.listens, knowsApplications: context.pointee.knowsApplications)), into: &target)
    } else {
      let fallsBack = try context.pointee.beginSession()
      outputSize.pointee = try context.pointee.link.writeHello(
        context.pointee.identity, fallingBack: fallsBack, into: &target)
    }
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_fall_back(_ context: UnsafeMutablePointer<countersign_context>) -> countersign_result {
  let context = context.context
  guard let refused = context.pointee.refused, let active = context.pointee.identity.slotForSession(fallingBack: true),
    active != refused
  else { return countersign_result(COUNTERSIGN_NO_KEY) }
  context.pointee.fallsBack = true
  return ok()
}

@c @implementation
public func countersign_refusal(_ context: UnsafePointer<countersign_context>) -> UInt8 {
  context.context.pointee.refusal
}

@c @implementation
public func countersign_is_open(_ context: UnsafePointer<countersign_context>) -> Int32 {
  context.context.pointee.link.isEstablished ? 1 : 0
}

@c @implementation
public func countersign_seal(
  _ context: UnsafeMutablePointer<countersign_context>, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int,
  _ recordSize: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard recordSize >= 0, frameCapacity - recordSize >= Int(COUNTERSIGN_OVERHEAD) else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  var target = span(frame, frameCapacity)
  // Encoding writes every byte where it was read from.
  let record: DeviceRecord
  do { record = try DeviceRecord(decoding: span(UnsafePointer(frame), recordSize)) } catch {
    return code(DeviceError(record: error))
  }
  do {
    frameSize.pointee = try context.context.pointee.link.seal(record, into: &target)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_open(
  _ context: UnsafeMutablePointer<countersign_context>, _ frame: UnsafeMutablePointer<UInt8>, _ frameSize: Int,
  _ recordSize: UnsafeMutablePointer<Int>, _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let context = context.context
  todo.pointee = 0
  guard let slot = context.pointee.link.slot, context.pointee.link.isEstablished else {
    return countersign_result(COUNTERSIGN_OUT_OF_TURN)
  }
  var message = span(frame, frameSize)
  do {
    let record = try context.pointee.link.open(&message)
    recordSize.pointee = frameSize - tagLength
    switch try context.pointee.identity.receive(record, over: slot) {
    case .none: break
    case .renew(let key):
      context.pointee.renewal = key
      todo.pointee |= UInt32(COUNTERSIGN_ROTATE)
    case .request:
      context.pointee.renewal = nil
      todo.pointee |= UInt32(COUNTERSIGN_ROTATE)
    case .reconnect: todo.pointee |= UInt32(COUNTERSIGN_RECONNECT)
    }
    if context.pointee.identity.isDirty { todo.pointee |= UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_rotate(
  _ context: UnsafeMutablePointer<countersign_context>, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int,
  _ frameSize: UnsafeMutablePointer<Int>, _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let context = context.context
  todo.pointee = 0
  guard context.pointee.link.isEstablished else { return countersign_result(COUNTERSIGN_OUT_OF_TURN) }
  var target = span(frame, frameCapacity)
  do {
    if context.pointee.renewal == nil { try context.pointee.identity.beginRotation() }
    // A request goes first: the device no longer waits for what was to be renewed before it.
    if let point = context.pointee.identity.requestPoint {
      frameSize.pointee = try context.pointee.link.seal(.request(point), into: &target)
    } else if let key = context.pointee.renewal ?? context.pointee.identity.renewalKey {
      frameSize.pointee = try context.pointee.link.seal(
        try context.pointee.link.renewal(of: key, context.pointee.identity), into: &target)
    } else {
      return countersign_result(COUNTERSIGN_NO_KEY)
    }
    if context.pointee.identity.isDirty { todo.pointee |= UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_close(_ context: UnsafeMutablePointer<countersign_context>) {
  context.context.pointee.close()
}
