/// What the files of a fixture hold, for the tests that open them.
struct Manifest: Codable {
  /// One device, and what must come of it.
  struct Device: Codable {
    /// The file's name; what lies beside it begins with the same name.
    var file: String
    var system: UInt32
    /// 16 hexadecimal digits.
    var id: String
    /// The raw value of the scheme in the file, and of the one that the device has once it has done what it was told.
    var scheme: UInt8
    var schemeAfterSessions: UInt8
    /// What waits in the mailbox and was not delivered yet, in its order.
    var waiting: [String] = []
    /// Why the server refuses it: `revoked` or `quarantine`.
    var refused: String?
  }

  var passphrase: String
  var devices: [Device] = []
}
