// SPDX-License-Identifier: Apache-2.0

/// The measurements of a server under many devices.
package struct LoadReport: Encodable {
  package internal(set) var devicesOnline = 0
  package internal(set) var handshakesPerSecond = 0.0
  package internal(set) var serverMicrosecondsPerHandshake = 0.0
  package internal(set) var bytesUpPerHandshake = 0
  package internal(set) var bytesDownPerHandshake = 0
  package internal(set) var relayedMessages = 0
  package internal(set) var relayedMessagesPerSecond = 0.0
  package internal(set) var mailboxMessages = 0
  package internal(set) var mailboxMessagesPerSecond = 0.0
  package internal(set) var serverBytesPerConnection = 0
  package internal(set) var serverPeakBytes = 0
  package internal(set) var strangersPerSecond = 0.0
  package internal(set) var duplicates = 0
  package internal(set) var failures = 0
  package internal(set) var serverEndedCleanly = false
}
