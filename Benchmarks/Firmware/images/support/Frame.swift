// SPDX-License-Identifier: Apache-2.0

import CFirmware
import CountersignCrypto

/// The one buffer through which every frame goes: memory of the board. A global of Swift would be copied to the stack, whole,
/// wherever it is read.
struct Frame {
  var bytes: RawSpan {
    @_lifetime(immortal)
    get { _overrideLifetime(RawSpan(_unsafeStart: wire_frame(), byteCount: capacity), borrowing: ()) }
  }

  var mutableBytes: MutableRawSpan {
    @_lifetime(immortal)
    get { _overrideLifetime(MutableRawSpan(_unsafeStart: wire_frame(), byteCount: capacity), copying: ()) }
  }

  private var capacity: Int { Int(wire_frame_capacity) }
}

let frame = Frame()

/// Sends the first `count` bytes of the frame to the peer.
func send(_ count: Int) {
  wire_send(wire_frame(), count)
}

/// Receives the peer's next frame and returns its length.
func receive() -> Int {
  wire_receive(wire_frame(), Int(wire_frame_capacity))
}

/// Runs one step and measures it; a step that throws ends the image. What the step was may turn out in it.
@inline(__always)
func measure<E: Error, R>(_ name: @autoclosure () -> StaticString, _ step: () throws(E) -> R) -> R {
  op_begin()
  do throws(E) {
    let result = try step()
    end(name())
    return result
  } catch {
    fail(1)
  }
}

/// Ends the step that `op_begin` began. For steps that borrow what a closure cannot capture.
func end(_ name: StaticString) {
  op_end(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
}
