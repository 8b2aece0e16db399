// SPDX-License-Identifier: Apache-2.0

import Device
import DeviceHost
import Foundation
import Wire

// Works on a device file as another process would: `numbers COUNT` draws message numbers and prints each once it is stored;
// `churn` draws numbers and begins rotations until it is killed.
//
//   DeviceStoreWorker numbers 500 /tmp/a.device
let arguments = CommandLine.arguments
guard arguments.count == 4, let count = Int(arguments[2]) else {
  FileHandle.standardError.write(Data("usage: DeviceStoreWorker numbers|churn COUNT FILE\n".utf8))
  exit(64)
}
do {
  let store = try DeviceStore(opening: arguments[3])
  for index in 0..<count {
    let id = try store.update { identity throws(DeviceError) in
      if arguments[1] == "churn", index % 5 == 0 { try identity.beginRotation() }
      return try identity.nextMessageID()
    }
    FileHandle.standardOutput.write(Data("\(id.rawValue)\n".utf8))
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
