// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  // How ids are written, wherever they are printed, logged or given.

  extension DeviceID: CustomStringConvertible {
    /// 16 hexadecimal digits.
    public var description: String { digits(rawValue) }
  }

  extension DeviceAddress: CustomStringConvertible {
    /// `SYSTEM/ID`: the system's number and the device's 16 digits.
    public var description: String { "\(system.rawValue)/\(device)" }
  }

  extension MessageID: CustomStringConvertible {
    /// 16 hexadecimal digits.
    public var description: String { digits(rawValue) }
  }

  private func digits(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
#endif
