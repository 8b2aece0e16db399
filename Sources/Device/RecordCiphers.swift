import Noise
import Primitives

/// The keys of a session with the server, and the records under them. Every scheme's handshake ends in these.
public struct RecordCiphers: ~Copyable {
  public var sending = CipherState<ChaChaPoly>()
  public var receiving = CipherState<ChaChaPoly>()

  public init() {}

  public var hasKeys: Bool { sending.hasKey }

  /// Seals a record and returns the frame's length.
  public mutating func seal(_ record: DeviceRecord, into frame: inout MutableRawSpan) throws(DeviceError) -> Int {
    let needed = record.encodedLength + tagLength
    guard needed <= Framing.maximumFrameLength else { throw .messageTooLong }
    guard frame.byteCount >= needed else { throw .noise(.bufferTooSmall(needed: needed)) }
    let length = record.encode(into: &frame) + tagLength
    var message = frame.prefix(length)
    do { try sending.encrypt(inPlace: &message) } catch { throw .noise(error) }
    return length
  }

  /// Opens a frame in place; the record lives in it.
  @_lifetime(copy frame)
  public mutating func open(_ frame: inout MutableRawSpan) throws(DeviceError) -> ServerRecord {
    do { try receiving.decrypt(inPlace: &frame) } catch { throw .noise(error) }
    return try ServerRecord(
      decoding: _overrideLifetime(frame.bytes.extracting(0..<frame.byteCount - tagLength), copying: frame))
  }

  /// Overwrites the keys: the session is over.
  public mutating func wipe() {
    sending.wipe()
    receiving.wipe()
  }
}
