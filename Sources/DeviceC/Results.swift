// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import Noise
import Schemes

/// The code for an error: what a caller can do about it, not where it arose.
func code(_ error: DeviceError) -> countersign_result {
  let code =
    switch error {
    case .noise(let error): code(error)
    case .schemes(.noise(let error)): code(error)
    case .schemes(.bufferTooSmall): COUNTERSIGN_BUFFER_TOO_SMALL
    case .schemes: COUNTERSIGN_REFUSED
    case .credentials, .subjectMismatch, .notSealed: COUNTERSIGN_UNACCEPTABLE
    case .corruptFile, .unknownFileVersion: COUNTERSIGN_CORRUPT
    case .unexpectedRecord, .malformedRecord, .messageTooLong, .notTaken: COUNTERSIGN_MALFORMED
    case .channel(let error): code(error)
    case .noUsableKey, .countersExhausted: COUNTERSIGN_NO_KEY
    case .rotationInProgress: COUNTERSIGN_BUSY
    case .tryLater: COUNTERSIGN_TRY_LATER
    case .refused: COUNTERSIGN_KEY_REFUSED
    }
  return countersign_result(code)
}

private func code(_ error: NoiseError) -> Int {
  switch error {
  case .bufferTooSmall: COUNTERSIGN_BUFFER_TOO_SMALL
  case .outOfTurn: COUNTERSIGN_OUT_OF_TURN
  default: COUNTERSIGN_REFUSED
  }
}

private func code(_ error: ChannelError) -> Int {
  switch error {
  case .notOpen: COUNTERSIGN_OUT_OF_TURN
  case .notAnApplication: COUNTERSIGN_UNACCEPTABLE
  case .replayed: COUNTERSIGN_REPEATED
  case .unknownKey, .outdated, .tooManyInstances: COUNTERSIGN_CHANNEL_OUTDATED
  }
}

func ok() -> countersign_result { countersign_result(COUNTERSIGN_OK) }
