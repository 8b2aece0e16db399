// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Wire

/// How long a test waits for what must come: long enough that a machine that is busy with something else cannot fail it.
let patience = Duration.seconds(120)

extension DeviceClient {
  static func connect(
    _ store: DeviceStore, to endpoint: Endpoint, listens: Bool
  ) throws(DeviceHostError) -> DeviceClient {
    try connect(store, to: endpoint, listens: listens, timeout: patience)
  }

  static func rotate(_ store: DeviceStore, at endpoint: Endpoint) throws(DeviceHostError) -> Rotation {
    try rotate(store, at: endpoint, timeout: patience)
  }

  func send(_ body: [UInt8], to recipient: DeviceAddress, id: MessageID) throws(DeviceHostError) -> Delivery {
    try send(body, to: recipient, id: id, timeout: patience)
  }
}

extension AnyDevice {
  func connect(to endpoint: Endpoint, listens: Bool) throws(DeviceHostError) -> any DeviceSession {
    try connect(to: endpoint, listens: listens, timeout: patience)
  }

  func connect(
    to endpoint: Endpoint, listens: Bool, allowsHopByHop: Bool
  ) throws(DeviceHostError) -> any DeviceSession {
    try connect(to: endpoint, listens: listens, allowsHopByHop: allowsHopByHop, timeout: patience)
  }
}

/// Waits until something holds, and says whether it does.
func eventually(_ holds: () throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + patience
  while try !holds() {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return true
}
