// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto
  import Foundation
  @_spi(Testing) import IdentityEncryption
  import Testing
  import Wire

  /// Vectors of the second implementation: Tests/Vectors/generator/ibe.py, on arkworks' curve.
  @Suite("Vectors for identity-based encryption")
  struct VectorTests {
    struct File: Decodable {
      let messages: [Message]
      let rejected: Rejected
      let refused_public_keys, refused_device_keys: [Refused]
      let shares: [Shared]
    }

    struct Subject: Decodable {
      let system: UInt32
      let device: String
      let first_epoch, last_epoch: UInt16

      var identity: IBE.Identity {
        IBE.Identity(
          DeviceAddress(system: SystemID(system), device: DeviceID(UInt64(device)!)), epochs: first_epoch...last_epoch)
      }
    }

    struct Message: Decodable, CustomTestStringConvertible {
      let seed, master_public_key, device_key, sigma, encapsulation, shared_key: String
      let text, associated_data, sealed, identity: String
      let subject: Subject
      var testDescription: String { identity }

      enum CodingKeys: CodingKey {
        case seed, master_public_key, device_key, sigma, encapsulation, shared_key, text, associated_data, sealed
        case identity
      }

      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func field(_ key: CodingKeys) throws -> String { try fields.decode(String.self, forKey: key) }
        seed = try field(.seed)
        master_public_key = try field(.master_public_key)
        device_key = try field(.device_key)
        sigma = try field(.sigma)
        encapsulation = try field(.encapsulation)
        shared_key = try field(.shared_key)
        text = try field(.text)
        associated_data = try field(.associated_data)
        sealed = try field(.sealed)
        identity = try field(.identity)
        subject = try Subject(from: decoder)
      }
    }

    struct Rejected: Decodable {
      let seed, good, shared_key: String
      let system: UInt32
      let device: String
      let first_epoch, last_epoch: UInt16
      let cases: [Case]

      struct Case: Decodable {
        let comment, encapsulation, shared_key: String
      }

      var subject: Subject {
        Subject(system: system, device: device, first_epoch: first_epoch, last_epoch: last_epoch)
      }
    }

    struct Refused: Decodable, CustomTestStringConvertible {
      let comment, point: String
      var testDescription: String { comment }
    }

    struct Shared: Decodable, CustomTestStringConvertible {
      let seed, polynomial, commitments, device_key: String
      let threshold, holders: Int
      let shares, partial_keys: [String]
      let chosen: [UInt8]
      let system: UInt32
      let device: String
      let first_epoch, last_epoch: UInt16
      var testDescription: String { "\(threshold) of \(holders)" }

      var subject: Subject {
        Subject(system: system, device: device, first_epoch: first_epoch, last_epoch: last_epoch)
      }
    }

    static let file: File = {
      let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/ibe/ibe.json")
      return try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    }()

    @Test(arguments: file.messages)
    func message(_ vector: Message) throws {
      let seed = bytes(vector.seed)
      let master = try IBE.MasterKey(seed: seed.bytes)
      let identity = vector.subject.identity
      let name = identity.bytes
      #expect(hex(name.bytes) == vector.identity)
      let publicKey = master.publicKey.bytes
      #expect(hex(publicKey.bytes) == vector.master_public_key)
      let encoded = bytes(vector.master_public_key)
      #expect(try IBE.MasterPublicKey(decoding: encoded.bytes) == master.publicKey)
      let extracted = master.extracted(identity)
      #expect(hex(extracted.bytes) == vector.device_key)

      let sigma = try SecretBytes<32>(copying: bytes(vector.sigma))
      var key = SecretBytes<32>()
      var encapsulation = [UInt8](repeating: 0, count: IBE.encapsulationLength)
      var target = encapsulation.mutableBytes
      #expect(IBE.encapsulate(sigma, to: identity, under: master.publicKey, key: &key, into: &target))
      #expect(hex(encapsulation.bytes) == vector.encapsulation)
      #expect(hex(key.bytes) == vector.shared_key)

      let device = try IBE.DeviceKey(decoding: extracted.bytes, of: identity, from: master.publicKey)
      #expect(try device.decapsulated(encapsulation) == vector.shared_key)
      #expect(try device.opened(bytes(vector.sealed), bytes(vector.associated_data)) == bytes(vector.text))
      #expect(vector.sealed.count / 2 == vector.text.count / 2 + IBE.overhead)
    }

    @Test("what nobody encapsulated gives the key that the other implementation rejects it with")
    func rejection() throws {
      let rejected = Self.file.rejected
      let seed = bytes(rejected.seed)
      let device = try IBE.MasterKey(seed: seed.bytes).deviceKey(rejected.subject.identity)
      #expect(try device.decapsulated(bytes(rejected.good)) == rejected.shared_key)
      #expect(rejected.cases.count == 7)
      for vector in rejected.cases {
        #expect(try device.decapsulated(bytes(vector.encapsulation)) == vector.shared_key, "\(vector.comment)")
      }
    }

    @Test(arguments: file.refused_public_keys)
    func refusedPublicKey(_ vector: Refused) throws {
      let point = bytes(vector.point)
      #expect(throws: IBEError.invalidPoint) { try IBE.MasterPublicKey(decoding: point.bytes) }
      let device = try issuer().deviceKey(identity())
      #expect(throws: IBEError.cannotOpen) { try device.decapsulated(point + [UInt8](repeating: 1, count: 32)) }
      let other = try issuer().publicKey.bytes
      let commitments = [UInt8](copying: other.bytes) + point
      #expect(throws: IBEError.invalidPoint) { try IBE.Commitments(decoding: commitments.bytes) }
    }

    @Test(arguments: file.refused_device_keys)
    func refusedDeviceKey(_ vector: Refused) throws {
      let point = bytes(vector.point)
      let publicKey = try issuer().publicKey
      #expect(throws: IBEError.invalidPoint) {
        _ = try IBE.DeviceKey(decoding: point.bytes, of: identity(), from: publicKey)
      }
    }

    @Test(arguments: file.shares)
    func shares(_ vector: Shared) throws {
      let seed = bytes(vector.seed)
      let master = try IBE.MasterKey(seed: seed.bytes)
      let polynomial = try SecretBytes<32>(copying: bytes(vector.polynomial))
      let identity = vector.subject.identity
      var shares: [String] = []
      var partialKeys: [[UInt8]] = []
      let commitments = try master.split(
        threshold: vector.threshold, among: vector.holders, polynomial: polynomial
      ) { share in
        var encoded = SecretBytes<33>()
        share.encode(into: &encoded)
        shares.append(hex(encoded.bytes))
        var partialKey = SecretBytes<96>()
        share.extract(identity, into: &partialKey)
        partialKeys.append([UInt8](copying: partialKey.bytes))
      }
      #expect(shares == vector.shares)
      #expect(partialKeys.map { hex($0.bytes) } == vector.partial_keys)
      #expect(hex(commitments.bytes.bytes) == vector.commitments)
      let encoded = bytes(vector.commitments)
      #expect(try IBE.Commitments(decoding: encoded.bytes) == commitments)
      #expect(commitments.masterPublicKey == master.publicKey)

      var combination = try IBE.Combination(of: identity, under: commitments, from: vector.chosen)
      for holder in vector.chosen {
        try combination.add(partialKeys[Int(holder) - 1], from: holder)
      }
      var key = SecretBytes<96>()
      try combination.finish(into: &key)
      #expect(hex(key.bytes) == vector.device_key)
    }
  }
#endif
