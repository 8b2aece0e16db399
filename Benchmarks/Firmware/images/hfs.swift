// SPDX-License-Identifier: Apache-2.0

import CFirmware
import CountersignCrypto
import Noise

/// Noise_IK, or with HYBRID Noise_IKhfs with ML-KEM-768, the initiator's operations measured; the responder is in the image too. What
/// the two differ in is what the modifier costs.
@c(image_main)
func imageMain() {
  var deviceKey = X25519.PrivateKey()
  var serverKey = X25519.PrivateKey()
  deviceKey.generate()
  serverKey.generate()
  handshake(deviceKey, serverKey)
  deviceKey.wipe()
  serverKey.wipe()
}

#if HYBRID
  private typealias State = HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  private typealias Wire = SecretBytes<1296>
  private var pattern: HandshakePattern { .IKhfs }
#else
  private typealias State = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  private typealias Wire = SecretBytes<96>
  private var pattern: HandshakePattern { .IK }
#endif

@inline(never)
private func handshake(_ deviceKey: borrowing X25519.PrivateKey, _ serverKey: borrowing X25519.PrivateKey) {
  var device = State(pattern, role: .initiator)
  var server = State(pattern, role: .responder)
  var wire = Wire()
  device.setStatic(deviceKey)
  device.setRemoteStatic(serverKey.publicKey)
  server.setStatic(serverKey)
  guard (try? device.start()) != nil, (try? server.start()) != nil else { fail(1) }
  op_begin()
  var length = write(&device, &wire)
  end("write-1")
  read(&server, wire, length)
  length = write(&server, &wire)
  op_begin()
  read(&device, wire, length)
  end("read-2")
  guard constantTimeEquals(device.handshakeHash, server.handshakeHash) else { fail(2) }
  device.wipe()
  server.wipe()
}

@inline(never)
private func write(_ state: inout State, _ wire: inout Wire) -> Int {
  var bytes = wire.mutableBytes
  guard let length = try? state.writeMessage(into: &bytes) else { fail(3) }
  return length
}

@inline(never)
private func read(_ state: inout State, _ wire: borrowing Wire, _ length: Int) {
  var payload = MutableRawSpan()
  guard (try? state.readMessage(wire.bytes.extracting(0..<length), into: &payload)) != nil else { fail(4) }
}
