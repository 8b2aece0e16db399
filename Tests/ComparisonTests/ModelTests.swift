import Schemes
import Foundation
import Testing

@testable import Comparison

@Suite("From measurements to a verdict")
struct ModelTests {
  static let measured = Result { try Survey.run() }

  private func rows(_ budget: String, _ change: (inout Budget) -> Void = { _ in }) throws -> [SchemeID: Row] {
    let catalog = try Catalog.shipped()
    var loaded = try Budget.load(budget, catalog)
    change(&loaded)
    let rows = CostModel(loaded, catalog: catalog, onTarget: nil).rows(try Self.measured.get().profiles)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.profile.scheme, $0) })
  }

  @Test("Sizes are those of the real frames")
  func sizes() throws {
    let rows = try rows("sensor-802154")
    // Scheme byte and Noise's own sizes: IK 96 and 48, KK and NNpsk0 48 and 48; 84 of certificate, 2 of hint.
    #expect(rows[.registered]?.value("handshake_bytes") == Double(1 + 96 + 48))
    #expect(rows[.certified]?.value("handshake_bytes") == Double(1 + 96 + 84 + 48))
    #expect(rows[.compactKK]?.value("handshake_bytes") == Double(1 + 2 + 48 + 48))
    #expect(rows[.derivedKeyEphemeral]?.value("handshake_bytes") == Double(1 + 2 + 48 + 48))
    #expect(rows[.derivedKey]?.value("handshake_bytes") == Double(1 + 8 + 4 + 16 + 32))
    #expect(rows[.registered]?.value("message_bytes") == Double(32 + 16))
  }

  @Test("A rotation is a handshake, the request and the answer, each sealed")
  func rotation() throws {
    let rows = try rows("sensor-802154")
    // `rekey` is 1 byte, `key` its type, the scheme, the generation and 32 bytes of key; `renew` is 1 and 32, `certificate` 1 and 116.
    #expect(rows[.derivedKey]?.value("rotation_bytes") == Double(61 + (1 + 16) + (1 + 1 + 2 + 32 + 16)))
    #expect(rows[.derivedKeyRatchet]?.value("rotation_bytes") == Double(61 + (1 + 16) + (1 + 1 + 2 + 64 + 16)))
    #expect(rows[.registered]?.value("rotation_bytes") == Double(145 + (1 + 32 + 16) + (1 + 116 + 16)))
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

  @Test("On the slowest LoRaWAN rate the compact handshake is one frame, the certified one several")
  func lora() throws {
    let rows = try rows("water-meter-lorawan")
    #expect(rows[.compactKK]?.value("frames_up") == 1)
    #expect(rows[.registered]?.value("frames_up") == 2)
    #expect(rows[.certified]?.value("frames_up") == 4)
    #expect(rows[.certified]?.verdict.fits == false)
    #expect(rows[.certified]?.verdict.binding == .firstMessage)
    let silence = try #require(rows[.compactKK]?.value("silence_s"))
    let airtime = try #require(rows[.compactKK]?.value("airtime_up_ms"))
    #expect(abs(silence - 99 * airtime / 1_000) < 1e-6)
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
      #expect(verdict.binding == limit && !verdict.fits)
    }
    let verdict = try #require(
      try rows("water-meter-lorawan") {
        $0.usage.messagesPerDay = 10_000
        $0.limits.batteryDays = 0
      }[scheme]
    ).verdict
    #expect(verdict.binding == .dutyCycle && !verdict.fits)
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
    #expect(row.value("cpu_ms") == 100)
    #expect(row.values["cpu_ms"]?.kind == .onTarget)
    #expect(row.values["cpu_ms"]?.from == "emulated, 2026-01-02, run")
    #expect(row.value("ram_bytes") == 3_000)
    // 3,000 of half of 10 KiB.
    #expect(abs((row.verdict.use[.ram] ?? 0) - 3_000 / 5_120) < 1e-9)
    #expect(CostModel(budget, catalog: catalog, onTarget: onTarget).row(profile).values["flash_bytes"] == nil)
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
    let summed = core.cycles(profile.operations)
    for own in [1_000.0, core.x25519.value, 5_000_000] {
      budget.device.x25519Cycles = Constant(own, source: "test", verified: false)
      let more = own - core.x25519Base.value + 3 * (own - core.x25519.value)
      for (onTarget, before) in [(shipped, measured), (nil, summed)] as [(OnTargetResults?, Double)] {
        let time = try #require(
          CostModel(budget, catalog: catalog, onTarget: onTarget).row(profile).values["cpu_ms"])
        #expect(abs(time.value * 1_000 - before - more) < 1)
        #expect(time.kind == .computed && !time.verified)
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
    let images = try JSONDecoder().decode([Image].self, from: Data(contentsOf: file)).filter {
      $0.image == "primitives"
    }
    for costs in try Catalog.shipped().cores {
      let operations = try #require(images.first { $0.core == costs.core }).operations
      let cycles = Dictionary(uniqueKeysWithValues: operations.map { ($0.operation, $0.model_cycles) })
      let (short, long) = (try #require(cycles["seal-64"]), try #require(cycles["seal-1024"]))
      let aeadByte = (long - short) / 960
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

  @Test("An unverified constant marks everything computed from it, and nothing else")
  func verification() throws {
    let row = try #require(try rows("water-meter-lorawan")[.registered])
    #expect(row.values["radio_mj"]?.verified == false)
    #expect(row.values["airtime_up_ms"]?.verified == true)
    #expect(row.values["handshake_bytes"]?.verified == true)
  }

  @Test("Every form of output holds every scheme, and JSON brings its measurements back")
  func outputs() throws {
    let catalog = try Catalog.shipped()
    let measured = try Self.measured.get()
    let report = Report(try Budget.load("ble-tag", catalog), measured, catalog: catalog, onTarget: nil)
    let csv = report.csv().components(separatedBy: "\r\n")
    #expect(csv.count == measured.profiles.count + 2)
    let markdown = report.markdown()
    let text = report.text()
    for profile in measured.profiles {
      #expect(markdown.contains("`\(profile.scheme.name)`") && text.contains(profile.scheme.name))
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "countersign-\(UUID().uuidString).json")
    try Data(try report.json().utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try Measurements.read(file.path) == measured)
    #expect(throws: BudgetError.self) { try Measurements.read("/nonexistent") }
    #expect(Advice.summary(report.rows, report.budget).joined().contains("Where the derived key wins"))
  }

  @Test("Chosen columns are printed in their order, and nothing else; an unknown one is named")
  func columns() throws {
    let catalog = try Catalog.shipped()
    let report = Report(
      try Budget.load("ble-tag", catalog), try Self.measured.get(), catalog: catalog, onTarget: nil,
      selection: try Column.named("server_us,handshake_bytes"))
    #expect(report.markdown().contains("| scheme | server: handshake, us | handshake, B | fits | binds |"))
    #expect(report.text().contains("server: handshake, us  handshake, B\n"))
    #expect(
      report.csv().hasPrefix(
        "scheme,fits,binding,server_us,server_us_kind,handshake_bytes,handshake_bytes_kind,server_keys,advice\r\n"))
    #expect(throws: BudgetError.self) { try Column.named("server_us,") }
    #expect { try Column.named("speed") } throws: {
      "\($0)".hasPrefix("columns: \"speed\" is unknown; allowed: handshake_bytes, device_bytes")
    }
  }

  @Test("The rate from which the derived key saves a tenth of the battery's life is the rate at which it does")
  func tenth() throws {
    let catalog = try Catalog.shipped()
    var budget = try Budget.load("sensor-802154", catalog)
    let profiles = try Self.measured.get().profiles
    func rows() -> [Row] { CostModel(budget, catalog: catalog, onTarget: nil).rows(profiles) }
    let advice = Advice.summary(rows(), budget)
    let sentence = try #require(advice.first { $0.contains("handshakes a day on") })
    budget.usage.handshakesPerDay = try #require(sentence.split(separator: " ").lazy.compactMap { Double($0) }.first)
    let days = Dictionary(uniqueKeysWithValues: rows().map { ($0.profile.scheme, $0.value("battery_days")) })
    let certified = try #require(days[.certified] ?? nil)
    let derived = try #require(days[.derivedKey] ?? nil)
    // The rate is printed with three digits.
    #expect(abs((derived - certified) / derived - 0.1) < 0.001)
  }

  @Test("Where no scheme with a key of its own fits, the advice says what keeps the nearest out, and by how much")
  func derivedKeyWins() throws {
    let catalog = try Catalog.shipped()
    var budget = try Budget.load("sensor-802154", catalog)
    budget.device.clockMhz = Constant(16, source: "test")
    budget.limits.firstMessageSeconds = 0.11
    let rows = CostModel(budget, catalog: catalog, onTarget: nil).rows(try Self.measured.get().profiles)
    let advice = Advice.summary(rows, budget).joined(separator: " ")
    #expect(advice.contains("Choose derived-key-ephemeral"))
    #expect(advice.contains("Nearest comes compact-kk, with 1."))
    #expect(advice.contains("of: time to the first message."))
  }

  @Test("The page holds its data without a way out of it")
  func page() throws {
    let catalog = try Catalog.shipped()
    var budget = try Budget.load("ble-tag", catalog)
    budget.device.title = "</script><script>alert(1)</script>"
    let html = try Report(budget, try Self.measured.get(), catalog: catalog, onTarget: nil).html()
    #expect(!html.contains("<script>alert"))
    #expect(!html.contains("http://") && !html.contains("https://"))
  }
}
