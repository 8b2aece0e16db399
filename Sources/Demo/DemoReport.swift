// SPDX-License-Identifier: Apache-2.0

/// What `countersign demo --output json` prints: one boolean or number for each thing that was shown.
package struct DemoReport: Encodable {
  /// Whether every step held.
  package internal(set) var ok = false

  var authorityCreated = false
  var systems = 0
  var devices = 0
  var certificateBytes = 0
  var certificateInHandshakeBytes = 0

  var onlineDelivered = false
  var onlineMilliseconds = 0.0
  var firstFrameBytes = 0
  var serverAnswerBytes = 0

  var asleepStored = false
  var asleepDelivered = false
  var asleepDeliveredOnce = false
  var databaseHoldsPlaintext = true
  var wireHoldsPlaintext = true
  var wireHoldsDeviceId = true
  var recordedFrames = 0

  var directDelivered = false
  var directMilliseconds = 0.0

  var otherSystemRefusedByServer = false
  var otherSystemRefusedByDevice = false

  var rotated = false
  var generationAfterRotation = 0
  var retiredKeyRefused = false
  var copyNoticed = false
  var releasedByOwner = false

  /// The attack works where it must: the thief opens what was sealed to the stolen device.
  var thiefReadsStolenDevicesMail = false
  var thiefReadsOthersMail = true
  var thiefReadsRecordedTraffic = true
  var thiefPosesToServer = true
  var thiefPosesToDevice = true

  var revocationCutSession = false
  var revocationMilliseconds = 0.0
  var revokedDeviceRefused = false
  var revocationReachedPeers = false

  var seconds = 0.0

  /// Whether everything that had to hold held, and everything that had to fail failed.
  var everyStepHeld: Bool {
    let held = [
      authorityCreated, systems == 2, devices == 4, certificateBytes <= 116, certificateInHandshakeBytes <= 84,
      onlineDelivered, asleepStored, asleepDelivered, asleepDeliveredOnce, directDelivered, otherSystemRefusedByServer,
      otherSystemRefusedByDevice, rotated, generationAfterRotation == 2, retiredKeyRefused, copyNoticed,
      releasedByOwner, thiefReadsStolenDevicesMail,
      revocationCutSession, revokedDeviceRefused, revocationReachedPeers, recordedFrames > 0,
    ]
    let failed = [
      databaseHoldsPlaintext, wireHoldsPlaintext, wireHoldsDeviceId, thiefReadsOthersMail, thiefReadsRecordedTraffic,
      thiefPosesToServer, thiefPosesToDevice,
    ]
    return held.allSatisfy { $0 } && !failed.contains(true)
  }
}
