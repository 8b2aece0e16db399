import CFirmware
import Primitives

/// The one buffer through which every frame goes, in static memory.
nonisolated(unsafe) var frame = Bytes<320>()

/// Sends the first `count` bytes of the frame to the peer.
func send(_ count: Int) {
  frame.bytes.withUnsafeBytes { wire_send($0.baseAddress, count) }
}

/// Receives the peer's next frame and returns its length.
func receive() -> Int {
  var target = frame.mutableBytes
  return target.withUnsafeMutableBytes { wire_receive($0.baseAddress, $0.count) }
}

/// Runs one step and measures it; a step that throws ends the image.
@inline(__always)
func measure<E: Error, R>(_ name: StaticString, _ step: () throws(E) -> R) -> R {
  op_begin()
  do throws(E) {
    let result = try step()
    op_end(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
    return result
  } catch {
    fail(1)
  }
}
