// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Device

@c @implementation
public func countersign_context_size() -> Int { MemoryLayout<Context>.size }

@c @implementation
public func countersign_init(
  _ context: UnsafeMutablePointer<countersign_context>, _ contextSize: Int, _ stored: UnsafePointer<UInt8>,
  _ storedSize: Int
) -> countersign_result {
  guard fits(context, contextSize) else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  empty(context)
  do {
    try context.context.pointee.identity.load(span(stored, storedSize))
    context.context.pointee.close()
    return ok()
  } catch { return code(error) }
}

/// Whether a context is as large and aligned as this library needs.
func fits(_ context: UnsafeMutablePointer<countersign_context>, _ size: Int) -> Bool {
  size >= MemoryLayout<Context>.size && UInt(bitPattern: context) % UInt(MemoryLayout<Context>.alignment) == 0
}

/// Not inlined: the new value is made on the stack, which must be free again before the identity is loaded.
@inline(never)
func empty(_ context: UnsafeMutablePointer<countersign_context>) {
  context.context.initialize(to: Context())
}

@c @implementation
public func countersign_encode(
  _ context: UnsafePointer<countersign_context>, _ stored: UnsafeMutablePointer<UInt8>, _ storedCapacity: Int
) -> countersign_result {
  guard storedCapacity >= DeviceIdentity.encodedLength else { return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL) }
  var target = span(stored, storedCapacity)
  context.context.pointee.identity.encode(into: &target)
  return ok()
}

@c @implementation
public func countersign_stored(_ context: UnsafeMutablePointer<countersign_context>) {
  context.context.pointee.identity.markStored()
}

@c @implementation
public func countersign_clear(_ context: UnsafeMutablePointer<countersign_context>) {
  context.context.pointee.link.close()
  context.context.pointee.identity.clear()
}
