// SPDX-License-Identifier: Apache-2.0

import Schemes
import Foundation
import Testing

@testable import Comparison

@Suite("From measurements to a verdict")
struct ModelTests {
  static let measured = Result { try Survey.run() }

  private func rows(_ budget: String, _ change: (inout Budget) throws -> Void = { _ in }) throws -> [SchemeID: Row] {
    let catalog = try Catalog.shipped()
    var loaded = try Budget.load(budget, catalog)
    try change(&loaded)
    let rows = CostModel(loaded, catalog: catalog, onTarget: nil).rows(try Self.measured.get().profiles)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.profile.scheme, $0) })
  }

  @Test("Sizes are those of the real frames")
  func sizes() throws {
    let rows = try rows("sensor-802154")
    // Scheme byte and Noise's own sizes: IK 96 and 48, KK and NNpsk0 48 and 48; 84 of certificate, 2 of hint.
    #expect(rows[.registered]?[.handshakeBytes]?.value == Double(1 + 96 + 48))
    #expect(rows[.certified]?[.handshakeBytes]?.value == Double(1 + 96 + 84 + 48))
    #expect(rows[.compactKK]?[.handshakeBytes]?.value == Double(1 + 2 + 48 + 48))
    #expect(rows[.derivedKeyEphemeral]?[.handshakeBytes]?.value == Double(1 + 2 + 48 + 48))
    #expect(rows[.derivedKey]?[.handshakeBytes]?.value == Double(1 + 8 + 4 + 16 + 32))
    #expect(rows[.registered]?[.messageBytes]?.value == Double(32 + 16))
  }

  @Test("A rotation is a handshake, the request and the answer, each sealed")
  func rotation() throws {
    let rows = try rows("sensor-802154")
    // `rekey` is 1 byte, `key` its type, the scheme, the generation and 32 bytes of key; `renew` is 1 and 32, `certificate` 1 and 116.
    #expect(rows[.derivedKey]?[.rotationBytes]?.value == Double(61 + (1 + 16) + (1 + 1 + 2 + 32 + 16)))
    #expect(rows[.derivedKeyRatchet]?[.rotationBytes]?.value == Double(61 + (1 + 16) + (1 + 1 + 2 + 64 + 16)))
    #expect(rows[.registered]?[.rotationBytes]?.value == Double(145 + (1 + 32 + 16) + (1 + 116 + 16)))
  }

  @Test("Public-key operations are counted from what runs: IK costs the device one base and four variable X25519")
  func operations() throws {
    let profiles = try Self.measured.get().profiles
    let registered = try #require(profiles.first { $0.scheme == .registered })
    #expect(registered.operations.x25519Base == 1)
    // ee, es, se: ss is kept.
    #expect(registered.operations.x25519 == 3)
    let derived = try #require(profiles.first { $0.scheme == .derivedKey })
    #expect(derived.operations.x25519Base == 0 && derived.operations.x25519 == 0)
    // Five HMACs with short messages: pseudonym, code, check, two keys; two to five compressions each.
    #expect(derived.operations.hashBlocks >= 20 && derived.operations.hashBlocks <= 30)
  }

  @Test(
    "On the slowest LoRaWAN rate the compact handshake is one frame, the certified one several; an hour has room for both"
  )
  func lora() throws {
    let rows = try rows("water-meter-lorawan")
    #expect(rows[.compactKK]?[.framesUp]?.value == 1)
    #expect(rows[.registered]?[.framesUp]?.value == 2)
    #expect(rows[.certified]?[.framesUp]?.value == 4)
    for scheme in [SchemeID.compactKK, .certified] { #expect(rows[scheme]?[.silenceS]?.value == 0) }
    // Where every transmission is paid for at once, the certificate comes too late.
    let strict = try self.rows("water-meter-lorawan") { $0.radio.dutyWindowS = nil }
    #expect(strict[.certified]?.verdict.fit == .fails && strict[.certified]?.verdict.binding == .firstMessage)
    let silence = try #require(strict[.compactKK]?[.silenceS]?.value)
    let airtime = try #require(strict[.compactKK]?[.airtimeUpMs]?.value)
    #expect(abs(silence - 99 * airtime / 1_000) < 1e-6)
  }

  @Test("The server's way has frames of its own where the radio says so")
  func downlink() throws {
    let rows = try rows("water-meter-lorawan") { $0.radio = try Catalog.shipped().radio("lorawan-us915-dr0") }
    #expect(rows[.registered]?[.framesUp]?.value == 10)
    #expect(rows[.registered]?[.framesDown]?.value == 1)
    let air = Airtime.lora(payload: 48 + 13, spreadingFactor: 10, bandwidthKhz: 500)
    #expect(abs((rows[.registered]?[.airtimeDownMs]?.value ?? 0) - (air() ?? 1)) < 1e-9)
    // No duty cycle: one transmitter sends without a pause.
    let hours = 100_000 * (air() ?? 1) / 3_600_000
    #expect(abs((rows[.registered]?[.fleetAirH]?.value ?? 0) - hours) < 1e-6)
  }

  @Test("Each limit can bind")
  func limits() throws {
    let scheme = SchemeID.certified
    let strict: [(Limit, (inout Budget) -> Void)] = [
      (.battery, { $0.limits.batteryDays = 100_000 }), (.readmission, { $0.limits.readmissionSeconds = 0.001 }),
      (.firstMessage, { $0.limits.firstMessageSeconds = 0.001 }),
    ]
    for (limit, change) in strict {
      let verdict = try #require(try rows("sensor-802154", change)[scheme]).verdict
      #expect(verdict.binding == limit && verdict.fit == .fails)
    }
    let verdict = try #require(
      try rows("water-meter-lorawan") {
        $0.usage.messagesPerDay = 10_000
        $0.limits.batteryDays = 0
      }[scheme]
    ).verdict
    #expect(verdict.binding == .dutyCycle && verdict.fit == .fails)
  }

  @Test("Firmware results replace computed numbers, and bring flash and RAM")
  func onTarget() throws {
    let results = """
      [{"kind": "emulated", "date": "2026-01-02", "command": "run", "core": "m4", "image": "ik", "scheme": "certified",
        "role": "device", "flash_bytes": 26000, "static_ram_bytes": 400, "peak_stack_bytes": 2600, "instructions": 1,
        "model_cycles": 6400000, "operations": [{"operation": "seal", "model_cycles": 1}]}]
      """
    let onTarget = try OnTargetResults(JSONValue.parse(Data(results.utf8), file: "results.json"), file: "results.json")
    #expect(onTarget.records.count == 1)
    let catalog = try Catalog.shipped()
    let budget = try Budget.load("class-1-node", catalog)
    var m4 = budget
    m4.device.core = .m4
    m4.device.clockMhz = Constant(64, source: "test")
    let profile = try #require(try Self.measured.get().profiles.first { $0.scheme == .certified })
    let row = CostModel(m4, catalog: catalog, onTarget: onTarget).row(profile)
    #expect(row[.cpuMs]?.value == 100)
    #expect(row[.cpuMs]?.kind == .onTarget)
    #expect(row[.cpuMs]?.from == "emulated, 2026-01-02, run")
    #expect(row[.ramBytes]?.value == 3_000)
    // 3,000 of half of 10 KiB.
    #expect(abs((row.verdict.uses[.ram]?.value ?? 0) - 3_000 / 5_120) < 1e-9)
    // A handshake's image is less than a device.
    #expect(row[.ramBytes]?.doubts == [.atLeast] && row[.cpuMs]?.doubts == [.uncalibrated])
    #expect(CostModel(budget, catalog: catalog, onTarget: onTarget).row(profile)[.flashBytes] == nil)
    for bad in [
      #"{"records": []}"#, #"[{"scheme": "x", "core": "z80"}]"#, #"[{"scheme": "x", "core": "m0", "flash_bytes": -1}]"#,
    ] {
      #expect(throws: BudgetError.self) {
        try OnTargetResults(JSONValue.parse(Data(bad.utf8), file: "bad"), file: "bad")
      }
    }
  }

  @Test(
    "The cycles of X25519 that a budget gives take the place of the measured ones, in images and in sums of operations")
  func ownMultiplication() throws {
    let catalog = try Catalog.shipped()
    let core = try #require(catalog.cores.first { $0.core == .m4 })
    var budget = try Budget.load("class-1-node", catalog)
    budget.device.core = .m4
    budget.device.clockMhz = Constant(1, source: "test")
    let profile = try #require(try Self.measured.get().profiles.first { $0.scheme == .registered })
    let shipped = try OnTargetResults.shipped()
    let measured = try #require(shipped.record(.registered, on: .m4)?.cycles)
    budget.device.x25519Cycles = nil
    let summed = try #require(CostModel(budget, catalog: catalog, onTarget: nil).row(profile)[.cpuMs]?.value) * 1_000
    for own in [1_000.0, core.x25519.value, 5_000_000] {
      budget.device.x25519Cycles = Constant(own, source: "test", doubts: [.unverified])
      let more = own - core.x25519Base.value + 3 * (own - core.x25519.value)
      for (onTarget, before) in [(shipped, measured), (nil, summed)] as [(OnTargetResults?, Double)] {
        let time = try #require(
          CostModel(budget, catalog: catalog, onTarget: onTarget).row(profile)[.cpuMs])
        #expect(abs(time.value * 1_000 - before - more) < 1)
        #expect(time.kind == .computed && time.doubts == [.unverified, .uncalibrated])
      }
    }
  }

  @Test("The operations' costs are the firmware results'")
  func operationCosts() throws {
    struct Operation: Decodable {
      let operation: String
      let model_cycles: Double
    }
    struct Image: Decodable {
      let core: Core
      let image: String
      let operations: [Operation]
    }
    let file = URL(filePath: #filePath).appending(path: "../../../Benchmarks/Firmware/results.json").standardized
    let all = try JSONDecoder().decode([Image].self, from: Data(contentsOf: file))
    let images = all.filter { $0.image == "primitives" }
    let others = all.filter { $0.image == "primitives-ladder" }
    for costs in try Catalog.shipped().cores {
      let operations = try #require(images.first { $0.core == costs.core }).operations
      let cycles = Dictionary(uniqueKeysWithValues: operations.map { ($0.operation, $0.model_cycles) })
      let (short, long) = (try #require(cycles["seal-64"]), try #require(cycles["seal-1024"]))
      let aeadByte = (long - short) / 960
      let ladder = try #require(others.first { $0.core == costs.core }?.operations.first { $0.operation == "x25519" })
      #expect(costs.curves.first { $0.name == "libsodium" }?.cycles.value == ladder.model_cycles)
      #expect(costs.x25519Base.value == cycles["x25519-base"])
      #expect(costs.x25519.value == cycles["x25519"])
      #expect(costs.ed25519Sign.value == cycles["ed25519-sign"])
      #expect(costs.ed25519Verify.value == cycles["ed25519-verify"])
      #expect(abs(costs.hashBlock.value - (try #require(cycles["sha256-64"])) / 2) < 1)
      #expect(abs(costs.aeadByte.value - aeadByte) < 0.1)
      #expect(abs(costs.aeadCall.value - (short - 64 * aeadByte)) < 1)
    }
  }

  @Test("The shipped firmware results are those of the repository, and cover every scheme that has an image")
  func shippedFirmware() throws {
    let shipped = try OnTargetResults.shipped()
    let file = URL(filePath: #filePath).appending(path: "../../../Benchmarks/Firmware/results.json").standardized
    let whole = try OnTargetResults.read(file.path)
    #expect(shipped.source == whole.source && shipped.source.hasPrefix("emulated, 20"))
    let images: [SchemeID] = [
      .sharedKey, .derivedKey, .derivedKeyRatchet, .derivedKeyEphemeral, .compactKK, .registered, .certified,
      .hybridIKpsk2, .identityBased,
    ]
    for core in Core.allCases where core != .host {
      for scheme in images {
        let record = try #require(shipped.record(scheme, on: core), "\(scheme) on \(core)")
        #expect(record == whole.record(scheme, on: core))
        #expect(record.flashBytes != nil && record.ramBytes != nil && record.cycles != nil)
      }
    }
  }

  @Test("A doubtful constant marks everything computed from it, and nothing else")
  func doubts() throws {
    let row = try #require(try rows("water-meter-lorawan")[.registered])
    #expect(row[.radioMj]?.doubts == [.unverified])
    #expect(row[.airtimeUpMs]?.doubts == [])
    #expect(row[.handshakeBytes]?.doubts == [])
    #expect(row[.handshakeMj]?.doubts == [.unverified, .uncalibrated])
    #expect(row[.readmissionS]?.doubts == [.timed])
  }

  @Test("A time is the median of its turns' medians, and knows how far they were apart")
  func timing() {
    let timing = Timing(turns: [[1, 2, 900], [4, 4], [3]])
    #expect(timing.value == 3 && timing.low == 2 && timing.high == 4)
    #expect(abs(timing.spread - 1.0 / 3) < 1e-12)
    #expect((timing / 2).value == 1.5 && (timing / 2).spread == timing.spread)
  }

  @Test("A broadcast is measured for the fleet's own size")
  func broadcast() throws {
    for (fleet, devices) in [(5, 8), (10_000, 16_384)] as [(Double, Int)] {
      let measured = try Survey.run([.broadcast], fleetSize: fleet)
      let profile = try #require(measured.profiles.first)
      #expect(profile.title.contains("\(devices) devices"))
      #expect(profile.messages.count == 1 && profile.messages[0].bytes >= 56)
    }
  }
}
