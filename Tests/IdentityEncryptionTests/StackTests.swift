// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CSodium
  import CountersignCrypto
  import Foundation
  @_spi(Testing) import IdentityEncryption
  import TestSeed
  import Testing

  @Suite("What an operation leaves on its stack")
  struct StackTests {
    /// Runs `body` on a stack of its own, and says how many pieces of the secrets, 16 bytes each, are
    /// there afterwards.
    private func leftovers(of secrets: [[UInt8]], _ body: @escaping @Sendable () -> Void) -> Int {
      let size = 512 * 1024
      let stack = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 1 << 16)
      stack.initializeMemory(as: UInt8.self, repeating: 0, count: size)
      defer { stack.deallocate() }
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      defer { pthread_attr_destroy(&attributes) }
      precondition(pthread_attr_setstack(&attributes, stack, size) == 0)
      let box = Unmanaged.passRetained(Body(run: body))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, &attributes,
        { argument in
          Unmanaged<Body>.fromOpaque(argument!).takeUnretainedValue().run()
          return nil
        }, box.toOpaque())
      precondition(status == 0 && pthread_join(thread, nil) == 0)
      defer { box.release() }
      let left = Data(bytesNoCopy: stack, count: size, deallocator: .none)
      let pieces = secrets.flatMap { secret in
        stride(from: 0, through: secret.count - 16, by: 8).map { Data(secret[$0..<$0 + 16]) }
      }
      return pieces.count { left.range(of: $0) != nil }
    }

    private final class Body: Sendable {
      let run: @Sendable () -> Void
      init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A number of blst's has its least significant byte first, an encoded one its last.
    private func bothWays(_ secret: [UInt8]) -> [[UInt8]] { [secret, secret.reversed()] }

    private func memory<T>(of value: inout T) -> [UInt8] { withUnsafeBytes(of: &value) { [UInt8]($0) } }

    @Test("the search finds what was left")
    func control() {
      let secret = [UInt8](1...32)
      let found = leftovers(of: [secret]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { room in
          _ = room.initialize(from: secret)
          // An optimiser that cannot see what this reads must have written it.
          _ = sodium_is_zero(room.baseAddress!, room.count)
        }
      }
      #expect(found > 0)
    }

    @Test("nothing of the master key, a share, a device key, sigma or what it leads to")
    func nothing() throws {
      let seed = [UInt8](repeating: 0x49, count: 32)
      let box = Box()
      let text = [UInt8](repeating: 0x5A, count: 64)
      let target = identity()
      let publicKey = try issuer().publicKey
      // What is searched for, computed on this thread.
      var secrets: [[UInt8]] = [text]
      let deviceKey = try issuer().extracted(target)
      secrets += bothWays(deviceKey)
      var scalar = SecretBytes<64>()
      let salt = [UInt8]("countersign-v1 ibe master".utf8)
      let info = [UInt8]("scalar".utf8)
      var wide = scalar.mutableBytes
      Hash.HKDF<Hash.SHA512>.deriveKey(inputKeyMaterial: seed.bytes, salt: salt.bytes, info: info.bytes, into: &wide)
      let reducible = [UInt8](copying: scalar.bytes)
      var number = blst_scalar()
      blst_scalar_from_be_bytes(&number, reducible, reducible.count)
      secrets += bothWays(reducible) + bothWays(memory(of: &number))
      // The device key as blst computes with it.
      var point = blst_p2_affine()
      #expect(blst_p2_uncompress(&point, deviceKey) == BLST_SUCCESS)
      secrets.append(memory(of: &point))
      let holders = try Holders(issuer(), threshold: 2, among: 2)
      for share in holders.shares { secrets += bothWays([UInt8](share.dropFirst())) }
      secrets += holders.partialKeys.flatMap { bothWays($0) }
      let sigma = SecretBytes<32>.random()
      secrets += bothWays([UInt8](copying: sigma.bytes))
      var shared = SecretBytes<32>()
      var encapsulation = [UInt8](repeating: 0, count: IBE.encapsulationLength)
      var output = encapsulation.mutableBytes
      #expect(IBE.encapsulate(sigma, to: target, under: publicKey, key: &shared, into: &output))
      secrets += bothWays([UInt8](copying: shared.bytes))
      var message = encapsulation + [UInt8](repeating: 0, count: text.count + tagLength)
      var body = message.mutableBytes
      var rest = body.suffix(from: IBE.encapsulationLength)
      Cipher.ChaChaPoly.seal(text.bytes, into: &rest, key: shared.bytes, nonce: 0, authenticating: RawSpan())

      let sealed = message
      let commitments = holders.commitments
      let shares = holders.shares
      let drawn = [UInt8](copying: sigma.bytes)
      let found = leftovers(of: secrets) {
        box.issue(seed, target)
        box.encapsulate(drawn, target, publicKey)
        box.open(deviceKey, target, publicKey, sealed)
        box.share(shares[0], commitments, target)
      }
      #expect(found == 0)
      #expect(box.opened == text && box.key == deviceKey)
    }
  }

  /// Where results go to: not the stack that is searched.
  private final class Box: @unchecked Sendable {
    var key: [UInt8] = []
    var opened = [UInt8](repeating: 0, count: 64)

    func issue(_ seed: [UInt8], _ identity: IBE.Identity) {
      var master = try! IBE.MasterKey(seed: seed.bytes)
      var key = SecretBytes<96>()
      master.extract(identity, into: &key)
      self.key = [UInt8](copying: key.bytes)
      key.wipe()
      master.wipe()
    }

    func encapsulate(_ seed: [UInt8], _ identity: IBE.Identity, _ issuer: IBE.MasterPublicKey) {
      var sigma = SecretBytes<32>()
      sigma.copy(from: seed.bytes)
      var shared = SecretBytes<32>()
      var encapsulation = Bytes<80>()
      var target = encapsulation.mutableBytes
      _ = IBE.encapsulate(sigma, to: identity, under: issuer, key: &shared, into: &target)
      sigma.wipe()
      shared.wipe()
    }

    func open(_ key: [UInt8], _ identity: IBE.Identity, _ issuer: IBE.MasterPublicKey, _ message: [UInt8]) {
      var device = try! IBE.DeviceKey(decoding: key.bytes, of: identity, from: issuer)
      var text = opened
      var target = text.mutableBytes
      try! device.open(message.bytes, authenticating: RawSpan(), into: &target)
      opened = text
      device.wipe()
    }

    func share(_ encoded: [UInt8], _ commitments: IBE.Commitments, _ identity: IBE.Identity) {
      var share = try! IBE.Share(decoding: encoded.bytes, under: commitments)
      var partialKey = SecretBytes<96>()
      share.extract(identity, into: &partialKey)
      partialKey.wipe()
      share.wipe()
    }
  }
#endif
