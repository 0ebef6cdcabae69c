/* A user's program in C: a counter that remembers and refuses to fall below zero. Knows
 * pawl/pawl.h. */
#include <pawl/pawl.h>
#include <stdio.h>
#include <string.h>

enum { ADD = 0, ADDED = 0, BELOW_ZERO = 1 };

static uint16_t decide(const void* state, uint16_t type, const void* command, size_t bytes,
                       pawl_context* context, void* user) {
    int64_t total;
    int64_t by;
    (void)user;
    memcpy(&total, state, sizeof total);
    if (type != ADD || bytes != sizeof by) return BELOW_ZERO;
    memcpy(&by, command, sizeof by);
    if (total + by < 0) return BELOW_ZERO;
    pawl_emit(context, ADDED, &by, sizeof by);
    return 0;
}

static void apply(void* state, uint16_t type, const void* event, size_t bytes, void* user) {
    int64_t total;
    int64_t by;
    (void)type;
    (void)user;
    if (bytes != sizeof by) return;
    memcpy(&total, state, sizeof total);
    memcpy(&by, event, sizeof by);
    total += by;
    memcpy(state, &total, sizeof total);
}

static const pawl_domain counter = {.name = "Counter",
                                    .state_bytes = sizeof(int64_t),
                                    .decide = decide,
                                    .apply = apply,
                                    .command_types = 1,
                                    .event_types = 1};

static pawl_engine* open_counter(const char* directory) {
    const pawl_options options = {.directory = directory, .durability = PAWL_JOURNALED};
    pawl_engine* engine = pawl_open(&options, &counter);
    if (engine == NULL) fprintf(stderr, "%s\n", pawl_last_error());
    return engine;
}

static int add(pawl_engine* engine, int64_t by, uint64_t number, pawl_reply* reply) {
    const pawl_submit_options options = {.session = "desk", .number = number};
    const int error = pawl_call(engine, 7, ADD, &by, sizeof by, &options, reply);
    if (error != PAWL_OK) fprintf(stderr, "%s\n", pawl_last_error());
    return error == PAWL_OK;
}

static int total_is(pawl_engine* engine, int64_t wanted) {
    int64_t total = 0;
    uint64_t version = 0;
    if (pawl_read(engine, 7, &total, sizeof total, &version) != PAWL_OK) return 0;
    printf("total %lld at version %llu\n", (long long)total, (unsigned long long)version);
    return total == wanted;
}

int main(int count, char** words) {
    pawl_engine* engine;
    pawl_reply reply;
    if (count != 2) return 2;
    engine = open_counter(words[1]);
    if (engine == NULL) return 3;
    if (!add(engine, 5, 1, &reply) || reply.outcome != PAWL_ACCEPTED) return 4;
    if (!add(engine, -9, 2, &reply) || reply.outcome != PAWL_REJECTED) return 5;
    if (reply.reason != BELOW_ZERO || !total_is(engine, 5)) return 6;
    if (pawl_close(engine) != PAWL_OK) return 7;

    engine = open_counter(words[1]);
    if (engine == NULL || !total_is(engine, 5)) return 8;
    if (!add(engine, 5, 1, &reply) || !reply.repeat || !total_is(engine, 5)) return 9;
    return pawl_close(engine) == PAWL_OK ? 0 : 10;
}
