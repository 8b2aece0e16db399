// SPDX-License-Identifier: Apache-2.0

import Device
import Wire

/// What a client's owner may want to log.
public enum ClientStatus: Sendable {
  /// A session is there.
  case connected(DeviceAddress, server: String)
  /// The session has ended, or none came about; the client tries again.
  case interrupted(DeviceHostError)
  /// Something came that is not handed on: from whom, and why.
  case refused(from: DeviceAddress, DeviceError)
}

/// Keeps a client going for as long as somebody has it, or anything that comes from it.
final class ClientLife: Sendable {
  private let close: @Sendable () -> Void

  init(closing close: @escaping @Sendable () -> Void) { self.close = close }

  deinit { close() }
}

/// What has come for the application, in order of arrival. It ends when the client is closed, and throws what ended the client. One
/// task at a time reads it.
public struct Deliveries<Element: Sendable>: AsyncSequence, Sendable {
  private let stream: AsyncThrowingStream<Element, any Error>
  private let life: ClientLife

  init(_ stream: AsyncThrowingStream<Element, any Error>, _ life: ClientLife) {
    self.stream = stream
    self.life = life
  }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var iterator: AsyncThrowingStream<Element, any Error>.Iterator
    fileprivate let life: ClientLife

    public mutating func next() async throws -> Element? { try await iterator.next() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(iterator: stream.makeAsyncIterator(), life: life) }
}
