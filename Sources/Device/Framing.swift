import Noise
import Primitives

/// Sizes of the frames between a device and the server. On a stream each frame follows its length, 2 bytes big-endian.
public enum Framing {
  /// Length of the length.
  public static let headerLength = 2
  public static let maximumFrameLength = 65_535
  /// The longest record: what remains of a frame after the session's tag.
  public static let maximumRecordLength = maximumFrameLength - tagLength
  /// The longest header of a record that carries a body: `deposit`.
  public static let maximumRecordOverhead = 1 + 12 + 2 + 8
}
