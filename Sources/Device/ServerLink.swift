import Credentials
import Noise
import Primitives
import Schemes

/// A device's session with the server: opens it, then seals and opens records.
public struct ServerLink: ~Copyable {
  private var handshake: CertifiedHandshake
  private var sending = CipherState<ChaChaPoly>()
  private var receiving = CipherState<ChaChaPoly>()
  /// The slot whose key opened this session.
  public private(set) var slot: SlotName?

  /// - Parameter scheme: `certified` or `registered`.
  public init(scheme: SchemeID) {
    handshake = CertifiedHandshake(scheme: scheme)
  }

  public var isEstablished: Bool { sending.hasKey }

  /// Writes the first frame and returns its length.
  ///
  /// - Parameter fallingBack: whether the server has just refused a key that has never been used, so that the active one
  ///   is tried.
  public mutating func writeHello(
    _ identity: borrowing DeviceIdentity, fallingBack: Bool = false, into frame: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    slot = identity.slotForSession(fallingBack: fallingBack)
    do throws(SchemesError) {
      switch slot {
      case .a: return try writeHello(identity.slotA, serverKey: identity.serverKey, into: &frame)
      case .b: return try writeHello(identity.slotB, serverKey: identity.serverKey, into: &frame)
      case nil: throw .malformed
      }
    } catch { throw slot == nil ? .noUsableKey : .schemes(error) }
  }

  private mutating func writeHello(
    _ slot: borrowing KeySlot, serverKey: X25519.PublicKey, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard let certificate = slot.certificate else { throw .malformed }
    return try handshake.writeHello(key: slot.key, certificate: certificate, serverKey: serverKey, into: &frame)
  }

  /// Reads the server's answer. The next frame to send is the record `hello`.
  public mutating func readReply(_ frame: RawSpan) throws(DeviceError) {
    do {
      try handshake.readReply(frame, sending: &sending, receiving: &receiving)
    } catch { throw .schemes(error) }
  }

  /// Overwrites the session's keys: it is over.
  public mutating func close() {
    handshake.close()
    sending.wipe()
    receiving.wipe()
  }

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
}
