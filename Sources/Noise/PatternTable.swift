// SPDX-License-Identifier: Apache-2.0

/// The patterns of the specification: one-way (section 7.4), interactive (7.5) and deferred (appendix 18.1).
///
/// Each row reads as the specification's text does, the initiator's messages and the responder's in turn.
extension HandshakePattern {
  public typealias Message = TokenSequence

  // One-way.
  public static var N: Self { Self("N", responder: Message(.s), Message(.e, .es)) }
  public static var K: Self { Self("K", initiator: Message(.s), responder: Message(.s), Message(.e, .es, .ss)) }
  public static var X: Self { Self("X", responder: Message(.s), Message(.e, .es, .s, .ss)) }

  // Interactive.
  public static var NN: Self { Self("NN", Message(.e), Message(.e, .ee)) }
  public static var NK: Self { Self("NK", responder: Message(.s), Message(.e, .es), Message(.e, .ee)) }
  public static var NX: Self { Self("NX", Message(.e), Message(.e, .ee, .s, .es)) }
  public static var KN: Self { Self("KN", initiator: Message(.s), Message(.e), Message(.e, .ee, .se)) }
  public static var KK: Self {
    Self("KK", initiator: Message(.s), responder: Message(.s), Message(.e, .es, .ss), Message(.e, .ee, .se))
  }
  public static var KX: Self { Self("KX", initiator: Message(.s), Message(.e), Message(.e, .ee, .se, .s, .es)) }
  public static var XN: Self { Self("XN", Message(.e), Message(.e, .ee), Message(.s, .se)) }
  public static var XK: Self {
    Self("XK", responder: Message(.s), Message(.e, .es), Message(.e, .ee), Message(.s, .se))
  }
  public static var XX: Self { Self("XX", Message(.e), Message(.e, .ee, .s, .es), Message(.s, .se)) }
  public static var IN: Self { Self("IN", Message(.e, .s), Message(.e, .ee, .se)) }
  public static var IK: Self { Self("IK", responder: Message(.s), Message(.e, .es, .s, .ss), Message(.e, .ee, .se)) }
  public static var IX: Self { Self("IX", Message(.e, .s), Message(.e, .ee, .se, .s, .es)) }

  // Deferred.
  public static var NK1: Self { Self("NK1", responder: Message(.s), Message(.e), Message(.e, .ee, .es)) }
  public static var NX1: Self { Self("NX1", Message(.e), Message(.e, .ee, .s), Message(.es)) }
  public static var X1N: Self { Self("X1N", Message(.e), Message(.e, .ee), Message(.s), Message(.se)) }
  public static var X1K: Self {
    Self("X1K", responder: Message(.s), Message(.e, .es), Message(.e, .ee), Message(.s), Message(.se))
  }
  public static var XK1: Self {
    Self("XK1", responder: Message(.s), Message(.e), Message(.e, .ee, .es), Message(.s, .se))
  }
  public static var X1K1: Self {
    Self("X1K1", responder: Message(.s), Message(.e), Message(.e, .ee, .es), Message(.s), Message(.se))
  }
  public static var X1X: Self { Self("X1X", Message(.e), Message(.e, .ee, .s, .es), Message(.s), Message(.se)) }
  public static var XX1: Self { Self("XX1", Message(.e), Message(.e, .ee, .s), Message(.es, .s, .se)) }
  public static var X1X1: Self { Self("X1X1", Message(.e), Message(.e, .ee, .s), Message(.es, .s), Message(.se)) }
  public static var K1N: Self { Self("K1N", initiator: Message(.s), Message(.e), Message(.e, .ee), Message(.se)) }
  public static var K1K: Self {
    Self("K1K", initiator: Message(.s), responder: Message(.s), Message(.e, .es), Message(.e, .ee), Message(.se))
  }
  public static var KK1: Self {
    Self("KK1", initiator: Message(.s), responder: Message(.s), Message(.e), Message(.e, .ee, .se, .es))
  }
  public static var K1K1: Self {
    Self("K1K1", initiator: Message(.s), responder: Message(.s), Message(.e), Message(.e, .ee, .es), Message(.se))
  }
  public static var K1X: Self {
    Self("K1X", initiator: Message(.s), Message(.e), Message(.e, .ee, .s, .es), Message(.se))
  }
  public static var KX1: Self {
    Self("KX1", initiator: Message(.s), Message(.e), Message(.e, .ee, .se, .s), Message(.es))
  }
  public static var K1X1: Self {
    Self("K1X1", initiator: Message(.s), Message(.e), Message(.e, .ee, .s), Message(.se, .es))
  }
  public static var I1N: Self { Self("I1N", Message(.e, .s), Message(.e, .ee), Message(.se)) }
  public static var I1K: Self {
    Self("I1K", responder: Message(.s), Message(.e, .es, .s), Message(.e, .ee), Message(.se))
  }
  public static var IK1: Self { Self("IK1", responder: Message(.s), Message(.e, .s), Message(.e, .ee, .se, .es)) }
  public static var I1K1: Self {
    Self("I1K1", responder: Message(.s), Message(.e, .s), Message(.e, .ee, .es), Message(.se))
  }
  public static var I1X: Self { Self("I1X", Message(.e, .s), Message(.e, .ee, .s, .es), Message(.se)) }
  public static var IX1: Self { Self("IX1", Message(.e, .s), Message(.e, .ee, .se, .s), Message(.es)) }
  public static var I1X1: Self { Self("I1X1", Message(.e, .s), Message(.e, .ee, .s), Message(.se, .es)) }

  // Two with a pre-shared key, so that they are constants too.
  public static var NNpsk0: Self { Self("NNpsk0", Message(.psk, .e), Message(.e, .ee)).mixingPSK(at: 0) }
  public static var IKpsk2: Self {
    Self("IKpsk2", responder: Message(.s), Message(.e, .es, .s, .ss), Message(.e, .ee, .se, .psk)).mixingPSK(at: 2)
  }

  // Three with a KEM, likewise.
  public static var XKhfs: Self {
    Self("XKhfs", responder: Message(.s), Message(.e, .es, .e1), Message(.e, .ee, .ekem1), Message(.s, .se))
      .hybrid
  }
  public static var XXhfs: Self {
    Self("XXhfs", Message(.e, .e1), Message(.e, .ee, .ekem1, .s, .es), Message(.s, .se)).hybrid
  }
  public static var IKhfs: Self {
    Self("IKhfs", responder: Message(.s), Message(.e, .es, .e1, .s, .ss), Message(.e, .ee, .ekem1, .se)).hybrid
  }

  /// The tokens say so already.
  private var hybrid: Self {
    var result = self
    result.modifiers = .hfs
    return result
  }

  /// The tokens say so already.
  private func mixingPSK(at position: UInt8) -> Self {
    var result = self
    result.pskPositions = 1 << position
    return result
  }
}
