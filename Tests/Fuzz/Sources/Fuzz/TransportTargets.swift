// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// Opening transport messages: any bytes, then a genuine message. n moves with what verifies and with nothing else.
func fuzzTransport(_ span: RawSpan) {
  var input = Input(span)
  let key = SecretBytes<32>()
  var sending = CipherState<Cipher.ChaChaPoly>(key: key)
  var receiving = CipherState<Cipher.ChaChaPoly>(key: key)
  let nonce = UInt64(input.byte()) &* 0x0101_0101_0101_0101
  sending.nonce = nonce
  receiving.nonce = nonce
  let choice = input.byte()
  let fuzzed = input.takeRest()
  do {
    let payload = try receiving.decrypt(fuzzed)
    // Whoever knows the key can make one: it must be the one that sealing makes.
    let sealed = try? sending.encrypt(payload)
    require(sealed == fuzzed, "what opens is what sealing makes")
    return
  } catch {}
  let isUnmoved = receiving.nonce == nonce
  require(isUnmoved, "a refused message costs no nonce")
  do {
    if choice & 1 != 0 {
      try sending.rekey()
      try receiving.rekey()
    }
    let genuine = try sending.encrypt(fuzzed)
    let opened = try receiving.decrypt(genuine)
    require(opened == fuzzed, "a genuine message is opened")
  } catch .nonceExhausted {
    require(nonce == .max, "only the reserved nonce is refused")
  } catch .messageTooLong {
    require(fuzzed.count > 65_519, "only the limit refuses to seal")
  } catch {
    fatalError("a genuine message is refused")
  }
}

/// Opening datagrams in an order that the input chooses, forged ones among them. Each genuine one is accepted once at most, and
/// once at least while it is within the window.
func fuzzDatagram(_ span: RawSpan) {
  var input = Input(span)
  let key = SecretBytes<32>()
  var sender = DatagramTransport<Cipher.ChaChaPoly>()
  var receiver = DatagramTransport<Cipher.ChaChaPoly>()
  sender.sending = CipherState(key: key)
  receiver.receiving = CipherState(key: key)
  var accepted = Set<UInt64>()
  var highest: UInt64 = 0
  while input.rest.byteCount > 0 {
    let action = input.byte()
    // Counters close together, and steps as large as the window.
    let counter = UInt64(input.byte()) &* (action & 1 == 0 ? 1 : 64) &+ UInt64(action >> 4) &* 256
    sender.sending.nonce = counter
    var datagram = [UInt8](repeating: 0, count: 25)
    var bytes = datagram.mutableBytes
    _ = try? sender.seal([7].bytes, into: &bytes)
    if action & 2 != 0 { datagram[Int(input.byte()) % 25] ^= input.byte() | 1 }
    if action & 4 != 0 { datagram = input.take(25) }
    let isGenuine = action & 6 == 0
    var payload = [UInt8](repeating: 0, count: 25)
    var payloadBytes = payload.mutableBytes
    do {
      _ = try receiver.open(datagram.bytes, into: &payloadBytes)
      require(isGenuine, "no forgery is taken")
      require(accepted.insert(counter).inserted, "each datagram is accepted once")
      highest = max(highest, counter)
    } catch {
      guard isGenuine else { continue }
      require(
        accepted.contains(counter) || counter + 2_048 <= highest, "a genuine new datagram within the window is accepted"
      )
    }
  }
}
