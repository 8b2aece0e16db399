// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes
import Wire

/// Prologues for handshakes that a test runs by hand.
enum SchemesPrologue {
  static func relayed(from: DeviceAddress, to: DeviceAddress) -> Prologue { Prologue(.relayed(from: from, to: to)) }

  static func sealed(from: DeviceAddress, to: DeviceAddress, generation: Generation) -> Prologue {
    Prologue(.sealed(from: from, to: to, generation: generation))
  }

  static func channel(from: DeviceAddress, to: DeviceAddress, generation: Generation) -> Prologue {
    Prologue(.channel(from: from, to: to, generation: generation))
  }
}
