import Device
import NIOCore
import Noise
import Primitives

/// A record on its way to a device: laid out as its frame, so that it is sealed in place and sent without another copy.
///
/// The loop that makes it need not be the one that owns the device's session; only the latter seals it.
struct OutgoingRecord: Sendable {
  /// Length, record, and room for the tag.
  private(set) var frame: ByteBuffer

  /// More than the longest record without its body: a looked-up peer with its certificate.
  private static let headerRoom = 160

  init(_ record: borrowing ServerRecord, bodyLength: Int = 0) {
    let room = Framing.headerLength + Self.headerRoom + bodyLength + tagLength
    frame = ByteBufferAllocator().buffer(capacity: room)
    var length = 0
    frame.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { raw in
      var place = MutableRawSpan(_unsafeBytes: raw)
      var body = place.suffix(from: Framing.headerLength)
      length = record.encode(into: &body) + tagLength
      raw.storeBytes(of: UInt16(length).bigEndian, as: UInt16.self)
      return Framing.headerLength + length
    }
  }

  var byteCount: Int { frame.readableBytes }

  /// Bytes of memory that it takes while it waits, roughly.
  var storedByteCount: Int { frame.storageCapacity + 128 }

  /// Seals the record and returns the frame.
  consuming func sealed(_ sending: inout CipherState<ChaChaPoly>) throws(NoiseError) -> ByteBuffer {
    var failure: NoiseError?
    frame.withUnsafeMutableReadableBytes { raw in
      var place = MutableRawSpan(_unsafeBytes: raw)
      var message = place.suffix(from: Framing.headerLength)
      do throws(NoiseError) { try sending.encrypt(inPlace: &message) } catch { failure = error }
    }
    if let failure { throw failure }
    return frame
  }
}
