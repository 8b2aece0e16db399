// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Noise
import Schemes
import Testing

@Suite("DH of a device's key and the server's, kept beside the key")
struct ServerAgreementTests {
  let authority = try! Authority()

  private func hello(_ device: TestDevice, fallingBack: Bool = false) throws(DeviceError) -> [UInt8] {
    var link = ServerLink(scheme: device.identity.scheme)
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    let length = try link.writeHello(device.identity, fallingBack: fallingBack, into: &span)
    return Array(frame[..<length])
  }

  /// Whether the server of `authority` can read the first frame.
  private func isRead(_ frame: [UInt8], by authority: Authority) -> Bool {
    guard var responder = try? Responder(answering: frame.bytes) else { return false }
    let master = authority.master.publicKey
    return (try? responder.readHello(frame.bytes, key: authority.handshakeKey, master: master)) != nil
  }

  @Test(
    "is the one that the server computes, and is mixed into every handshake until it is forgotten",
    arguments: [
      SchemeID.certified, .registered, .identityBased,
    ])
  func isUsed(_ scheme: SchemeID) throws {
    let device = try authority.device(0xA, scheme: scheme)
    #expect(!device.isPreparedA)
    try device.identity.prepareSession()
    var expected = SecretBytes<32>()
    try authority.handshakeKey.agree(with: device.identity.slotA.key.publicKey, into: &expected)
    for _ in 0..<2 {
      #expect(device.isPreparedA)
      #expect(device.sharedA == [UInt8](copying: expected.bytes))
      #expect(isRead(try hello(device), by: authority))
      try device.identity.prepareSession()
    }
  }

  @Test("is no part of the device file, and nothing to store")
  func isNotStored() throws {
    let device = try authority.device(0xA)
    device.save()
    let before = device.stored
    try device.identity.prepareSession()
    #expect(!device.saveIfDirty())
    device.save()
    #expect(device.stored == before && before.count == 1092)
    try device.reboot()
    #expect(!device.isPreparedA)
    #expect(isRead(try hello(device), by: authority))
  }

  @Test("with another server's key, is another one")
  func otherServer() throws {
    let other = try Authority(seed: 0xB2)
    let device = try authority.device(0xA)
    try device.identity.prepareSession()
    let moved = try other.device(0xA)
    moved.save()
    let stored = moved.stored
    try device.identity.load(stored.bytes)
    #expect(!device.isPreparedA)
    #expect(device.isWipedA)
    try device.identity.prepareSession()
    let frame = try hello(device)
    #expect(isRead(frame, by: other) && !isRead(frame, by: authority))
  }

  @Test("belongs to the key that the session shows, and goes when that key retires, is replaced or is wiped")
  func follows() throws {
    let device = try authority.device(0xA)
    try device.identity.prepareSession()
    try device.identity.beginRotation()
    guard let next = device.identity.renewalKey else { throw DeviceError.noUsableKey }
    try device.identity.install(try authority.certificate(for: next, device: 0xA, generation: 2))
    // Shown next: the certified key; falling back: the active one.
    try device.identity.prepareSession()
    #expect(device.isPreparedA && device.isPreparedB)
    #expect(isRead(try hello(device), by: authority))
    #expect(isRead(try hello(device, fallingBack: true), by: authority))
    device.identity.confirmUse(of: .b)
    #expect(!device.isPreparedA && device.isWipedA)
    device.identity.retireOldKey()
    #expect(isRead(try hello(device), by: authority))
    device.identity.clear()
    #expect(!device.isPreparedB && device.isWipedB)
  }

  @Test("without a key for sessions there is nothing to compute, and a server key of low order is refused")
  func nothing() throws {
    let empty = TestDevice()
    try empty.identity.prepareSession()
    #expect(!empty.isPreparedA)
    let device = try authority.device(0xA)
    device.save()
    // The file's server key, zeroed, under a right checksum.
    var stored = device.stored
    for index in 16..<48 { stored[index] = 0 }
    var digest = Bytes<32>()
    var place = digest.mutableBytes
    Hash.SHA256.hash(stored.bytes.extracting(0..<stored.count - 32), into: &place)
    stored.replaceSubrange((stored.count - 32)..., with: (0..<32).map { digest[$0] })
    try device.identity.load(stored.bytes)
    #expect(throws: DeviceError.schemes(.noise(.lowOrderPoint))) { try device.identity.prepareSession() }
    #expect(!device.isPreparedA)
    #expect(throws: DeviceError.schemes(.noise(.lowOrderPoint))) { try hello(device) }
  }
}

extension TestDevice {
  fileprivate var isPreparedA: Bool { identity.slotA.hasSharedWithServer }
  fileprivate var isPreparedB: Bool { identity.slotB.hasSharedWithServer }
  fileprivate var sharedA: [UInt8] { copy(of: identity.slotA.sharedWithServer) }
  fileprivate var isWipedA: Bool { sharedA.allSatisfy { $0 == 0 } }
  fileprivate var isWipedB: Bool { copy(of: identity.slotB.sharedWithServer).allSatisfy { $0 == 0 } }
}

private func copy(of secret: borrowing SecretBytes<32>) -> [UInt8] { [UInt8](copying: secret.bytes) }
