// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Noise
import Records
import Schemes
import Wire

@c @implementation
public func countersign_next_number(
  _ context: UnsafeMutablePointer<countersign_context>, _ number: UnsafeMutablePointer<UInt64>,
  _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let context = context.context
  todo.pointee = 0
  do throws(DeviceError) {
    number.pointee = try context.pointee.identity.nextMessageID().rawValue
    if context.pointee.identity.isDirty { todo.pointee = UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch { return code(error) }
}

/// Where the sealed message lies in the record that leaves it in a mailbox.
private let sealedOffset = Framing.maximumRecordOverhead

@c @implementation
public func countersign_deposit(
  _ context: UnsafeMutablePointer<countersign_context>, _ peer: UnsafePointer<countersign_peer>, _ number: UInt64,
  _ text: UnsafePointer<UInt8>, _ textSize: Int, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int,
  _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard context.context.pointee.link.isEstablished else { return countersign_result(COUNTERSIGN_OUT_OF_TURN) }
  guard let recipient = peer.peer.pointee.session.peer else { return countersign_result(COUNTERSIGN_NO_CERTIFICATE) }
  guard textSize >= 0, textSize <= Message.maximumLength else { return code(.messageTooLong) }
  guard frameCapacity > sealedOffset + tagLength else { return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL) }
  let id = MessageID(number)
  let length: Int
  do throws(DeviceError) {
    // It may have been looked up long ago.
    try check(recipient.fields, context.context.pointee.identity.trust)
    var message = span(frame + sealedOffset, frameCapacity - sealedOffset - tagLength)
    length = try context.context.pointee.identity.seal(span(text, textSize), id: id, to: recipient, into: &message)
  } catch { return code(error) }
  // Encoding writes the message where it is.
  let message = span(UnsafePointer(frame + sealedOffset), length)
  return seal(
    .deposit(to: recipient.fields.address, generation: recipient.fields.generation, id: id, message), context, frame,
    frameCapacity, frameSize)
}

@inline(never)
private func check(_ fields: CertificateFields, _ trust: borrowing TrustStore) throws(DeviceError) {
  do throws(CredentialsError) { try trust.check(fields, isInitiator: false, isVouchedFor: true) } catch {
    throw .credentials(error)
  }
}

@c @implementation
public func countersign_open_mail(
  _ context: UnsafeMutablePointer<countersign_context>, _ record: UnsafeMutablePointer<UInt8>, _ recordSize: Int,
  _ message: UnsafeMutablePointer<countersign_message>, _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  let context = context.context
  todo.pointee = 0
  message.pointee = countersign_message()
  guard let offset = readMail(record, recordSize, &message.pointee) else {
    return countersign_result(COUNTERSIGN_MALFORMED)
  }
  // The text is decrypted where it is: behind the sender's keys. Nothing follows this message whose hash would have to be right.
  let start = record + offset + sealedTextOffset
  var text = span(start, recordSize - offset - sealedTextOffset)
  do throws(DeviceError) {
    let sender = DeviceAddress(
      system: SystemID(message.pointee.from.system), device: DeviceID(message.pointee.from.device))
    let opened = try context.pointee.identity.open(
      span(UnsafePointer(record + offset), recordSize - offset), from: sender, into: &text)
    guard opened.id.rawValue == message.pointee.number else { throw .subjectMismatch }
    message.pointee.generation = opened.certificate.fields.generation
    message.pointee.text = UnsafePointer(start)
    message.pointee.text_size = opened.textLength
    meet(opened.certificate.fields, &context.pointee.identity)
    if context.pointee.identity.isDirty { todo.pointee = UInt32(COUNTERSIGN_STORE) }
    return ok()
  } catch { return code(error) }
}

/// Bytes of a sealed message in front of what its sender shows and says: e and the encrypted s.
private let sealedTextOffset = X25519.keyLength + X25519.keyLength + tagLength

/// Who sent a message of the mailbox, under which number, and where in the record it begins.
@inline(never)
private func readMail(_ record: UnsafePointer<UInt8>, _ size: Int, _ message: inout countersign_message) -> Int? {
  do throws(WireError) {
    guard case .mail(let from, let id, let sealed) = try ServerRecord(decoding: span(record, size)) else { return nil }
    message.kind = UInt8(COUNTERSIGN_KIND_MESSAGE)
    message.from = countersign_address(from)
    message.number = id.rawValue
    guard sealed.byteCount >= sealedTextOffset + tagLength else { return nil }
    return size - sealed.byteCount
  } catch { return nil }
}

/// Remembers a peer for which the server vouches: an earlier generation than one that was met is no reason to refuse it.
@inline(never)
func meet(_ fields: CertificateFields, _ identity: inout DeviceIdentity) {
  do throws(DeviceError) { try identity.meet(fields) } catch {}
}
