import CFirmware
import Credentials
import Device
import Noise
import Primitives
import Schemes

/// A session with the server: Noise_IK, the device's first record, the server's answer, the end. Whether the first message
/// carries the certificate is the scheme, a byte of the storage page.
///
/// The page: private key (32), server's key (32), certificate (116), scheme.
@c(image_main)
func imageMain() {
  session()
  secrets_gone()
}

private func session() {
  var key = X25519.PrivateKey()
  measure("load") { () throws(PrimitivesError) in try key.load(Storage.bytes(0, 32)) }
  let serverKey: X25519.PublicKey = Storage.field(32)
  guard let certificate = try? Certificate(decoding: Storage.bytes(64, 116)),
    let scheme = SchemeID(rawValue: Storage.bytes(180, 1).unsafeLoad(as: UInt8.self))
  else { fail(2) }

  var handshake = CertifiedHandshake(scheme: scheme)
  var sending = CipherState<ChaChaPoly>()
  var receiving = CipherState<ChaChaPoly>()
  send(
    measure("write-1") { () throws(SchemesError) in
      var target = frame.mutableBytes
      return try handshake.writeHello(key: key, certificate: certificate, serverKey: serverKey, into: &target)
    })
  let replyLength = receive()
  measure("read-2") { () throws(SchemesError) in
    try handshake.readReply(
      frame.bytes.extracting(0..<replyLength), sending: &sending, receiving: &receiving)
  }

  send(
    measure("seal") { () throws(NoiseError) in
      var target = frame.mutableBytes
      let hello = DeviceRecord.hello(DeviceRecord.Hello(listens: true, epoch: 3, revocationSequence: 0))
      let length = hello.encode(into: &target) + tagLength
      var message = target.prefix(length)
      try sending.encrypt(inPlace: &message)
      return length
    })
  let recordLength = receive()
  measure("open") { () throws(NoiseError) in
    var whole = frame.mutableBytes
    var message = whole.prefix(recordLength)
    try receiving.decrypt(inPlace: &message)
  }
  handshake.close()
  sending.wipe()
  receiving.wipe()
  key.wipe()
  // `welcome`, which firmware with a trust store would go on to decode.
  if frame[0] != 0x81 { fail(3) }
}
