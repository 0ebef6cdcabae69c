/* pawl for C: a program drives an engine with commands and events that are bytes. Knows the C
 * language only.
 *
 * One aggregate type, whose state is state_bytes of memory, zeroed at first. decide and apply have
 * the same rules as in C++: decide changes nothing and sees neither clock nor chance but the
 * context's; apply cannot fail. Functions that return int return 0 for success and a pawl_error
 * otherwise; pawl_last_error() has the sentence. */
#ifndef PAWL_PAWL_H
#define PAWL_PAWL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pawl_engine pawl_engine;
typedef struct pawl_context pawl_context;

/* The numbers of pawl::ErrorCode. */
enum pawl_error {
    PAWL_OK = 0,
    PAWL_USAGE = 2,
    PAWL_BAD_INPUT = 3,
    PAWL_IO = 4,
    PAWL_DISK_FULL = 5,
    PAWL_LOCKED = 6,
    PAWL_MISMATCH = 7,
    PAWL_DAMAGED = 8,
    PAWL_HEAD_FOREIGN = 9,
    PAWL_STOPPED = 10,
    PAWL_TIMEOUT = 11,
    PAWL_BACK_PRESSURED = 32,
    PAWL_CLOSED = 33
};

enum pawl_outcome { PAWL_ACCEPTED = 1, PAWL_REJECTED = 2, PAWL_REFUSED = 3 };
enum pawl_durability { PAWL_DECIDED = 0, PAWL_JOURNALED = 1, PAWL_SYNCED = 2 };
enum pawl_retention { PAWL_KEEP = 0, PAWL_ARCHIVE = 1, PAWL_REMOVE = 2 };
enum pawl_threading { PAWL_OWN_THREADS = 0, PAWL_SHARED_THREAD = 1, PAWL_HOST_POLLS = 2 };

/* The rules. Everything it points to outlives the engine. Called on the shards' threads, one at a
 * time per shard. */
typedef struct pawl_domain {
    const char* name;   /* of the aggregate, in the journal's schema */
    size_t state_bytes; /* of one aggregate, 8-byte aligned */
    /* Returns 0 to accept, or the reason (1…65535) to reject. Emits with pawl_emit. */
    uint16_t (*decide)(const void* state, uint16_t type, const void* command, size_t bytes,
                       pawl_context* context, void* user);
    void (*apply)(void* state, uint16_t type, const void* event, size_t bytes, void* user);
    /* Optional: lines of the journal's schema, so that tools can print the events
     * ("event 0 0 Deposited cents:i64\n").
     * NULL: events are printed as bytes. */
    const char* schema;
    uint16_t command_types; /* types are 0 … command_types - 1 */
    uint16_t event_types;
    void* user; /* handed to decide and apply */
    /* Raise it when a state's bytes change their meaning: older snapshots are not used then, the
     * journal is. 0 is 1. */
    uint32_t snapshot_version;
} pawl_domain;

/* All zero is a good start; directory is required. */
typedef struct pawl_options {
    const char* directory;
    uint32_t shards; /* 0: 1 */
    enum pawl_threading threading;
    enum pawl_durability durability; /* 0 is decided: say PAWL_JOURNALED */
    uint64_t segment_bytes;          /* 0: the default */
    uint64_t head_bytes;             /* 0: the default */
    /* A snapshot when a shard's journal has grown by so many bytes, or so much time has passed,
     * since the last. Both 0: only pawl_snapshot makes one. */
    uint64_t snapshot_every_bytes;
    uint64_t snapshot_every_ms;
    uint32_t snapshots_kept;       /* 0: the default */
    enum pawl_retention retention; /* of segments below the oldest snapshot that is kept */
} pawl_options;

typedef struct pawl_reply {
    enum pawl_outcome outcome;
    uint16_t reason; /* rejected: the domain's; refused: a number of pawl::Refusal */
    uint16_t event_count;
    uint32_t shard;
    uint64_t version;
    uint64_t sequence;
    uint64_t number;
    int repeat; /* 1: the first outcome of a command that was sent again */
} pawl_reply;

/* Optional: NULL means an anonymous command. */
typedef struct pawl_submit_options {
    const char* session; /* NULL: anonymous */
    uint64_t number;     /* in the session, from 1: a retry with the same one never acts twice */
    uint64_t correlation;
    uint64_t cause;
    int has_expected_version;
    uint64_t expected_version;
} pawl_submit_options;

/* Opens or creates. NULL on failure: see pawl_last_error(). The domain is copied. */
pawl_engine* pawl_open(const pawl_options* options, const pawl_domain* domain);
/* Drains, answers, closes and frees the engine, whatever it returns. */
int pawl_close(pawl_engine* engine);

/* Fire and forget; waits while the queue is full. At most 1024 bytes. */
int pawl_submit(pawl_engine* engine, uint64_t id, uint16_t type, const void* command, size_t bytes,
                const pawl_submit_options* options);
/* The callback runs on the reply thread, or inside pawl_poll; once, if and only if this returned 0.
 * Never waits. */
typedef void (*pawl_on_reply)(const pawl_reply* reply, void* user);
int pawl_submit_callback(pawl_engine* engine, uint64_t id, uint16_t type, const void* command,
                         size_t bytes, const pawl_submit_options* options, pawl_on_reply on_reply,
                         void* user);
/* Waits for the reply; with PAWL_HOST_POLLS it polls. */
int pawl_call(pawl_engine* engine, uint64_t id, uint16_t type, const void* command, size_t bytes,
              const pawl_submit_options* options, pawl_reply* reply);

/* Copies the state, in order with what this thread submitted. *version is 0 when nothing ever
 * happened to it. */
int pawl_read(pawl_engine* engine, uint64_t id, void* state, size_t state_bytes, uint64_t* version);
uint64_t pawl_state_hash(pawl_engine* engine);

/* Makes a snapshot of everything committed so far and waits for it; opening replays only what came
 * later. */
int pawl_snapshot(pawl_engine* engine, uint64_t patience_ms);
/* Records that opening replayed, beyond what a snapshot stood for. */
uint64_t pawl_replayed_records(pawl_engine* engine);

/* PAWL_HOST_POLLS: one pass of everything; returns how much was done. */
size_t pawl_poll(pawl_engine* engine);
int pawl_wake_fd(pawl_engine* engine);         /* readable when another thread has left work */
int pawl_poll_timeout_ms(pawl_engine* engine); /* how long the host may sleep; -1: until then */

/* ---- inside decide ---- */
/* Adds one event. Not 0: the record is full; return any reason, the engine refuses the command as
 * too large. */
int pawl_emit(pawl_context* context, uint16_t type, const void* event, size_t bytes);
int64_t pawl_now_ns(const pawl_context* context);
uint64_t pawl_id(const pawl_context* context);
uint64_t pawl_version(const pawl_context* context);
uint64_t pawl_random(pawl_context* context);

/* The sentence of the last failure on this thread. Valid until the next call on it. */
const char* pawl_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
