// SPDX-License-Identifier: Apache-2.0

/// Hash functions (Noise specification, section 12), and what is built on one: HMAC and HKDF.
///
/// The names of algorithms live in ``Hash`` and ``Cipher``, so that a file can import swift-crypto beside this module.
public enum Hash {}

/// Cipher functions (Noise specification, section 12): authenticated encryption with associated data.
public enum Cipher {}
