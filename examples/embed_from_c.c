/* A bank in plain C: commands and events are bytes, the rules are two functions. */
#include <pawl/pawl.h>
#include <stdio.h>

enum { deposit, withdraw };    /* commands */
enum { deposited, withdrawn }; /* events */
enum { not_enough = 1 };       /* reasons */

struct account {
    int64_t cents;
};

static uint16_t decide(const void* state, uint16_t type, const void* command, size_t bytes,
                       pawl_context* context, void* user) {
    const struct account* account = state;
    const int64_t* cents = command;
    (void)user;
    if (bytes != sizeof *cents) return 2;
    if (type == withdraw && account->cents < *cents) return not_enough;
    return pawl_emit(context, type == deposit ? deposited : withdrawn, cents, sizeof *cents) ==
                   PAWL_OK
               ? 0
               : 3;
}

static void apply(void* state, uint16_t type, const void* event, size_t bytes, void* user) {
    struct account* account = state;
    const int64_t* cents = event;
    (void)bytes;
    (void)user;
    account->cents += type == deposited ? *cents : -*cents;
}

int main(void) {
    pawl_domain bank = {0};
    bank.name = "Account";
    bank.state_bytes = sizeof(struct account);
    bank.decide = decide;
    bank.apply = apply;
    bank.schema = "event 0 0 Deposited cents:i64\nevent 0 1 Withdrawn cents:i64\n";
    bank.command_types = 2;
    bank.event_types = 2;

    pawl_options options = {0};
    options.directory = "c_bank.journal";
    options.durability = PAWL_JOURNALED;
    pawl_engine* engine = pawl_open(&options, &bank);
    if (engine == NULL) return fprintf(stderr, "%s\n", pawl_last_error()), 1;

    const int64_t ten = 1000;
    const int64_t much = 2500;
    pawl_submit_options once = {0};
    once.session = "desk-7"; /* run again, the same number never acts twice */
    once.number = 1;
    pawl_reply reply;
    if (pawl_call(engine, 42, deposit, &ten, sizeof ten, &once, &reply) != PAWL_OK) return 1;
    printf("deposit: %s\n", reply.outcome == PAWL_ACCEPTED ? "accepted" : "rejected");
    if (pawl_call(engine, 42, withdraw, &much, sizeof much, NULL, &reply) != PAWL_OK) return 1;
    printf("withdraw: %s\n",
           reply.outcome == PAWL_REJECTED && reply.reason == not_enough ? "not enough" : "?");

    struct account account;
    uint64_t version = 0;
    if (pawl_read(engine, 42, &account, sizeof account, &version) != PAWL_OK) return 1;
    printf("balance: %lld cents after %llu event\n", (long long)account.cents,
           (unsigned long long)version);
    return pawl_close(engine);
}
