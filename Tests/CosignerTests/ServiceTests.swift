// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import TestSeed
import Testing
import ThresholdSigning
import Wire

@testable import Cosigner

@Suite("A co-signer answers")
struct ServiceTests {
  private func key() -> X25519.PublicKey { X25519.PrivateKey.random().publicKey }

  @Test("nonces serve once, also where the statement is refused, and end with their connection")
  func nonces() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    let good = desk.certificate(1, 1, key()).signedBytes
    let first = try desk.request(good).request
    guard case .share = desk.service.answer([first], now: desk.now)[0] else {
      Issue.record("refused")
      return
    }
    #expect(desk.service.answer([first], now: desk.now) == [.refused(.nonceUsed)])
    let bad = try desk.request([1]).request
    #expect(desk.service.answer([bad], now: desk.now) == [.refused(.notAStatement)])
    let again = try desk.request(good, index: bad.index).request
    #expect(desk.service.answer([again], now: desk.now) == [.refused(.nonceUsed)])
    // Both in one batch of requests.
    let pair = [try desk.request(good).request, try desk.request(good).request]
    let repeated = desk.service.answer([pair[0], pair[0]], now: desk.now)
    #expect(repeated[1] == .refused(.nonceUsed))
    let late = pair[1]
    try desk.reconnect()
    #expect(desk.service.answer([late], now: desk.now) == [.refused(.nonceUsed)])
  }

  @Test("a restart has none of the nonces of before")
  func restart() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    let request = try desk.request(desk.certificate(1, 1, key()).signedBytes).request
    let disk = desk.disk as! SimulatedDisk
    try desk.restart(on: SimulatedDisk(disk.durable))
    #expect(desk.service.answer([request], now: desk.now) == [.refused(.nonceUsed)])
  }

  @Test("connections have a budget")
  func connections() throws {
    let desk = try Desk()
    var batches = [try desk.service.offer(1)]
    while batches.count < SigningService.maximumBatches - 1 { batches.append(try desk.service.offer(1)) }
    #expect(throws: CosignerError.invalidRequest) { try desk.service.offer(1) }
    desk.service.end(batches[0].id)
    _ = try desk.service.offer(1)
    #expect(throws: CosignerError.threshold(.invalidParameters)) { try desk.service.offer(1001) }
  }

  @Test("commitments of nobody, of too few, or of itself: no signature, and nothing is logged")
  func commitments() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    let statement = desk.certificate(1, 1, key()).signedBytes
    let head = desk.service.head
    let good = try desk.request(statement).request
    let own = try NonceBatch(for: desk.shares[1], count: 1).commitments
    let stranger = NonceCommitments(participant: Participant(3)!, hiding: own[0].hiding, binding: own[0].binding)
    for (index, others) in [[], own, [stranger], good.others + [stranger]].enumerated() {
      let request = SigningRequest(
        batch: good.batch, index: good.index + 1 + index, statement: statement, others: others,
        remembered: desk.remembered)
      #expect(desk.service.answer([request], now: desk.now) == [.refused(.badCommitments)])
    }
    #expect(desk.service.head == head)
  }

  @Test("16 tasks ask at once for 16 keys of one generation: one gets it")
  func conflictsInParallel() async throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...20, count: 1000)
    for device in 1...10 as ClosedRange<UInt64> {
      try desk.reconnect()
      let prepared = try (0..<16).map { _ in try desk.request(desk.certificate(device, 1, key()).signedBytes) }
      let (requests, service, now) = (prepared.map(\.request), desk.service, desk.now)
      let answers = await withTaskGroup(of: (Int, SigningAnswer).self) { group in
        for (index, request) in requests.enumerated() {
          group.addTask { (index, service.answer([request], now: now)[0]) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      for (index, answer) in answers {
        if case .share(let part, _) = answer { try prepared[index].complete(part) }
      }
      #expect(answers.count { $0.1 == .refused(.conflictingKey) } == 15)
      #expect(desk.signed.count == Int(device))
    }
    desk.checkPromises()
  }

  @Test("the same within one batch of requests: the first wins, and one wait for the disk serves all")
  func conflictsInOneBatch() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...20, count: 1000)
    let disk = desk.disk as! SimulatedDisk
    let before = disk.operations
    let (a, b) = (key(), key())
    let statements = [
      desk.certificate(1, 1, a), desk.certificate(1, 1, b), desk.certificate(2, 1, a), desk.certificate(2, 1, b),
      desk.certificate(1, 1, a),
    ]
    let answers = desk.service.answer(try statements.map { try desk.request($0.signedBytes).request }, now: desk.now)
    let refusals = answers.map { if case .refused(let refusal) = $0 { refusal } else { nil as Refusal? } }
    #expect(refusals == [nil, .conflictingKey, .keyInUse, nil, nil])
    #expect(disk.operations == before + 2)
  }

  @Test("seeded: a server that asks for anything never gets what was promised not to be signed", arguments: 0..<4)
  func lyingServer(_ run: Int) throws {
    var random = SeededGenerator(for: "lying server \(run)")
    let desk = try Desk()
    let keys = (0..<12).map { _ in PrivateKeyBox() }
    var openings: UInt32 = 0
    var refusals: [Refusal: Int] = [:]
    for _ in 0..<500 {
      desk.now += .random(in: 0...900, using: &random)
      let device = UInt64.random(in: 1...4, using: &random)
      let generation = Generation.random(in: 0...5, using: &random)
      let key = keys.randomElement(using: &random)!
      var evidence: [UInt8] = []
      let statement: SignedContent
      switch Int.random(in: 0..<16, using: &random) {
      case 0:
        openings += 1
        try desk.open([.batch, .window].randomElement(using: &random)!, openings, device...device, count: 2, for: 2000)
        continue
      case 1: statement = desk.epoch(desk.service.epoch + .random(in: 0...2, using: &random))
      case 2: statement = desk.revocation(device, .random(in: 1...3, using: &random))
      case 3: statement = desk.rotation(device, generation)
      case 4:
        // The owner approves something, whatever it is.
        statement = desk.certificate(device, generation, key.key.publicKey, until: desk.service.epoch + 5)
        try desk.service.approve(statement.signedBytes)
      default:
        statement = desk.certificate(
          device, generation, key.key.publicKey, until: desk.service.epoch + .random(in: 0...12, using: &random))
        if Bool.random(using: &random) {
          evidence = try desk.proof(
            device, of: key.key.publicKey, generation, with: keys.randomElement(using: &random)!.key,
            from: .random(in: 0...4, using: &random))
        }
      }
      if let refusal = try desk.ask(statement, evidence: evidence) { refusals[refusal, default: 0] += 1 }
      if Int.random(in: 0..<40, using: &random) == 0 {
        try desk.restart(on: SimulatedDisk((desk.disk as! SimulatedDisk).durable))
      }
    }
    desk.checkPromises()
    #expect(desk.signed.count > 20)
    #expect(refusals.count > 4)
  }
}
