import NIOCore
import Strangers

extension SourceAddress {
  init(_ address: SocketAddress?) {
    self = address?.withSockAddr { address, _ in SourceAddress(address) } ?? .unknown
  }
}
