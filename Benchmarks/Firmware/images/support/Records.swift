// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Device
import Noise
import CountersignCrypto
import Wire
import Records
import Schemes

/// The first record each way of a session with the server: the device's hello, and whatever the server answers; then the
/// session's keys are overwritten.
func exchange(_ keys: inout SessionKeys) {
  let length = measure("seal") { () throws(NoiseError) in
    var target = frame.mutableBytes
    let hello = DeviceRecord.hello(DeviceRecord.Hello(listens: true, epoch: 3, revocationSequence: 0))
    let length = hello.encode(into: &target) + tagLength
    var message = target.prefix(length)
    try keys.sending.encrypt(inPlace: &message)
    return length
  }
  send(length)
  let recordLength = receive()
  measure("open") { () throws(NoiseError) in
    var whole = frame.mutableBytes
    var message = whole.prefix(recordLength)
    try keys.receiving.decrypt(inPlace: &message)
  }
  keys.wipe()
  // `welcome`, which firmware with a trust store would go on to decode.
  if frame.bytes.unsafeLoad(as: UInt8.self) != 0x81 { fail(3) }
}
