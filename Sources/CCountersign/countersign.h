// SPDX-License-Identifier: Apache-2.0
// Countersign for firmware in C: a device's identity and its session with the server.
//
// Nothing here allocates, does I/O or keeps state outside the context that the caller owns. Every function returns at once
// with COUNTERSIGN_OK or the reason why not; after any error but those of the arguments, close the session and open another.
// The board supplies one function, which must fill the buffer from a hardware generator before it returns:
//
//     void randombytes_buf(void *buffer, size_t size);
//
// A context belongs where it stays (static memory): copying it would leave keys behind. One context is used by one thread.
#ifndef COUNTERSIGN_H
#define COUNTERSIGN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#define COUNTERSIGN_NULLABLE _Nullable
#pragma clang assume_nonnull begin
#else
#define COUNTERSIGN_NULLABLE
#endif

enum {
    /// Bytes of a stored identity, as the assembly line writes it and countersign_encode does.
    COUNTERSIGN_STORED_SIZE = 1092,
    /// Room that countersign_handshake and countersign_rotate need for a frame.
    COUNTERSIGN_HANDSHAKE_SIZE = 181,
    /// What sealing adds to a record, in bytes.
    COUNTERSIGN_OVERHEAD = 16,
    /// Bytes of an ephemeral key made ahead.
    COUNTERSIGN_EPHEMERAL_SIZE = 80,
};

/// A device: its keys, whom it trusts, and its session. Zeroed memory will do until countersign_init.
typedef struct countersign_context {
    uint64_t opaque[288];
} countersign_context;

typedef int32_t countersign_result;

enum {
    COUNTERSIGN_OK = 0,
    /// The context is smaller or less aligned than this library needs: header and library are of different versions.
    COUNTERSIGN_BAD_CONTEXT = 1,
    /// The output buffer is too small.
    COUNTERSIGN_BUFFER_TOO_SMALL = 2,
    /// The bytes are not a stored identity, or were cut short by a reset: load the other copy.
    COUNTERSIGN_CORRUPT = 3,
    /// No slot holds a certified key.
    COUNTERSIGN_NO_KEY = 4,
    /// Called before the session is open, or after it was closed.
    COUNTERSIGN_OUT_OF_TURN = 5,
    /// A frame did not verify: nothing in it may be trusted. From countersign_init: a library for certificates only was given a
    /// device of scheme identity-based.
    COUNTERSIGN_REFUSED = 6,
    /// A frame verified, and says what this device must not accept: a certificate of another device, a forged statement.
    COUNTERSIGN_UNACCEPTABLE = 7,
    /// A record is unknown or malformed.
    COUNTERSIGN_MALFORMED = 8,
    /// The previous key still opens messages that wait in the mailbox: rotate later.
    COUNTERSIGN_BUSY = 9,
    /// From countersign_handshake: the server cannot serve any device now. Close the session, wait, and begin again; the key
    /// stays the same.
    COUNTERSIGN_TRY_LATER = 10,
    /// From countersign_handshake: the server, which has proved to be it, opens no session with the key that was shown:
    /// countersign_refusal says why. Close the session, and call countersign_fall_back.
    COUNTERSIGN_KEY_REFUSED = 11,
};

/// Why the server refuses a key. A later server may have other reasons.
enum {
    /// The server knows no device by this key.
    COUNTERSIGN_REFUSAL_UNKNOWN_KEY = 1,
    /// The device is revoked.
    COUNTERSIGN_REFUSAL_REVOKED = 2,
    /// The device has proved itself by a better scheme before.
    COUNTERSIGN_REFUSAL_BELOW_FLOOR = 3,
    /// The certificate is not one that the owner signed.
    COUNTERSIGN_REFUSAL_INVALID_CERTIFICATE = 4,
    /// There seem to be two of the device: its owner has to look at it.
    COUNTERSIGN_REFUSAL_QUARANTINED = 6,
};

/// What the caller must do next, in this order, as bits.
enum {
    /// Write countersign_encode's bytes to storage, then call countersign_stored, before sending anything more.
    COUNTERSIGN_STORE = 1,
    /// Call countersign_rotate and send its frame: the certificate runs out, or the key is to be changed.
    COUNTERSIGN_ROTATE = 2,
    /// Call countersign_close and begin a new session: it will use the new key.
    COUNTERSIGN_RECONNECT = 4,
};

/// Bytes of a context as this library was built, at most sizeof(countersign_context).
size_t countersign_context_size(void);

/// Loads the stored identity of COUNTERSIGN_STORED_SIZE bytes. Pass sizeof(countersign_context) as `context_size`.
countersign_result countersign_init(countersign_context *context, size_t context_size, const uint8_t *stored,
                                    size_t stored_size);

/// One step of a handshake with the server. First with `input` NULL: writes the first frame. Then with the server's answer:
/// the session is open, and the frame written is the first record, which must be sent too.
///
/// `input` and `output` may be one buffer. `output` has room for COUNTERSIGN_HANDSHAKE_SIZE bytes; `*output_size` becomes the length of the frame to send.
countersign_result countersign_handshake(countersign_context *context, const uint8_t *COUNTERSIGN_NULLABLE input,
                                         size_t input_size, uint8_t *output, size_t output_capacity,
                                         size_t *output_size);

/// Makes an ephemeral key ahead of the session that it will open, while the radio sleeps: what countersign_handshake_with then need not do
/// is a multiplication on the curve. Writes COUNTERSIGN_EPHEMERAL_SIZE bytes, for RAM or storage. Whoever reads them before that
/// session is open can read the session; without such a key nothing in a device tells a session that has not begun.
countersign_result countersign_make_ephemeral(uint8_t *ephemeral, size_t ephemeral_capacity);

/// The first step of countersign_handshake, with an ephemeral key made ahead, whose bytes are overwritten. Where they were in storage,
/// the caller has erased them there, and read that they are gone, before this call: one key in two sessions breaks both.
/// COUNTERSIGN_CORRUPT for what is no key, or one that a reset cut short: call countersign_handshake.
countersign_result countersign_handshake_with(countersign_context *context, uint8_t *ephemeral, size_t ephemeral_size, uint8_t *output,
                                              size_t output_capacity, size_t *output_size);

/// Call this after COUNTERSIGN_KEY_REFUSED: if the first frame showed a key that has never been in use, the next handshake shows
/// the one before it. COUNTERSIGN_NO_KEY when there is none to fall back to, and when the server has not refused the key: that it
/// closed the connection, or said that it cannot serve anybody now, is no proof of anything. Wait then, and show the same key.
countersign_result countersign_fall_back(countersign_context *context);

/// Why the server refused the key in the last handshake; 0 when it did not.
uint8_t countersign_refusal(const countersign_context *context);

/// Whether the session is open: 1 or 0.
int32_t countersign_is_open(const countersign_context *context);

/// Seals, in place, the device's record in the first `record_size` bytes of `frame` (docs/reference/relay.md lists the
/// records), which has room for COUNTERSIGN_OVERHEAD bytes more.
countersign_result countersign_seal(countersign_context *context, uint8_t *frame, size_t frame_capacity,
                                    size_t record_size, size_t *frame_size);

/// Opens a frame in place: the server's record is its first `*record_size` bytes. What it says about this device's keys,
/// epochs and revocations has been verified and applied; `*todo` says what you must do next.
countersign_result countersign_open(countersign_context *context, uint8_t *frame, size_t frame_size,
                                    size_t *record_size, uint32_t *todo);

/// Writes the sealed request for a certificate: the one that countersign_open asked for, or else, when the device wants to
/// change its key of its own accord, one for a new key. When `*todo` then asks for
/// COUNTERSIGN_STORE, store before sending the frame: a key that is forgotten after it was certified is lost.
countersign_result countersign_rotate(countersign_context *context, uint8_t *frame, size_t frame_capacity,
                                      size_t *frame_size, uint32_t *todo);

/// Writes COUNTERSIGN_STORED_SIZE bytes for storage. They hold the private keys: overwrite the buffer when they are stored.
countersign_result countersign_encode(const countersign_context *context, uint8_t *stored, size_t stored_capacity);

/// Call this when the last output of countersign_encode is in storage.
void countersign_stored(countersign_context *context);

/// Overwrites the session's keys.
void countersign_close(countersign_context *context);

/// Overwrites every key. The context must be initialised again.
void countersign_clear(countersign_context *context);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
