// SPDX-License-Identifier: Apache-2.0

/// Exit statuses of the program that the story waits for, as sysexits numbers them.
enum ExitStatus {
  /// EX_NOHOST: no such device.
  static let noHost: Int32 = 68
  /// EX_NOPERM: the device is refused.
  static let noPermission: Int32 = 77
}
