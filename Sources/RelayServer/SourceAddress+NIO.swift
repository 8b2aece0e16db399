// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Strangers

extension SourceAddress {
  init(_ address: SocketAddress?) {
    self = address?.withSockAddr { address, _ in SourceAddress(address) } ?? .unknown
  }
}
