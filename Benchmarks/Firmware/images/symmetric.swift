// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Noise
import CountersignCrypto
import Schemes

/// Challenge and response with a key that both sides have. SHARED: the system's key and the address in the clear. Otherwise
/// the device's derived key and this epoch's pseudonym. RATCHET: the key is moved forward before it is used.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

#if SHARED
  private let scheme = SchemeID.sharedKey
#elseif RATCHET
  private let scheme = SchemeID.derivedKeyRatchet
#else
  private let scheme = SchemeID.derivedKey
#endif

private func session() {
  var key = SecretBytes<32>()
  key.copy(from: Provision.symmetricKey.bytes)
  var handshake = SymmetricHandshake<Hash.SHA256>(scheme: scheme)
  var keys = SessionKeys()
  let length = measure("write-1") { () throws(SchemesError) in
    var target = frame.mutableBytes
    #if SHARED
      return try handshake.writeHello(key: key, hint: Provision.hint.bytes, counter: 1, into: &target)
    #else
      // The pseudonym belongs to the key of assembly; the ratchet moves another copy.
      let pseudonym = Pseudonym<Hash.SHA256>.make(for: 3, key: key)
      #if RATCHET
        DerivedKeys<Hash.SHA256>.ratchet(&key)
      #endif
      return try handshake.writeHello(key: key, hint: pseudonym.bytes, counter: 1, into: &target)
    #endif
  }
  send(length)
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(frame.bytes.extracting(0..<replyLength), keys: &keys)
  }
  handshake.close()
  key.wipe()
  exchange(&keys)
}
