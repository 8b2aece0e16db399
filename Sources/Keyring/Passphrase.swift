// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What a person knows and a key file is sealed under. It overwrites itself.
///
/// A class, so that handing it on moves no bytes; its bytes never change, so that threads may share it.
public final class Passphrase: @unchecked Sendable {
  /// Longer input is refused: a passphrase is not a file given by mistake.
  public static let maximumLength = 1024

  private let storage: UnsafeMutableRawBufferPointer

  /// Takes a copy; the caller wipes its own.
  ///
  /// - Returns: nil when it is empty or longer than ``maximumLength``.
  public init?(copying bytes: RawSpan) {
    guard bytes.byteCount > 0, bytes.byteCount <= Self.maximumLength else { return nil }
    storage = .allocate(byteCount: bytes.byteCount, alignment: 1)
    bytes.withUnsafeBytes { storage.copyMemory(from: $0) }
  }

  deinit {
    var span = storage.mutableBytes
    wipe(&span)
    storage.deallocate()
  }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(storage)), borrowing: self) }
  }
}
