// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Names a channel from a device to an application: the first 8 bytes of the hash of the handshake that opened it. Zero where there is
/// none.
public typealias ChannelID = Bytes<8>

/// Names an instance of an application, 16 bytes that it draws when it starts.
public typealias InstanceID = Bytes<16>

/// Names a request of an application, 8 bytes that the application chooses.
public typealias RequestID = UInt64

/// A message's place in an application's queue, in the order of arrival.
public typealias QueueSequence = UInt64
