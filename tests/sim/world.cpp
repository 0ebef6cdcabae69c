// Processes, clients and what they do.
#include "world.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/runtime/engine_core.hpp"
#include "journal/inspect_verify.hpp"
#include "journal/manifest.hpp"

namespace pawl::sim {
namespace {

constexpr std::size_t open_max = 48;  // commands that are not known to be safe

std::string client_name(std::uint32_t session) {
    return "client-" + std::to_string(session);
}

Durability durability_of(Asked asked) {
    return asked == Asked::synced      ? Durability::synced
           : asked == Asked::journaled ? Durability::journaled
                                       : Durability::decided;
}

Answer answer_of(const Reply& reply) {
    Answer answer;
    answer.judged = {reply.accepted(), reply.reason_number(), reply.event_count(),
                     reply.version().value};
    answer.shard = reply.shard();
    answer.sequence = reply.sequence().value;
    answer.position = reply.raw().position;
    answer.end = reply.raw().end;
    answer.repeat = reply.repeat();
    return answer;
}

}  // namespace

World::World(RingPool& pool, WorldOptions options)
    : options_(std::move(options)),
      pool_(pool),
      chance_(options_.seed),
      engine_chance_(options_.seed + 0xE61E),
      disk_(std::make_unique<Disk>(pool, &clock_, &trace_)),
      ledger_(options_.shards) {
    trace_.deep = options_.deep;
    disk_->set_chance(chance_.next());
}

World::World(const World& other, WorldOptions options)
    : options_(std::move(options)),
      pool_(other.pool_),
      chance_(options_.seed),
      engine_chance_(options_.seed + 0xE61E),
      clock_(other.clock_),
      disk_(other.disk_->copy(&clock_, &trace_)),
      ledger_(other.ledger_),
      life_(other.life_),
      hash_(other.hash_) {
    PAWL_ASSERT(!other.bank_.has_value());
    PAWL_ASSERT(options_.shards == other.options_.shards && options_.pairs == other.options_.pairs);
    trace_.deep = options_.deep;
    disk_->set_chance(chance_.next());
}

World::~World() {
    disk_->kill();
    end_process();
}

// ---- processes

bool World::open() {
    PAWL_ASSERT(!bank_.has_value());
    disk_->start();
    ++life_;
    waiting_.clear();
    EngineOptions options;
    options.directory = directory_path;
    options.shards = options_.shards;
    options.threading = Threading::none;
    options.segment_bytes = 64U << 10;
    options.head_bytes = 64U << 10;
    options.heads = "/memory";
    options.flush_interval = std::chrono::nanoseconds(flush_interval_ns);
    options.session_window = 256;
    options.sessions_max = 16;
    options.lane_lines = 64;
    options.lane_replies = 64;
    options.shared_queue_messages = 64;
    options.on_notice = [this](const Notice& notice) {
        trace_.note("notice", notice.sentence, static_cast<unsigned>(notice.kind), notice.shard);
    };
    if (options_.adjust) options_.adjust(options);
    trace_.note("a process begins", {}, life_);
    detail::Environment environment{*disk_, clock_, [this] { return engine_chance_.next(); },
                                    false};
    auto core = detail::EngineCore::open(options, Bank::domain(), std::move(environment));
    refusal_ = Error{};
    if (!core) {
        trace_.note("is not opened", core.error().sentence,
                    static_cast<unsigned>(core.error().code));
        if (!disk_->dead()) refusal_ = core.error();
        disk_->kill();
        return false;
    }
    bank_.emplace(Bank::on(std::move(core).value()));
    found_.clear();
    for (const std::string& sentence : bank_->recovery_sentences()) {
        trace_.note("found", sentence);
        found_ += sentence + "\n";
    }
    const std::uint64_t hash = bank_->state_hash();
    trace_.note("is open", {}, hash, bank_->recovered_records(), bank_->recovered_events());
    heard_ = mixed(heard_ ^ hash);
    if (hash_ && *hash_ != hash)
        ledger_.complain("the state's hash was " + std::to_string(*hash_) +
                         ", after recovery it is " + std::to_string(hash));
    hash_.reset();
    for (std::uint32_t client = 0; client < options_.clients; ++client)
        producers_.push_back(bank_->producer({client_name(client)}));
    return running();
}

void World::end_process() {
    ++life_;
    producers_.clear();
    const Clock::RunAway in_haste(clock_);
    bank_.reset();
}

Status World::close() {
    if (!running()) return Error{ErrorCode::stopped, "nothing runs"};
    const bool was_settled = settle();
    const std::uint64_t hash = was_settled ? bank_->state_hash() : 0;
    producers_.clear();
    Status closed = bank_->close(std::chrono::nanoseconds(was_settled ? 1'000'000'000 : 0));
    trace_.note("closes", {}, closed.ok());
    const bool died = disk_->dead();
    if (!died && closed.ok() && was_settled) {
        hash_ = hash;
        ledger_.all_told_until_is_safe(clock_.now());
    }
    disk_->kill();
    end_process();
    ledger_.crashed(false);
    return closed;
}

void World::kill() {
    if (healthy() && waiting_.empty() && ledger_.unconfirmed().empty()) hash_ = bank_->state_hash();
    if (disk_->dead()) hash_.reset();
    disk_->kill();
    end_process();
    ledger_.crashed(false);
}

void World::stop() {
    hash_.reset();
    disk_->kill();
    end_process();
}

void World::cut_power() {
    stop();
    disk_->cut_power(chance_);
    ledger_.crashed(true);
}

void World::cut_power(const std::function<bool(std::size_t)>& arrived) {
    stop();
    disk_->cut_power(arrived);
    ledger_.crashed(true);
}

// ---- clients

template <class C>
Offer World::offer_as(Id id, const C& command, std::uint32_t session, const SubmitOptions& options,
                      std::function<void(const Reply&)> callback) {
    // A client has a way of its own, or shares one with others.
    if (chance_.coin())
        return producers_[session].try_submit(id, command, options, std::move(callback));
    SubmitOptions named = options;
    named.session = session_id(client_name(session));
    return bank_->try_submit(id, command, named, std::move(callback));
}

Offer World::offer(std::uint32_t session, std::uint64_t number, const Order& order, Asked asked,
                   std::function<void(const Reply&)> callback) {
    SubmitOptions options;
    options.durability = durability_of(asked);
    options.number = CommandNumber{number};
    const auto give = [&](const auto& command) {
        return offer_as(order.id, command, session, options, std::move(callback));
    };
    switch (order.what) {
        case What::deposit:
            return give(Account::Deposit{order.amount});
        case What::withdraw:
            return give(Account::Withdraw{order.amount});
        case What::transfer:
            return give(Account::Transfer{order.amount});
        case What::drain:
            return give(Account::Drain{order.amount, order.count});
        case What::write:
            return give(Diary::Write{static_cast<std::uint64_t>(order.amount), order.count});
        case What::tear:
            break;
    }
    return give(Diary::Tear{});
}

bool World::ask(Ledger::Ticket ticket) {
    const Entry& entry = ledger_.at(ticket);
    trace_.note("sends", to_string(entry.order.what), entry.session, entry.number, entry.order.id);
    const Offer offered = offer(entry.session, entry.number, entry.order, entry.asked,
                                [this, ticket, life = life_](const Reply& reply) {
                                    // What a dead process says is heard by nobody.
                                    if (life == life_ && !disk_->dead()) listen(ticket, reply);
                                });
    if (offered == Offer::accepted) {
        waiting_.insert(ticket);
        ledger_.sent_again(ticket);
        return true;
    }
    ++refused_;
    trace_.note("is not taken", to_string(offered));
    return false;
}

void World::listen(Ledger::Ticket ticket, const Reply& reply) {
    waiting_.erase(ticket);
    trace_.note("hears", to_string(reply.outcome()), ticket, reply.raw().position,
                reply.raw().version * 2 + (reply.repeat() ? 1U : 0U));
    heard_ = mixed(heard_ ^ ticket) + reply.raw().position;
    heard_ = mixed(heard_ ^ reply.raw().version) + reply.raw().sequence + reply.reason_number();
    if (reply.refused()) {
        ++refused_;
        ledger_.unknown(ticket);
        const Refusal why = reply.refusal();
        if (why != Refusal::closed && why != Refusal::disk_full && why != Refusal::engine_failed)
            ledger_.complain(std::string("refused: ") + to_string(why));
        return;
    }
    ledger_.told(ticket, answer_of(reply), clock_.now());
}

Order World::any_order() {
    Order order;
    order.id = chance_.below(options_.pairs * 2);
    order.what = static_cast<What>(chance_.below(6));
    order.amount = static_cast<std::int64_t>(chance_.between(1, 40));
    order.count = chance_.between(1, 4);
    if (order.what == What::deposit && chance_.one_in(8)) order.amount = 0;
    if (order.what == What::write) order.count = chance_.one_in(10) ? 49 : chance_.between(1, 48);
    return order;
}

void World::send() {
    const auto asked = chance_.below(10);
    send(any_order(), asked == 0 ? Asked::decided : asked < 7 ? Asked::journaled : Asked::synced);
}

void World::send(const Order& order, Asked asked) {
    if (!healthy()) return;
    // Older commands would leave the sessions' windows.
    if (ledger_.open_count() >= open_max) {
        pass_flush_interval();
        check();
        if (!healthy() || ledger_.open_count() >= open_max) return;
    }
    const auto session = static_cast<std::uint32_t>(chance_.below(options_.clients));
    const Ledger::Ticket ticket = ledger_.send(session, order, asked);
    if (!ask(ticket)) ledger_.withdraw(ticket);
}

void World::retry() {
    if (!healthy()) return;
    const Entry* const old = ledger_.some_old(chance_);
    if (old == nullptr || ledger_.next_number(old->session) - old->number > 200) return;
    trace_.note("sends again", to_string(old->order.what), old->session, old->number);
    const Offer offered = offer(old->session, old->number, old->order, Asked::journaled,
                                [this, entry = *old, life = life_](const Reply& reply) {
                                    if (life != life_ || disk_->dead() || reply.refused()) return;
                                    ledger_.retold(entry, answer_of(reply));
                                });
    if (offered != Offer::accepted) trace_.note("is not taken", to_string(offered));
}

void World::poll() {
    for (int quiet = 0, round = 0; running() && quiet < 2 && round < 1000; ++round) {
        std::size_t work = bank_->poll();
        if (disk_->dead()) return;
        for (auto& producer : producers_)
            if (producer.waiting() != 0) work += producer.poll_replies(64);
        quiet = work == 0 ? quiet + 1 : 0;
    }
}

void World::advance(std::int64_t ns) {
    trace_.note("time passes", {}, static_cast<std::uint64_t>(ns));
    clock_.advance(ns);
}

void World::pass_flush_interval() {
    poll();
    const std::int64_t told_until = clock_.now();
    advance(flush_interval_ns);
    poll();
    // With a disk that refuses, the bound is what it is; the lag is a counter.
    if (healthy() && !disk_->troubled() && disk_->failures() == 0)
        ledger_.all_told_until_is_safe(told_until);
}

bool World::settle() {
    for (int round = 0; round < 200; ++round) {
        poll();
        if (!healthy()) return false;
        std::vector<Ledger::Ticket> tickets = ledger_.unconfirmed();
        std::erase_if(tickets, [this](Ledger::Ticket one) { return waiting_.contains(one); });
        if (tickets.empty() && waiting_.empty()) return true;
        for (std::size_t i = tickets.size(); i > 1; --i)
            std::swap(tickets[i - 1], tickets[chance_.below(i)]);
        bool taken = tickets.empty();
        for (const Ledger::Ticket ticket : tickets) {
            taken = ask(ticket) || taken;
            if (chance_.one_in(8)) poll();
        }
        if (!taken || tickets.empty()) advance(flush_interval_ns);
    }
    return false;
}

void World::check() {
    if (!settle()) return;
    ledger_.audit();
    if (right()) check_states();
}

void World::check_states_now() {
    if (!running()) return;
    const std::uint64_t count = bank_->aggregate_count();
    const std::int64_t balance =
        bank_->query(0, [](const Account& account) { return account.balance; }, use_future).get();
    trace_.note("reads", {}, count, static_cast<std::uint64_t>(balance));
    if (balance < 0) ledger_.complain("account 0 has a negative balance");
}

void World::check_states() {
    struct Plain {
        std::int64_t balance;
        std::uint64_t moves, history;
    };
    std::vector<Future<Plain>> accounts;
    std::vector<Future<std::vector<std::uint64_t>>> diaries;
    for (Id id = 0; id < options_.pairs * 2; ++id) {
        accounts.push_back(bank_->query(
            id,
            [](const Account& account) {
                return Plain{account.balance, account.moves, account.history};
            },
            use_future));
        diaries.push_back(bank_->query(
            id,
            [](const Diary& diary) {
                return std::vector<std::uint64_t>(diary.entries.begin(), diary.entries.end());
            },
            use_future));
    }
    const auto& known_accounts = ledger_.model().accounts();
    const auto& known_diaries = ledger_.model().diaries();
    for (Id id = 0; id < options_.pairs * 2; ++id) {
        const Plain is = accounts[id].get();
        const auto account = known_accounts.find(id);
        const AccountModel should =
            account != known_accounts.end() ? account->second : AccountModel{};
        if (is.balance != should.balance || is.moves != should.moves ||
            is.history != should.history)
            ledger_.complain("account " + std::to_string(id) + " has " +
                             std::to_string(is.balance) + " after " + std::to_string(is.moves) +
                             " moves, should have " + std::to_string(should.balance) + " after " +
                             std::to_string(should.moves));
        const auto diary = known_diaries.find(id);
        const auto entries = diaries[id].get();
        if (entries !=
            (diary != known_diaries.end() ? diary->second.entries : std::vector<std::uint64_t>{}))
            ledger_.complain("diary " + std::to_string(id) + " has other entries than it should");
    }
}

void World::verify() {
    const Disk::Onlooker looking(*disk_);
    if (disk_->bytes_of(journal::manifest_path(directory_path)) == 0) return;
    auto report = journal::verify_directory(*disk_, directory_path);
    if (!report.ok()) return ledger_.complain("verify: " + report.error().sentence);
    if (report->clean) return;
    std::string sentence = "verify:";
    for (const auto& shard : report->shards)
        for (const auto& one : shard.sentences) sentence += " " + one + ";";
    ledger_.complain(std::move(sentence));
}

void World::snapshot() {
    if (!healthy()) return;
    // Asked without patience, which would be the machine's own time: poll() does the work.
    static_cast<void>(bank_->sync(std::chrono::nanoseconds(0)));
    poll();
    if (!healthy()) return;
    static_cast<void>(bank_->snapshot(std::chrono::nanoseconds(0)));
    poll();
}

void World::wander(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps && running() && right(); ++i) {
        const std::uint64_t what = chance_.below(100);
        if (what < 55)
            send();
        else if (what < 75)
            poll();
        else if (what < 85)
            advance(static_cast<std::int64_t>(chance_.between(1'000, 3'000'000)));
        else if (what < 92)
            retry();
        else if (what < 96)
            pass_flush_interval();
        else if (what < 98)
            check();
        else
            clock_.move_wall((chance_.coin() ? 1 : -1) * Clock::hour_ns);
    }
}

std::string World::story() const {
    return ledger_.wrong() + "\nthe last steps of seed " + std::to_string(options_.seed) + ":\n" +
           trace_.story();
}

}  // namespace pawl::sim
