// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Strangers
import Testing

@testable import Relay
@testable import RelayServer

@Suite("The handshakes' queue of an event loop")
struct HandshakeQueueTests {
  @Test("After a handshake the loop goes on with its sessions, even when nobody waited for the next one")
  func pause() {
    let loop = EmbeddedEventLoop()
    let lane = HandshakeQueue(loop, limits: RelayLimits())
    var answered: [Int] = []
    func arrive(_ number: Int, isThere: Bool = true) {
      _ = lane.enqueue(
        .init(
          run: {
            if isThere { answered.append(number) }
            return isThere
          }, turnAway: {}), from: .unknown)
    }
    arrive(1)
    #expect(answered == [1])
    arrive(2)
    // Nobody waits for this one any more: it is no turn.
    arrive(3, isThere: false)
    arrive(4)
    #expect(answered == [1])
    loop.advanceTime(by: .hours(1))
    #expect(answered == [1, 2, 4])
    // Rested, and nobody came: the next is answered at once.
    arrive(5)
    #expect(answered == [1, 2, 4, 5])
  }
}
