// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Credentials
import Noise
import CountersignCrypto
import Schemes

/// Noise_IK to the server. Whether the first message carries the certificate is the scheme, a byte of the storage page. With
/// IDENTITY it carries an identity-based credential in place of the key.
@c(image_main)
func imageMain() {
  #if IDENTITY
    // Before there is a session: that this is a point of the group takes more stack than a handshake to find out.
    guard let master = try? MasterPublicKey(decoding: Provision.master) else { fail(3) }
    session(master)
  #else
    session(nil)
  #endif
  secrets_gone()
}

@inline(never)
private func session(_ master: MasterPublicKey?) {
  var key = X25519.PrivateKey()
  Provision.load(&key)
  var shared = SecretBytes<32>()
  Provision.agree(key, into: &shared)
  let serverKey = Provision.serverKey
  #if IDENTITY
    let shown = Provision.credential
  #else
    let shown = Provision.certificate
  #endif
  guard let certificate = try? Certificate(decoding: shown.bytes),
    let scheme = SchemeID(rawValue: Provision.scheme.bytes.unsafeLoad(as: UInt8.self))
  else { fail(2) }

  var handshake = Initiator(scheme)
  var keys = SessionKeys()
  handshake.setStatic(key, server: serverKey)
  handshake.setStaticSharedSecret(shared)
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    return try handshake.writeHello(certificate, master: master, into: &target)
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), keys: &keys)
  }
  handshake.close()
  key.wipe()
  shared.wipe()
  exchange(&keys)
}
