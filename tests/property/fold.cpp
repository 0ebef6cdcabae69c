// Snapshots of random lives: made one from the other while the engine runs, or from the first
// record on, they are the same bytes, and their states are the live ones. Knows the folds' inside.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/history/body.hpp"
#include "engine/history/fold.hpp"
#include "journal/manifest.hpp"
#include "tests/unit/engine/kit.hpp"
#include "tests/unit/journal/memory_storage.hpp"

namespace pawl::testing {
namespace {

std::uint64_t seeds = 12;

std::string whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A place in memory for one shard's snapshots.
class Elsewhere {
public:
    explicit Elsewhere(std::uint32_t shard) : shard_(shard) {
        EXPECT_TRUE(storage_.make_directory(path_).ok());
        EXPECT_TRUE(storage_.make_directory(journal::shard_path(path_, shard)).ok());
    }
    journal::Storage& storage() { return storage_; }
    std::string snapshot(Position at) const { return journal::snapshot_path(path_, shard_, at); }
    std::unique_ptr<journal::SnapshotWriter> writer(const journal::Identity& identity) {
        return journal::SnapshotWriter::create(storage_, {path_, shard_, identity, 0, 0}).value();
    }
    std::string written(Position at) {
        const std::vector<std::byte>& bytes = storage_.bytes_of(snapshot(at));
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

private:
    const std::string path_ = "/elsewhere";
    const std::uint32_t shard_;
    journal::testing::MemoryStorage storage_;
};

class Life {
public:
    explicit Life(std::uint64_t seed) : chance_(seed) {
        options_ = small(directory_.path(), static_cast<std::uint32_t>(1 + chance_() % 2));
        options_.segment_bytes = 64U << 10;
        options_.session_window = seed % 2 == 0 ? 8 : 300;
        options_.snapshots_kept = 100;
        options_.threading = Threading::none;
    }
    EngineOptions& options() { return options_; }
    const std::string& path() const { return directory_.path(); }
    std::uint64_t below(std::uint64_t end) { return chance_() % end; }

    void live(Bank& bank, std::uint64_t steps) {
        auto desk = bank.producer({.session = "desk of seed " + std::to_string(below(3))});
        for (std::uint64_t i = below(40); i != 0; --i)
            EXPECT_EQ(desk.submit(below(60), Account::Deposit{5}, SubmitOptions{}),
                      Offer::accepted);
        for (std::uint64_t i = 0; i < steps; ++i) {
            const Id id = below(60);
            const auto cents = static_cast<std::int64_t>(below(200));
            ++number_;
            const std::uint64_t number = number_ > 4 && below(5) == 0 ? number_ - 4 : number_;
            const SubmitOptions options =
                below(3) == 0 ? SubmitOptions{}
                              : as("client" + std::to_string(below(5)), number + below(3));
            switch (below(8)) {
                case 0:
                    bank.submit(id, Account::Withdraw{cents}, options);
                    break;
                case 1:
                    bank.submit(id, Account::Spend{cents / 4, 3}, options);
                    break;
                case 2:
                    bank.submit(id, Account::Flood{below(8)}, options);
                    break;
                case 3:
                    bank.submit(id, Account::Draw{}, options);
                    break;
                case 4:
                    bank.submit(id, Book::Open{below(9)}, options);
                    break;
                case 5:
                    bank.submit(id, Book::Close{}, options);
                    break;
                default:
                    bank.submit(id, Account::Deposit{cents}, options);
            }
            if (below(10) == 0) ask(bank, id, Account::Deposit{1});
        }
    }

    // Folds a shard from its first record to where the snapshot was made, and saves that elsewhere.
    std::string made_from_scratch(std::uint32_t shard, const std::string& snapshot,
                                  std::uint64_t& state_hash) {
        const journal::Manifest manifest = journal::read_manifest(storage_, path()).value();
        const journal::SnapshotFacts facts =
            journal::SnapshotReader::look(storage_, snapshot, manifest.identity, shard).value();
        const detail::Domain domain = Bank::domain();
        detail::Fold fold(fold_options(domain, shard));
        const journal::WalkOptions walk = walk_of(manifest, shard);
        while (fold.end() < facts.tail.position) {  // in slices of any size
            const Position slice{
                std::min(fold.end().value + 1 + below(20'000), facts.tail.position.value)};
            const Status folded = fold.advance(storage_, walk, slice);
            EXPECT_TRUE(folded.ok()) << folded.error().sentence;
            if (!folded) return {};
            EXPECT_EQ(fold.machine().settled_hash(), fold.machine().state_hash());
        }
        EXPECT_TRUE(goes_on_alike(fold, snapshot, manifest.identity, shard));
        Elsewhere elsewhere(shard);
        auto writer = elsewhere.writer(manifest.identity);
        detail::SaveBody body(fold, *writer);
        while (!body.some(1 + below(5'000)).value()) {
        }
        journal::SnapshotFacts own;
        own.tail = fold.place()->tail;
        own.last_offset_bytes = fold.place()->last_offset_bytes;
        own.last_bytes = fold.place()->last_bytes;
        own.epoch = fold.place()->epoch;
        own.records = fold.records();
        own.events = fold.events();
        own.epochs = fold.epochs();
        own.layout_hash = fold.layout_hash();
        own.state_hash = body.state_hash();
        EXPECT_TRUE(writer->finish(own).ok());
        EXPECT_EQ(body.state_hash(), fold.machine().state_hash());
        state_hash += body.state_hash();
        return elsewhere.written(own.tail.position);
    }

    // Everything that a shard has written, and where each record begins.
    std::vector<std::byte> records_of(std::uint32_t shard, std::vector<std::size_t>& begins) {
        struct Gather final : journal::RecordSink {
            void on_record(const detail::RecordView& record, Position position) override {
                begins.push_back(position.value);
                bytes.insert(bytes.end(), record.bytes(), record.bytes() + record.length());
            }
            std::vector<std::byte> bytes;
            std::vector<std::size_t> begins;
        } gather;
        const journal::WalkOptions walk =
            walk_of(journal::read_manifest(storage_, path()).value(), shard);
        EXPECT_TRUE(journal::walk_segments(storage_, walk, gather).ok());
        begins = std::move(gather.begins);
        begins.push_back(gather.bytes.size());
        return std::move(gather.bytes);
    }

    // What a fold would leave in a snapshot.
    std::string body_of(detail::Fold& fold, std::uint32_t shard) {
        Elsewhere elsewhere(shard);
        const journal::Manifest manifest = journal::read_manifest(storage_, path()).value();
        auto writer = elsewhere.writer(manifest.identity);
        detail::SaveBody body(fold, *writer);
        while (!body.some(1U << 20).value()) {
        }
        journal::SnapshotFacts facts;
        facts.tail.position = fold.end();
        facts.tail.segment_index = 1;  // any place will do: both are said to stand there
        facts.tail.offset_bytes = facts.last_bytes = journal::block_alignment_bytes;
        facts.records = fold.records();
        facts.events = fold.events();
        facts.epochs = fold.epochs();
        facts.state_hash = body.state_hash();
        EXPECT_TRUE(writer->finish(facts).ok());
        return elsewhere.written(fold.end());
    }

    detail::FoldOptions fold_options(const detail::Domain& domain, std::uint32_t shard) const {
        return {&domain, shard, options_.shards, options_.session_window, options_.sessions_max,
                true};
    }

private:
    journal::WalkOptions walk_of(const journal::Manifest& manifest, std::uint32_t shard) const {
        journal::WalkOptions walk;
        walk.directory = path();
        walk.shard = shard;
        walk.identity = manifest.identity;
        walk.segment_bytes = manifest.segment_bytes;
        walk.epoch_max = manifest.epoch();
        return walk;
    }

    // One that was loaded carries the same hash as one that has seen every event.
    bool goes_on_alike(detail::Fold& seen, const std::string& snapshot,
                       const journal::Identity& identity, std::uint32_t shard) {
        const detail::Domain domain = Bank::domain();
        detail::Fold loaded(fold_options(domain, shard));
        auto reader = journal::SnapshotReader::open(storage_, snapshot, identity, shard).value();
        return loaded.on_snapshot(*reader).ok() &&
               loaded.machine().settled_hash() == seen.machine().settled_hash();
    }

    std::mt19937_64 chance_;
    TempDirectory directory_;
    EngineOptions options_;
    journal::PosixStorage storage_;
    std::uint64_t number_ = 0;
};

// Everything that was submitted is decided.
void settle(Bank& bank) {
    while (bank.poll() != 0) {
    }
}

TEST(AFold, is_the_same_to_the_byte_however_it_came_about) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Life life(seed);
        std::optional<Bank> bank(open(life.options()));
        for (int part = 0; part < 4; ++part) {
            life.live(*bank, 20 + life.below(120));
            settle(*bank);
            const Status made = bank->snapshot();
            ASSERT_TRUE(made.ok()) << made.error().sentence;
            std::uint64_t hash = 0;
            for (std::uint32_t shard = 0; shard < life.options().shards; ++shard) {
                journal::PosixStorage storage;
                const auto files = journal::list_snapshots(storage, life.path(), shard).value();
                ASSERT_FALSE(files.empty());
                const std::string from_scratch = life.made_from_scratch(shard, files.front(), hash);
                ASSERT_EQ(from_scratch == whole(files.front()), true) << files.front();
            }
            EXPECT_EQ(hash, bank->state_hash());
            if (life.below(2) == 0) {
                bank.reset();
                bank.emplace(open(life.options()));
                EXPECT_EQ(hash, bank->state_hash());
            }
        }
    }
}

TEST(AFold, takes_records_one_by_one_as_in_runs) {
    for (std::uint64_t seed = 100; seed < 100 + seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Life life(seed);
        {
            Bank bank = open(life.options());
            life.live(bank, 400);
            settle(bank);
        }
        const detail::Domain domain = Bank::domain();
        for (std::uint32_t shard = 0; shard < life.options().shards; ++shard) {
            std::vector<std::size_t> begins;
            const std::vector<std::byte> bytes = life.records_of(shard, begins);
            const detail::FoldOptions options = life.fold_options(domain, shard);
            detail::Fold one_by_one(options);
            for (std::size_t i = 0; i + 1 < begins.size(); ++i)
                one_by_one.on_record(detail::RecordView(bytes.data() + begins[i]),
                                     Position{begins[i]});
            ASSERT_FALSE(one_by_one.failed()) << one_by_one.why();
            ASSERT_EQ(one_by_one.records(), begins.size() - 1);
            ASSERT_GT(one_by_one.records(), 100U);
            detail::Fold in_runs(options);
            for (std::size_t i = 0; i + 1 < begins.size();) {
                const std::size_t next = std::min(i + 1 + life.below(200), begins.size() - 1);
                in_runs.on_records({bytes.data() + begins[i], begins[next] - begins[i]},
                                   Position{begins[i]});
                i = next;
            }
            EXPECT_EQ(in_runs.end().value, bytes.size());
            EXPECT_EQ(in_runs.machine().settled_hash(), one_by_one.machine().state_hash());
            EXPECT_EQ(life.body_of(in_runs, shard) == life.body_of(one_by_one, shard), true);
        }
    }
}

// A record that cannot follow ends a run behind the ones before it, and nothing comes after.
TEST(AFold, stops_at_the_record_that_does_not_follow) {
    Life life(9);
    {
        Bank bank = open(life.options());
        life.live(bank, 200);
        settle(bank);
    }
    const detail::Domain domain = Bank::domain();
    std::vector<std::size_t> begins;
    const std::vector<std::byte> good = life.records_of(0, begins);
    const detail::FoldOptions options = life.fold_options(domain, 0);
    int stopped = 0;
    int watched = 0;
    for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
        std::vector<std::byte> bytes = good;
        auto& header = *reinterpret_cast<detail::RecordHeader*>(bytes.data() + begins[i]);
        if (header.kind() != detail::RecordKind::accepted) continue;
        const Version its{header.version};
        const bool wrong_session = i % 2 == 0;
        if (wrong_session && header.session != 0 && i % 4 == 0)
            header.number = 0;
        else if (wrong_session)
            header.session = 1000;
        else
            ++header.version;
        detail::Fold fold(options);
        const auto seen = fold.machine().watch(header.aggregate_type, header.aggregate, Time{});
        fold.on_records(bytes, Position{0});
        Version shown;
        Time when;
        Account state;
        if (seen != nullptr && header.aggregate_type == 0 && its != Version{}) {
            seen->read(&state, shown, when);
            ASSERT_LT(shown, its) << "what did not fit is shown to who watches";
            ++watched;
        }
        ASSERT_TRUE(fold.failed());
        ASSERT_EQ(fold.failed_at().value, begins[i]);
        ASSERT_EQ(fold.end().value, begins[i]);
        ASSERT_EQ(fold.records(), i);
        ASSERT_NE(std::string(fold.why()).find(wrong_session ? "session" : "version"),
                  std::string::npos);
        ++stopped;
    }
    EXPECT_GT(stopped, 50);
    EXPECT_GT(watched, 20);
}

// One without an id is opened nowhere: a snapshot of it could not be loaded.
TEST(AFold, stops_at_a_session_that_is_none) {
    Life life(9);
    {
        Bank bank = open(life.options());
        life.live(bank, 200);
        settle(bank);
    }
    const detail::Domain domain = Bank::domain();
    std::vector<std::size_t> begins;
    std::vector<std::byte> bytes = life.records_of(0, begins);
    const auto is_session = [&](std::size_t at) {
        return detail::RecordView(bytes.data() + at).header().kind() == detail::RecordKind::session;
    };
    const auto found = std::find_if(begins.begin(), begins.end() - 1, is_session);
    ASSERT_NE(found, begins.end() - 1);
    const detail::RecordView record(bytes.data() + *found);
    std::memset(bytes.data() + *found + record.body_offset(), 0, sizeof(SessionId));
    detail::Fold fold(life.fold_options(domain, 0));
    fold.on_records(bytes, Position{0});
    ASSERT_TRUE(fold.failed());
    EXPECT_EQ(fold.failed_at().value, *found);
    EXPECT_NE(std::string(fold.why()).find("session"), std::string::npos);
}

// Whatever stands in a body that its hash vouches for, loading ends with a sentence or a state.
TEST(AFold, never_trusts_a_body) {
    Life life(7);
    {
        Bank bank = open(life.options());
        life.live(bank, 60);
        settle(bank);
        ASSERT_TRUE(bank.snapshot().ok());
    }
    journal::PosixStorage storage;
    const journal::Manifest manifest = journal::read_manifest(storage, life.path()).value();
    const auto files = journal::list_snapshots(storage, life.path(), 0).value();
    auto good = journal::SnapshotReader::open(storage, files.front(), manifest.identity, 0).value();
    const journal::SnapshotFacts facts = good->facts();
    std::vector<std::byte> body(facts.body_bytes);
    ASSERT_TRUE(good->read(body).ok());

    const detail::Domain domain = Bank::domain();
    Elsewhere elsewhere(0);
    const auto loads = [&](const std::vector<std::byte>& bytes) {
        auto writer = elsewhere.writer(manifest.identity);
        EXPECT_TRUE(writer->write(bytes).ok());
        EXPECT_TRUE(writer->finish(facts).ok());
        auto reader =
            journal::SnapshotReader::open(
                elsewhere.storage(), elsewhere.snapshot(facts.tail.position), manifest.identity, 0)
                .value();
        detail::Fold fold({&domain, 0, life.options().shards, 8, 4096});
        const Status loaded = fold.on_snapshot(*reader);
        if (!loaded) {
            EXPECT_FALSE(loaded.error().sentence.empty());
            EXPECT_EQ(fold.end(), Position{});
            EXPECT_EQ(fold.machine().aggregate_count(), 0U);
            EXPECT_EQ(fold.sessions().count(), 0U);
        }
        return loaded.ok();
    };
    EXPECT_TRUE(loads(body));
    std::mt19937_64 chance(11);
    for (int i = 0; i < 300; ++i) {
        std::vector<std::byte> changed = body;
        const std::size_t at = chance() % changed.size();
        if (i % 3 == 0)
            changed.resize(at);
        else
            changed[at] ^= static_cast<std::byte>(1U << (chance() % 8));
        loads(changed);  // a changed answer of a session is the body's own business
        std::vector<std::byte> longer = body;
        longer.resize(body.size() + 1 + chance() % 100);
        ASSERT_FALSE(loads(longer));
    }
}

}  // namespace
}  // namespace pawl::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::string_view flag = argv[i];
        constexpr std::string_view name = "--seeds=";
        if (flag.starts_with(name))
            std::from_chars(flag.data() + name.size(), flag.data() + flag.size(),
                            pawl::testing::seeds);
    }
    return RUN_ALL_TESTS();
}
