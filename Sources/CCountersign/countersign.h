// SPDX-License-Identifier: Apache-2.0
// Countersign for firmware and programs in C: a device's identity, its session with the server, its messages to other devices, and
// its sessions with them.
//
// Nothing here allocates, does I/O or keeps state outside the memory that the caller owns. Every function returns at once
// with COUNTERSIGN_OK or the reason why not; after any error of a session with the server but those of the arguments, close it and
// open another. On bare metal the board supplies one function, which must fill the buffer from a hardware generator before it returns:
//
//     void randombytes_buf(void *buffer, size_t size);
//
// A context belongs where it stays (static memory): copying it would leave keys behind. One context, with what belongs to it, is used
// by one thread. Functions that write a frame write what is to be sent; on a stream its length goes before it, two bytes, big-endian.
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

/// The version of this header: major, minor and patch, a byte each. Until 1.0 a new minor version may change functions.
#define COUNTERSIGN_VERSION 0x000100

enum {
    /// Bytes of a stored identity, as the assembly line writes it and countersign_encode does.
    COUNTERSIGN_STORED_SIZE = 1092,
    /// Room that countersign_handshake and countersign_rotate need for a frame.
    COUNTERSIGN_HANDSHAKE_SIZE = 181,
    /// What sealing adds to a record, in bytes.
    COUNTERSIGN_OVERHEAD = 16,
    /// Bytes of an ephemeral key made ahead.
    COUNTERSIGN_EPHEMERAL_SIZE = 80,
    /// Bytes of a public key, and of a request for a certificate.
    COUNTERSIGN_KEY_SIZE = 32,
    /// Bytes of the longest certificate.
    COUNTERSIGN_CERTIFICATE_SIZE = 116,
    /// The longest text of a message.
    COUNTERSIGN_TEXT_SIZE = 64000,
    /// What countersign_deposit needs of a frame beyond the text.
    COUNTERSIGN_DEPOSIT_OVERHEAD = 227,
    /// What the other functions that write a record need of a frame, beyond a text or another frame in it.
    COUNTERSIGN_RECORD_OVERHEAD = 37,
    /// Where the frame lies that countersign_relay puts into a record.
    COUNTERSIGN_RELAY_OFFSET = 17,
    /// What a session with a peer adds to a text.
    COUNTERSIGN_PEER_OVERHEAD = 26,
    /// Room that countersign_peer_handshake needs for a frame.
    COUNTERSIGN_PEER_HANDSHAKE_SIZE = 197,
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
    /// The server knows no such device, or none that this one may talk to.
    COUNTERSIGN_UNKNOWN_PEER = 12,
    /// There is no verified certificate of the peer: it was not looked up, or the device has no key pair.
    COUNTERSIGN_NO_CERTIFICATE = 13,
    /// The peer cannot read what it was sent: look it up again, its key has changed.
    COUNTERSIGN_PEER_REJECTED = 14,
    /// The application has had this message: acknowledge it again.
    COUNTERSIGN_REPEATED = 15,
    /// The message's number is so far below others of its sender that nobody can tell whether the message is new.
    COUNTERSIGN_TOO_OLD = 16,
    /// The message's number is of a generation that its sender's certificate does not have.
    COUNTERSIGN_IMPOSSIBLE_NUMBER = 17,
    /// The inbox has no place for one more sender.
    COUNTERSIGN_INBOX_FULL = 18,
    /// There is no such channel, it was opened before the keys of today, or it has no place for one more instance of the application:
    /// open another.
    COUNTERSIGN_CHANNEL_OUTDATED = 19,
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
    /// Write countersign_channel_encode's bytes to storage, then call countersign_channel_stored, before sending anything more.
    COUNTERSIGN_STORE_CHANNEL = 8,
};

/// Bytes of a context as this library was built, at most sizeof(countersign_context).
size_t countersign_context_size(void);

/// Loads the stored identity of COUNTERSIGN_STORED_SIZE bytes. Pass sizeof(countersign_context) as `context_size`.
countersign_result countersign_init(countersign_context *context, size_t context_size, const uint8_t *stored,
                                    size_t stored_size);

/// One step of a handshake with the server. First with `input` NULL: writes the first frame. Then with the server's answer: the session is
/// open, and the frame written is the first record, which must be sent too.
///
/// `input` and `output` may be one buffer. `output` has room for COUNTERSIGN_HANDSHAKE_SIZE bytes; `*output_size` becomes the length of the
/// frame to send.
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

// ---- What a device is ----

/// A device's system and its id.
typedef struct countersign_address {
    uint64_t device;
    uint32_t system;
} countersign_address;

/// COUNTERSIGN_VERSION as this library was built.
uint32_t countersign_version(void);

/// The device's own address.
void countersign_own_address(const countersign_context *context, countersign_address *address);

/// Numbers the keys that the device has had, from 1; 0 before the first certificate.
uint16_t countersign_generation(const countersign_context *context);

/// The fleet's epoch, as far as the device knows.
uint16_t countersign_epoch(const countersign_context *context);

/// Writes the public key in use, COUNTERSIGN_KEY_SIZE bytes.
countersign_result countersign_public_key(const countersign_context *context, uint8_t *key);

/// Writes the certificate in use, at most COUNTERSIGN_CERTIFICATE_SIZE bytes.
countersign_result countersign_certificate(const countersign_context *context, uint8_t *certificate, size_t capacity, size_t *size);

/// Whether messages and sessions of others should come over the sessions that follow: 1, as after countersign_init, or 0. A session
/// that does not listen leaves another one of the device that does as it is.
void countersign_set_listening(countersign_context *context, int32_t listens);

// ---- A key made on the device ----

/// What a device must be told before it has a key: what `countersign init` prints, and the assembly line.
typedef struct countersign_enrolment {
    countersign_address address;
    /// The issuer's key, with which the server signs: COUNTERSIGN_KEY_SIZE bytes, like the others.
    const uint8_t *issuer_key;
    const uint8_t *server_key;
    /// What identity-based credentials are issued under; with NULL the device trusts none.
    const uint8_t *COUNTERSIGN_NULLABLE master_key;
    /// The fleet's epoch.
    uint16_t epoch;
    /// Whether the device gets an identity-based credential and not a certificate: 1 or 0.
    uint8_t identity_based;
} countersign_enrolment;

/// Becomes a new device, in place of countersign_init, and makes its key: the private half never leaves but into storage. Store the
/// identity, then have countersign_certificate_request certified.
countersign_result countersign_create(countersign_context *context, size_t context_size, const countersign_enrolment *enrolment);

/// Writes the request for the device's first certificate, COUNTERSIGN_KEY_SIZE bytes: the public key, for `countersign device add
/// --public-key` or the column `public_key` of a batch; with an identity-based credential the point, for `--request`.
/// COUNTERSIGN_NO_KEY when nothing waits for a certificate.
countersign_result countersign_certificate_request(const countersign_context *context, uint8_t *request);

/// Takes the answer to the request: the bytes that the PEM file holds. They are verified. Store the identity after it.
countersign_result countersign_install(countersign_context *context, const uint8_t *certificate, size_t size);

// ---- Records ----

/// What the server says, as the first byte of a record says it.
enum {
    /// The session's number is `session`; `reason` is 1 when the server only renews this device's certificate.
    COUNTERSIGN_RECORD_WELCOME = 0x81,
    /// `body` is a frame of a session with `device`, whose session with the server is `session`.
    COUNTERSIGN_RECORD_FRAME = 0x82,
    /// Answers countersign_lookup: `reason` is a presence. Give it to countersign_peer_take.
    COUNTERSIGN_RECORD_PEER = 0x83,
    /// The message `number` is stored: the server will not lose it.
    COUNTERSIGN_RECORD_ACCEPTED = 0x84,
    /// The message `number` is not stored, and `reason` says why.
    COUNTERSIGN_RECORD_REFUSED = 0x85,
    /// `body` is a sealed message of `device`. Give the record to countersign_open_mail.
    COUNTERSIGN_RECORD_MAIL = 0x86,
    /// The mailbox holds nothing that came before this session.
    COUNTERSIGN_RECORD_CAUGHT_UP = 0x8C,
    COUNTERSIGN_RECORD_PONG = 0x8D,
    /// A frame for `device` could not be passed on: it is not there, or has no session `session`.
    COUNTERSIGN_RECORD_UNREACHABLE = 0x8E,
    /// `body` is a text of `device` that the server can read and could have made.
    COUNTERSIGN_RECORD_OPEN = 0x8F,
    /// The server gives no certificate now: ask again after `seconds`, if that is not 0.
    COUNTERSIGN_RECORD_KEY_REFUSED = 0x93,
    /// An application of the device's system, `device`; `body` is its name, and `reason` is 1 for the system's default. Give the record to
    /// countersign_channel_open.
    COUNTERSIGN_RECORD_APPLICATION = 0xA0,
    /// The channel `number` is not open, and `reason` says why.
    COUNTERSIGN_RECORD_CHANNEL_REFUSED = 0xA1,
    /// The report `number` is not stored: send it again, the same bytes, after `seconds`.
    COUNTERSIGN_RECORD_LATER = 0xA2,
    /// The application has the report `number` done.
    COUNTERSIGN_RECORD_DONE = 0xA3,
    /// A request of an application, whose id is `device.device`: give the record to countersign_request_open.
    COUNTERSIGN_RECORD_REQUEST = 0xA7,
    /// To an application: the opening of the channel `number` of `device`, for countersign_application_open. Without a body: it has none.
    COUNTERSIGN_RECORD_OPENING = 0xA4,
    /// To an application: a report. Give the record to countersign_report_open.
    COUNTERSIGN_RECORD_REPORT = 0xA5,
    /// To an application: what became of the request `number`, in `reason`.
    COUNTERSIGN_RECORD_REQUEST_STATE = 0xA6,
    /// To an application: what became of `device`, in `reason`, and when, in `number`: milliseconds since 1970.
    COUNTERSIGN_RECORD_PRESENCE = 0xA8,
};

/// Whether a device that was looked up is there.
enum {
    COUNTERSIGN_PRESENCE_UNKNOWN = 0,
    COUNTERSIGN_PRESENCE_ONLINE = 1,
    COUNTERSIGN_PRESENCE_ASLEEP = 2,
};

/// Why a message is not stored. A later server may have other reasons.
enum {
    COUNTERSIGN_MESSAGE_UNKNOWN_RECIPIENT = 1,
    /// The mailbox is full.
    COUNTERSIGN_MESSAGE_QUOTA_EXCEEDED = 2,
    /// It is sealed to a key that is no longer in use: look the peer up again.
    COUNTERSIGN_MESSAGE_STALE_CERTIFICATE = 3,
    COUNTERSIGN_MESSAGE_TOO_LONG = 4,
    /// The server cannot store anything now.
    COUNTERSIGN_MESSAGE_UNAVAILABLE = 5,
    /// The session may only renew its certificate.
    COUNTERSIGN_MESSAGE_MAY_ONLY_RENEW = 6,
    /// Its number is of a generation that this device does not have yet.
    COUNTERSIGN_MESSAGE_IMPOSSIBLE_NUMBER = 7,
    /// The application has no such channel of this device: open it again.
    COUNTERSIGN_MESSAGE_UNKNOWN_CHANNEL = 8,
};

/// A record of the server, taken apart. What a kind does not have is 0.
typedef struct countersign_record {
    countersign_address device;
    uint64_t number;
    /// Points into the record.
    const uint8_t *COUNTERSIGN_NULLABLE body;
    size_t body_size;
    uint32_t session;
    uint32_t seconds;
    uint8_t kind;
    uint8_t reason;
} countersign_record;

/// Takes apart a record that countersign_open has opened. Records that only concern the device's identity have a kind and nothing more.
countersign_result countersign_parse(const uint8_t *record, size_t record_size, countersign_record *parsed);

/// Writes the sealed question for a device's certificate and presence.
countersign_result countersign_lookup(countersign_context *context, const countersign_address *device, uint8_t *frame,
                                      size_t frame_capacity, size_t *frame_size);

/// Writes the sealed word that the application has a message of the mailbox, which may forget it.
countersign_result countersign_delivered(countersign_context *context, const countersign_address *from, uint64_t number, uint8_t *frame,
                                         size_t frame_capacity, size_t *frame_size);

/// Writes the sealed question whether the server is still there; it answers COUNTERSIGN_RECORD_PONG.
countersign_result countersign_ping(countersign_context *context, uint8_t *frame, size_t frame_capacity, size_t *frame_size);

/// Puts the frame of a session with `to`, which lies at `frame` + COUNTERSIGN_RELAY_OFFSET, into a sealed record. `session` is 0 in the
/// first frame of a session, and in an answer what the peer's record said.
countersign_result countersign_relay(countersign_context *context, const countersign_address *to, uint32_t session, uint8_t *frame,
                                     size_t frame_capacity, size_t body_size, size_t *frame_size);

/// Writes a message that the server can read, for a device without a key pair; see COUNTERSIGN_NO_CERTIFICATE. Whether that is allowed is
/// for the application to say and not for the server: a server that lies could ask for it. `text` is not in `frame`.
countersign_result countersign_deposit_open(countersign_context *context, const countersign_address *to, uint64_t number,
                                            const uint8_t *text, size_t text_size, uint8_t *frame, size_t frame_capacity,
                                            size_t *frame_size);

// ---- Other devices ----

/// A device that this one talks to: its certificate once that has been verified, and the session with it. As many as the caller has
/// room for. It is set up by countersign_peer_take, countersign_peer_answer or countersign_peer_direct.
typedef struct countersign_peer {
    uint64_t opaque[160];
} countersign_peer;

/// Bytes of a peer as this library was built, at most sizeof(countersign_peer).
size_t countersign_peer_size(void);

/// Takes the answer to a lookup of `device`: verifies that the certificate is that device's, who signed it, its system, epoch and
/// revocation. Pass sizeof(countersign_peer) as `peer_size`. After COUNTERSIGN_UNKNOWN_PEER and COUNTERSIGN_NO_CERTIFICATE the session
/// goes on.
countersign_result countersign_peer_take(countersign_context *context, countersign_peer *peer, size_t peer_size,
                                         const countersign_address *device, const uint8_t *record, size_t record_size, uint32_t *todo);

/// The address and the generation in the peer's verified certificate. COUNTERSIGN_NO_CERTIFICATE when there is none.
countersign_result countersign_peer_identity(const countersign_peer *peer, countersign_address *address, uint16_t *generation);

// ---- Messages ----

/// A message of another device, or, in a session with it, its answer to one.
typedef struct countersign_message {
    countersign_address from;
    uint64_t number;
    /// Points into the buffer that was given.
    const uint8_t *COUNTERSIGN_NULLABLE text;
    size_t text_size;
    /// Of the sender's certificate, which has been verified.
    uint16_t generation;
    uint8_t kind;
    /// Why the peer did not take a message: COUNTERSIGN_TOO_OLD or COUNTERSIGN_IMPOSSIBLE_NUMBER.
    uint8_t reason;
} countersign_message;

enum {
    COUNTERSIGN_KIND_MESSAGE = 1,
    /// The peer's application has the message `number`.
    COUNTERSIGN_KIND_ACKNOWLEDGEMENT = 2,
    /// The peer's application does not get the message `number`.
    COUNTERSIGN_KIND_REFUSAL = 3,
};

/// Draws the number of a message, which identifies it for ever: a retry under the same number remains one message. Numbers are reserved
/// ahead, so that not each costs a write: when `*todo` asks for COUNTERSIGN_STORE, store before the message leaves.
countersign_result countersign_next_number(countersign_context *context, uint64_t *number, uint32_t *todo);

/// Seals a message to the peer's certificate and writes the sealed record that leaves it in the peer's mailbox. Only the peer can read
/// it. The server answers COUNTERSIGN_RECORD_ACCEPTED or COUNTERSIGN_RECORD_REFUSED. `frame` has room for `text_size` +
/// COUNTERSIGN_DEPOSIT_OVERHEAD bytes, and `text` is not in it.
countersign_result countersign_deposit(countersign_context *context, const countersign_peer *peer, uint64_t number, const uint8_t *text,
                                       size_t text_size, uint8_t *frame, size_t frame_capacity, size_t *frame_size);

/// Opens, in place, the sealed message in a record of kind COUNTERSIGN_RECORD_MAIL, and verifies its sender's certificate as
/// countersign_peer_take does. After an error sender and number are set: send countersign_delivered, for no later attempt could open
/// it, unless this device has been given an older copy of its storage.
countersign_result countersign_open_mail(countersign_context *context, uint8_t *record, size_t record_size, countersign_message *message,
                                         uint32_t *todo);

// ---- Which messages the application has had ----

/// Bytes of an inbox for so many senders.
#define COUNTERSIGN_INBOX_SIZE(senders) (24 + 40 * (size_t)(senders))
enum {
    /// Numbers this far behind a sender's highest one are told apart.
    COUNTERSIGN_INBOX_WINDOW = 128,
};

/// Makes an empty inbox of `inbox_size` bytes. An inbox is its own stored form, with a checksum, and holds no secret: write it to
/// storage as it is. Keep two copies there, for a write may be cut short.
countersign_result countersign_inbox_create(uint8_t *inbox, size_t inbox_size);

/// Whether an inbox read from storage is whole: COUNTERSIGN_OK or COUNTERSIGN_CORRUPT. Who starts with an empty one may be given old
/// messages again.
countersign_result countersign_inbox_check(const uint8_t *inbox, size_t inbox_size);

/// Whether the application should get a message: COUNTERSIGN_OK; COUNTERSIGN_REPEATED, COUNTERSIGN_TOO_OLD or
/// COUNTERSIGN_IMPOSSIBLE_NUMBER, when it should not, and the sender or the mailbox is told all the same; COUNTERSIGN_INBOX_FULL.
countersign_result countersign_inbox_judge(const uint8_t *inbox, size_t inbox_size, const countersign_message *message);

/// Notes that the application has a message that was judged COUNTERSIGN_OK. Store the inbox, then tell the sender or the mailbox: what
/// is told first is lost when power fails in between, and what is stored first is not repeated.
countersign_result countersign_inbox_remember(uint8_t *inbox, size_t inbox_size, const countersign_message *message);

/// Makes room: forgets a sender, whose old messages would then be taken again.
countersign_result countersign_inbox_forget(uint8_t *inbox, size_t inbox_size, const countersign_address *sender);

// ---- Sessions with other devices ----

/// The only byte of the frame that says "I cannot read this" to a peer, which then looks this device up again. Send it, through
/// countersign_relay, for a frame that no session opens, and not more than once in a while to one peer.
#define COUNTERSIGN_PEER_REJECTION 0x04

/// Begins a session through the relay with a peer that countersign_peer_take has verified. The first frame is written by
/// countersign_peer_handshake without input.
countersign_result countersign_peer_call(const countersign_context *context, countersign_peer *peer);

/// Prepares to answer a peer that begins a session through the relay, with `frame` as its first; give that to countersign_peer_handshake.
/// `from` is what the record said.
countersign_result countersign_peer_answer(const countersign_context *context, countersign_peer *peer, size_t peer_size,
                                           const countersign_address *from, const uint8_t *frame, size_t frame_size);

/// Begins a session over a direct connection, without a server. `initiates` is 1 on the side that connected. `other` is the device
/// that should be there; when it is NULL, any of this device's system will do.
countersign_result countersign_peer_direct(const countersign_context *context, countersign_peer *peer, size_t peer_size,
                                           int32_t initiates, const countersign_address *COUNTERSIGN_NULLABLE other);

/// One step of a handshake with a peer: reads a frame, if there is one, and writes the next, if it is this side's turn; otherwise
/// `*output_size` is 0. `input` and `output` may be one buffer; `output` has room for COUNTERSIGN_PEER_HANDSHAKE_SIZE bytes. A frame that
/// is refused changes nothing: the right one can still come.
countersign_result countersign_peer_handshake(countersign_context *context, countersign_peer *peer,
                                              const uint8_t *COUNTERSIGN_NULLABLE input, size_t input_size, uint8_t *output,
                                              size_t output_capacity, size_t *output_size, uint32_t *todo);

/// Whether the session is open and the peer verified: 1 or 0.
int32_t countersign_peer_is_open(const countersign_peer *peer);

/// Writes the frame of a message. `text` is not in `frame`, which has room for `text_size` + COUNTERSIGN_PEER_OVERHEAD bytes.
countersign_result countersign_peer_seal(countersign_peer *peer, uint64_t number, const uint8_t *text, size_t text_size, uint8_t *frame,
                                         size_t frame_capacity, size_t *frame_size);

/// Writes the frame that tells the peer what became of its message. `judgement` is countersign_inbox_judge's: that the application has it,
/// or why not.
countersign_result countersign_peer_acknowledge(countersign_peer *peer, uint64_t number, countersign_result judgement, uint8_t *frame,
                                                size_t frame_capacity, size_t *frame_size);

/// Opens a frame of the session in place, once the peer has been checked again: it may have been revoked since.
countersign_result countersign_peer_open(const countersign_context *context, countersign_peer *peer, uint8_t *frame, size_t frame_size,
                                         countersign_message *message);

/// Overwrites the session's keys. The verified certificate stays.
void countersign_peer_close(countersign_peer *peer);

// ---- Applications: a device's end of a channel ----

enum {
    /// Bytes of a stored channel.
    COUNTERSIGN_CHANNEL_STORED_SIZE = 408,
    /// Room that countersign_channel_open needs for a frame.
    COUNTERSIGN_CHANNEL_FRAME_SIZE = 215,
    /// What countersign_report needs of a frame beyond the text.
    COUNTERSIGN_REPORT_OVERHEAD = 66,
};

/// A channel to an application: what the device reports, and what the application requests, which the server carries and cannot read.
/// Made by countersign_channel_init or countersign_channel_load.
typedef struct countersign_channel {
    uint64_t opaque[64];
} countersign_channel;

/// Bytes of a channel as this library was built, at most sizeof(countersign_channel).
size_t countersign_channel_size(void);

/// Whether the device wants to hear of applications in the sessions that follow: 0, as after countersign_init, or 1. With 0 the server
/// sends it none of the records from COUNTERSIGN_RECORD_APPLICATION on.
void countersign_set_applications(countersign_context *context, int32_t knows);

/// Makes a place for a channel. Pass sizeof(countersign_channel) as `channel_size`.
countersign_result countersign_channel_init(countersign_channel *channel, size_t channel_size);

/// Loads a stored channel, so that requests that waited can be opened. COUNTERSIGN_CORRUPT for what is none: the channel is empty then.
countersign_result countersign_channel_load(countersign_channel *channel, size_t channel_size, const uint8_t *stored, size_t stored_size);

/// Writes COUNTERSIGN_CHANNEL_STORED_SIZE bytes for storage. They hold the channel's keys: overwrite the buffer when they are stored.
countersign_result countersign_channel_encode(const countersign_channel *channel, uint8_t *stored, size_t stored_capacity);

/// Call this when the last output of countersign_channel_encode is in storage.
void countersign_channel_stored(countersign_channel *channel);

/// Overwrites the channel's keys.
void countersign_channel_clear(countersign_channel *channel);

/// Takes a record of kind COUNTERSIGN_RECORD_APPLICATION: verifies the application's certificate as countersign_peer_take does. While the
/// channel serves, `*frame_size` is 0. Otherwise opens one and writes the sealed record that the server keeps for the application; `*todo`
/// asks for COUNTERSIGN_STORE_CHANNEL before a report leaves. `now` is the caller's clock in seconds, or 0 where it has none: a channel
/// that was opened a day ago serves no longer. One that the server refuses is cleared first. The old channel is gone then: requests that
/// are under way in it are opened by another copy of it, loaded from storage.
countersign_result countersign_channel_open(countersign_context *context, countersign_channel *channel, const uint8_t *record,
                                            size_t record_size, uint64_t now, uint8_t *frame, size_t frame_capacity, size_t *frame_size,
                                            uint32_t *todo);

/// Writes a report under a number of countersign_next_number. One number seals one text: to send it again, send these bytes again. The
/// server answers COUNTERSIGN_RECORD_ACCEPTED once it is on the server's disk, COUNTERSIGN_RECORD_LATER or COUNTERSIGN_RECORD_REFUSED, and
/// where `wants_done` is 1 COUNTERSIGN_RECORD_DONE. `answers` is NULL or the number of the request that the report answers. `text` is not
/// in `frame`.
countersign_result countersign_report(countersign_context *context, countersign_channel *channel, uint64_t number, int32_t wants_done,
                                      const uint64_t *COUNTERSIGN_NULLABLE answers, const uint8_t *text, size_t text_size, uint8_t *frame,
                                      size_t frame_capacity, size_t *frame_size);

/// A request of an application.
typedef struct countersign_request {
    /// Names the request; the answer carries it.
    uint64_t number;
    /// Points into the record.
    const uint8_t *COUNTERSIGN_NULLABLE text;
    size_t text_size;
    /// Until its deadline.
    uint32_t seconds;
    /// Whether the device is to send no answer: 1 or 0.
    uint8_t wants_no_reply;
} countersign_request;

/// Opens, in place, a record of kind COUNTERSIGN_RECORD_REQUEST. COUNTERSIGN_REPEATED for one that was had: call countersign_request_taken
/// again. COUNTERSIGN_REFUSED without a change to the record when it is of another channel.
countersign_result countersign_request_open(const countersign_channel *channel, uint8_t *record, size_t record_size,
                                            countersign_request *request);

/// Marks the request in a record that was opened as had. Store the channel before the request is carried out, or as soon as it has been,
/// as its repetition or its loss would be worse; then call countersign_request_taken.
countersign_result countersign_request_accept(countersign_channel *channel, const uint8_t *record, size_t record_size, uint32_t *todo);

/// Writes the sealed word that the device has a request, which the server forgets.
countersign_result countersign_request_taken(countersign_context *context, const countersign_channel *channel, uint64_t number,
                                             uint8_t *frame, size_t frame_capacity, size_t *frame_size);

// ---- Applications: their own end. The context is loaded from the application's file. ----

enum {
    /// What countersign_request_seal needs of a frame beyond the text.
    COUNTERSIGN_REQUEST_OVERHEAD = 86,
};

/// The application's end of one device's channel.
typedef struct countersign_application_channel {
    uint64_t opaque[32];
} countersign_application_channel;

/// What tells a running instance of an application from every other: one for the life of a process, made by countersign_instance_init and
/// never copied or stored.
typedef struct countersign_instance {
    uint64_t opaque[4];
} countersign_instance;

/// Draws the instance's number.
countersign_result countersign_instance_init(countersign_instance *instance, size_t instance_size);

/// Takes a record of kind COUNTERSIGN_RECORD_OPENING and verifies the device's certificate. COUNTERSIGN_CHANNEL_OUTDATED when the device
/// has no channel, or it was opened to a key that this application has no more.
countersign_result countersign_application_open(const countersign_context *context, countersign_application_channel *channel,
                                                size_t channel_size, const uint8_t *record, size_t record_size);

/// Overwrites the channel's keys.
void countersign_application_clear(countersign_application_channel *channel);

/// A device's report.
typedef struct countersign_device_report {
    countersign_address device;
    /// The place in the queue, for countersign_done and countersign_release.
    uint64_t sequence;
    /// When it arrived at the server: milliseconds since 1970.
    uint64_t milliseconds;
    /// Names the message for ever, with the device.
    uint64_t number;
    /// The request that it answers; 0 with `answers` 0.
    uint64_t request;
    /// The channel that opens it, as COUNTERSIGN_RECORD_OPENING says it.
    uint64_t channel;
    /// Points into the record: what countersign_report_open has opened, or before that the ciphertext.
    const uint8_t *COUNTERSIGN_NULLABLE text;
    size_t text_size;
    /// How many times it has been given to an instance, this time included.
    uint8_t attempt;
    uint8_t answers;
    /// Whether the server could read it: of a device without a key pair. `text` is the text then, and no channel opens it.
    uint8_t is_open;
    uint8_t wants_done;
} countersign_device_report;

/// Takes a record of kind COUNTERSIGN_RECORD_REPORT apart, without opening it: whose it is, and of which channel.
countersign_result countersign_report_parse(const uint8_t *record, size_t record_size, countersign_device_report *report);

/// Opens a report in place, once the device has been checked again.
countersign_result countersign_report_open(const countersign_context *context, const countersign_application_channel *channel,
                                           uint8_t *record, size_t record_size, countersign_device_report *report);

/// Writes a request to the device of a channel. `number` names it, and the device's answer. `waits` is 1 for one that waits, until its
/// deadline in `seconds`, for a device that is not there.
countersign_result countersign_request_seal(countersign_context *context, const countersign_application_channel *channel,
                                            countersign_instance *instance, uint64_t number, int32_t waits, int32_t wants_no_reply,
                                            uint32_t seconds, const uint8_t *text, size_t text_size, uint8_t *frame,
                                            size_t frame_capacity, size_t *frame_size);

/// Writes for how many bytes of messages this instance is ready, beyond what it has been sent.
countersign_result countersign_take(countersign_context *context, uint32_t bytes, uint8_t *frame, size_t frame_capacity,
                                    size_t *frame_size);

/// Writes that a report is done: the queue forgets it.
countersign_result countersign_done(countersign_context *context, uint64_t sequence, uint8_t *frame, size_t frame_capacity,
                                    size_t *frame_size);

/// Gives a report back, to another instance or, where `is_dead` is 1, to the dead letters.
countersign_result countersign_release(countersign_context *context, uint64_t sequence, int32_t is_dead, uint8_t *frame,
                                       size_t frame_capacity, size_t *frame_size);

/// Writes the question for the opening of a device's latest channel.
countersign_result countersign_find(countersign_context *context, uint64_t device, uint8_t *frame, size_t frame_capacity,
                                    size_t *frame_size);

/// Asks for everything from a sequence on that is still kept.
countersign_result countersign_replay(countersign_context *context, uint64_t sequence, uint8_t *frame, size_t frame_capacity,
                                      size_t *frame_size);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
