// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import FleetSupport
import Records
import Testing
import Wire

/// One function judges a message, by whichever way it came.
@Suite("The judgement of a message")
struct MessageJudgementTests {
  let scratch = try! Scratch()
  let alice = DeviceAddress(system: SystemID(1), device: DeviceID(0xA))

  private func message(
    _ counter: UInt64, of number: UInt64, shown: Generation, by route: ReceivedMessage.Route
  ) -> ReceivedMessage {
    ReceivedMessage(
      from: alice, generation: shown, id: MessageID(number << 48 | counter), route: route, body: [])
  }

  static let routes: [ReceivedMessage.Route] = [.online, .mailbox, .direct, .hopByHop]

  @Test(
    "A number of a generation to come is refused and not remembered, so that it uses up none of them", arguments: routes
  )
  func toCome(_ route: ReceivedMessage.Route) throws {
    let inbox = try Inbox(path: scratch.file("inbox"))
    let top: UInt64 = (1 << 48) - 1
    let poison = message(top, of: 2, shown: 1, by: route)
    var (delivered, answers): (Int, [MessageJudgement]) = (0, [])
    #expect(try !inbox.take(poison, deliver: { _ in delivered += 1 }, answer: { answers.append($0) }))
    #expect(delivered == 0 && answers == [.refuse(.impossibleNumber)])
    #expect(inbox.judge(message(0, of: 2, shown: 2, by: route)) == .deliver)
    // One of its own generation is its own matter, and does not reach the next.
    #expect(try inbox.take(message(top, of: 1, shown: 1, by: route), deliver: { _ in }, answer: { _ in }))
    #expect(inbox.judge(message(5, of: 1, shown: 1, by: route)) == .refuse(.tooOld))
    #expect(inbox.judge(message(0, of: 2, shown: 2, by: route)) == .deliver)
  }

  @Test("A message is handed over, remembered and acknowledged, in this order; again it is only acknowledged")
  func order() throws {
    let path = scratch.file("inbox")
    let inbox = try Inbox(path: path)
    var events: [String] = []
    for _ in 0..<2 {
      _ = try inbox.take(message(7, of: 1, shown: 1, by: .direct)) {
        events.append("deliver \($0.id.counter)")
      } answer: {
        events.append("\($0)")
      }
    }
    #expect(events == ["deliver 7", "deliver", "repeated"])
  }
}
