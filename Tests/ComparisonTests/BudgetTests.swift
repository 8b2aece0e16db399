// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSeed
import Testing

@testable import Comparison

@Suite("Budgets")
struct BudgetTests {
  static let catalog = Result { try Catalog.shipped() }

  private func load(_ json: String) throws -> Budget {
    try Budget(JSONValue.parse(Data(json.utf8), file: "test"), try Self.catalog.get(), name: "test")
  }

  private func problem(_ json: String) -> String {
    do {
      _ = try load(json)
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test("Every shipped budget loads, and names known parts")
  func shipped() throws {
    let catalog = try Catalog.shipped()
    #expect(catalog.budgetNames.contains(Budget.standardName))
    for name in catalog.budgetNames { try Budget.load(name, catalog).validate() }
    // What an architect may ask for by name.
    for id in [
      "nrf51", "nrf52840", "nrf5340", "stm32l4", "rp2040", "esp32c3", "linux-gateway", "class-0", "class-1", "class-2",
    ] {
      _ = try catalog.device(id)
    }
    let lora = (0...5).map { "lorawan-eu868-dr\($0)" } + (0...4).map { "lorawan-us915-dr\($0)" }
    for id in ["ble", "ble-nrf51", "802154", "nb-iot", "lte-m", "wifi", "ethernet"] + lora {
      _ = try catalog.radio(id)
    }
  }

  @Test("Parts can be given in full; what is left out keeps its standard value")
  func inFull() throws {
    let budget = try load(
      """
      {"device": {"id": "mine", "title": "Mine", "core": "m0", "clock_mhz": 48, "active_ma": 5, "sleep_ua": 1,
        "volts": 3, "x25519_cycles": 1350000, "flash_kib": {"value": 128, "source": "its data sheet", "verified": false}},
       "radio": "ble", "battery": "cr2032", "usage": {"handshakes_per_day": 2.5}}
      """)
    #expect(budget.device.clockMhz == Constant(48, source: "budget file"))
    #expect(budget.device.x25519Cycles?.value == 1_350_000)
    #expect(budget.device.flashKib == Constant(128, source: "its data sheet", doubts: [.unverified]))
    #expect(budget.device.ramKib == nil)
    #expect(budget.usage.handshakesPerDay == 2.5)
    #expect(budget.usage.messagesPerDay == Usage.standard.messagesPerDay)
    #expect(budget.limits == .standard)
  }

  @Test(
    "Bad input names the field and what is allowed",
    arguments: [
      (#"{"radio": "ble", "battery": "cr2032"}"#, "device: is missing; allowed: nrf51, nrf52840"),
      (#"{"device": "pdp11", "radio": "ble", "battery": "cr2032"}"#, "device: \"pdp11\" is unknown; allowed: nrf51"),
      (
        #"{"device": "nrf51", "radio": "lora", "battery": "cr2032"}"#,
        "radio: \"lora\" is unknown; allowed: ble, ble-27"
      ),
      (#"{"device": "nrf51", "radio": "ble", "battery": 3}"#, "battery: is a number; allowed: an object"),
      (
        #"{"device": "nrf51", "radio": "ble", "battery": "cr2032", "usage": {"handshakes_per_day": -1}}"#,
        "usage.handshakes_per_day: -1.0 is out of range; allowed: a number from 0 to 86400 a day"
      ),
      (
        #"{"device": "nrf51", "radio": "ble", "battery": "cr2032", "usage": {"handshakes": 1}}"#,
        "usage.handshakes: is not a field of this object; allowed: handshakes_per_day, messages_per_day"
      ),
      (
        #"{"device": "nrf51", "radio": "ble", "battery": "cr2032", "limits": {"memory_share": "half"}}"#,
        "limits.memory_share: is a string; allowed: a number from 0.01 to 1 of the memory"
      ),
      (
        #"{"device": {"id": "x", "title": "x", "core": "m7"}, "radio": "ble", "battery": "cr2032"}"#,
        "device.core: is not one of the known values; allowed: m0, m4, rv32, host"
      ),
      (
        #"{"device": "nrf51", "radio": {"id": "x", "title": "x", "technology": "lorawan", "tx_ma": 1, "rx_ma": 1, "#
          + #""volts": 3, "frame_payload": 51, "frame_overhead": 13, "fragment_header": 1}, "battery": "cr2032"}"#,
        "radio.spreading_factor: is needed for lorawan"
      ),
      ("[]", ": is a list; allowed: an object"),
      ("{", "test is not JSON"),
      ("", "test is not JSON"),
      (#"{"device": 1e999}"#, "test is not JSON"),
    ])
  func bad(_ json: String, _ expected: String) {
    let problem = problem(json)
    #expect(problem.contains(expected), "\(problem)")
  }

  @Test(
    "An option that is no number, or an absurd one, is named with what is allowed", arguments: Budget.Field.allCases)
  func options(_ field: Budget.Field) throws {
    let catalog = try Catalog.shipped()
    let budget = try Budget.load(Budget.standardName, catalog)
    for text in ["many", "", "-1", "1e300", "nan", "inf"] {
      var changed = budget
      #expect {
        try changed.set(field, to: text)
        try changed.validate()
      } throws: {
        "\($0)".hasPrefix("\(field.rawValue): ") && "\($0)".contains("allowed: a number from ")
      }
    }
    var changed = budget
    try changed.set(field, to: "1")
    try changed.validate()
  }

  @Test("Any cut of a valid file, and any changed byte, is an error or a budget, never a trap")
  func fuzz() throws {
    let whole = Array(
      (#"{"device":"nrf51","radio":"ble","battery":{"id":"a","title":"b","capacity_mah":1,"volts":3},"#
        + #""usage":{"fleet_size":5}}"#).utf8)
    var accepted = 0
    for end in 0..<whole.count {
      accepted += problem(String(decoding: whole[..<end], as: UTF8.self)) == "accepted" ? 1 : 0
    }
    #expect(accepted == 0)
    var random = SeededGenerator(for: "budgets")
    for _ in 0..<2_000 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? Budget(JSONValue.parse(Data(bytes), file: "fuzz"), try Self.catalog.get(), name: "test")
    }
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(problem(deep).contains("not JSON"))
  }

  @Test("The cycles of X25519 may be named; a name that the core does not have is answered with those that it has")
  func curve() throws {
    let catalog = try Self.catalog.get()
    var budget = try Budget.load("ble-tag", catalog)
    try budget.setCurve("libsodium", catalog)
    #expect(budget.device.x25519Cycles?.doubts == [.uncalibrated])
    try budget.setCurve("published", catalog)
    #expect(budget.device.x25519Cycles == Constant(3_589_850, source: budget.device.x25519Cycles?.source ?? ""))
    try budget.setCurve("own", catalog)
    #expect(budget.device.x25519Cycles == nil)
    try budget.setCurve("2000000", catalog)
    #expect(budget.device.x25519Cycles?.value == 2_000_000)
    budget.device.core = .rv32
    for (text, expected) in [
      ("published", "curve: \"published\" is unknown for rv32; allowed: own, libsodium, or a number from 1000"),
      ("5", "curve: 5.0 is out of range"),
    ] {
      #expect { try budget.setCurve(text, catalog) } throws: { "\($0)".hasPrefix(expected) }
    }
    let named =
      #"{"id": "x", "title": "x", "core": "m4", "clock_mhz": 1, "active_ma": 1, "sleep_ua": 1, "volts": 3, "#
      + #""x25519_cycles": "libsodium"}"#
    let file = try load(#"{"device": \#(named), "radio": "ble", "battery": "cr2032"}"#)
    #expect(file.device.x25519Cycles?.source.hasPrefix("libsodium") == true)
  }

  @Test("A shipped constant that nobody checked says so")
  func unverified() throws {
    let lora = try Catalog.shipped().radio("lorawan-eu868-dr0")
    #expect(!lora.txMa.verified)
    #expect(lora.spreadingFactor?.verified == true)
  }
}
