import CFirmware
import Noise
import Primitives

typealias Handshake = HandshakeState<ChaChaPoly, SHA256>

nonisolated(unsafe) private var identity = X25519.PrivateKey()
nonisolated(unsafe) private var sending = CipherState<ChaChaPoly>()
nonisolated(unsafe) private var receiving = CipherState<ChaChaPoly>()
nonisolated(unsafe) private var buffer = Bytes<256>()

@c(image_main)
func imageMain() {
  do throws(NoiseError) {
    try session()
  } catch {
    fail(1)
  }
}

private func session() throws(NoiseError) {
  let page = hook_storage()!
  let handshake = UnsafeMutableRawPointer(image_memory()).assumingMemoryBound(to: Handshake.self)
  precondition(MemoryLayout<Handshake>.size <= 1024)
  op_begin()
  handshake.initialize(to: Handshake(.IK, role: .initiator))
  do {
    try identity.load(RawSpan(_unsafeStart: page + 16, byteCount: 32))
    handshake.pointee.setStatic(identity)
    handshake.pointee.setRemoteStatic(try X25519.PublicKey(copying: RawSpan(_unsafeStart: page + 48, byteCount: 32)))
  } catch { fail(2) }
  try handshake.pointee.start()
  op_end("start")
  op_begin()
  var message = buffer.mutableBytes
  let count = try handshake.pointee.writeMessage(into: &message)
  op_end("write")
  _ = message.withUnsafeBytes { wire_send($0.baseAddress, count) }
  let received = message.withUnsafeMutableBytes { wire_receive($0.baseAddress, $0.count) }
  op_begin()
  let reply = message.bytes.extracting(0..<received)
  var payload = Bytes<64>()
  var out = payload.mutableBytes
  _ = try handshake.pointee.readMessage(reply, into: &out)
  op_end("read")
  op_begin()
  try handshake.pointee.split(sending: &sending, receiving: &receiving)
  op_end("split")
}
