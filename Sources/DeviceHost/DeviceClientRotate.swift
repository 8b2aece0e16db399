// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Records
import Wire

/// Changing the key over the network.
extension DeviceClient {
  /// What a rotation did.
  public struct Rotation: Sendable {
    public let before: Generation
    public let after: Generation
  }

  /// Makes a new key, has it certified and uses it once. The old one is kept for messages that wait in the mailbox, and
  /// overwritten when a session has emptied that. An interrupted rotation resumes where it stopped.
  public static func rotate(
    _ store: DeviceStore, at endpoint: Endpoint, timeout: Duration = .seconds(30)
  ) throws(DeviceHostError) -> Rotation {
    let deadline = ContinuousClock.now + timeout
    let before = try store.read { $0.certificate?.fields.generation ?? 0 }
    var client = try connect(store, to: endpoint, listens: false, timeout: timeout)
    if try store.read({ $0.certificate?.fields.generation ?? 0 }) == before {
      try store.update { identity throws(DeviceError) in try identity.beginRotation() }
      if let point = try store.read({ $0.requestPoint }) {
        try client.send(.request(point))
      } else if let key = try store.read({ $0.renewalKey }) {
        try client.sendRenewal(of: key)
      }
      while !client.shouldReconnect {
        guard let event = try client.receive(timeout: deadline - .now) else {
          throw .timedOut(waitingFor: "the certificate for the new key")
        }
        if case .keyRefused(let reason, let seconds) = event { throw .keyRefused(reason, retryAfter: seconds) }
      }
      client = try connect(store, to: endpoint, listens: false, timeout: deadline - .now)
    }
    return Rotation(before: before, after: try store.read { $0.certificate?.fields.generation ?? 0 })
  }
}
