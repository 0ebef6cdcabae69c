// Bytes of a fold: schema, sessions, states.
#include "engine/history/body.hpp"

#include <exception>
#include <span>
#include <utility>

#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

// ---- saving ----

bool SaveBody::Sink::write(const std::byte* bytes, std::size_t size) noexcept {
    status = writer.write({bytes, size});
    return status.ok();
}

SaveBody::SaveBody(const Fold& fold, journal::SnapshotWriter& writer)
    : fold_(fold), sink_(writer), archive_(sink_) {}

Result<bool> SaveBody::some(std::size_t bytes_about) {
    const std::uint64_t enough = archive_.bytes_done() + bytes_about;
    const Sessions& sessions = fold_.sessions();
    if (!begun_) {
        archive_.value(fold_.schema_hash());
        archive_.count(sessions.count());
        begun_ = true;
    }
    while (sessions_done_ < sessions.count() && archive_.bytes_done() < enough) {
        const std::uint32_t index = ++sessions_done_;
        sessions.save(archive_, index);
        const std::string& name = fold_.session_name(index);
        archive_.count(name.size());
        archive_.bytes(name.data(), name.size());
    }
    const bool all = sessions_done_ == sessions.count() &&
                     fold_.machine().save_some(archive_, pass_, bytes_about);
    if (all) archive_.flush();
    if (archive_.failed()) return sink_.status.error();
    return all;
}

// ---- loading ----

bool LoadBody::Source::read(std::byte* to, std::size_t size) noexcept {
    status = reader.read({to, size});
    return status.ok();
}

LoadBody::LoadBody(Fold& fold, journal::SnapshotReader& reader)
    : fold_(fold), source_(reader), archive_(source_) {
    PAWL_ASSERT(fold.end() == Position{} && "a snapshot is loaded into a blank fold");
    PAWL_ASSERT(reader.left() == reader.facts().body_bytes);
}

Error LoadBody::refused(std::string why) const {
    return Error{ErrorCode::mismatch, std::move(why)};
}

Result<bool> LoadBody::some(std::size_t bytes_about) {
    Result<bool> loaded = [&]() -> Result<bool> {
        try {
            return load(bytes_about);
        } catch (const std::exception& thrown) {
            return refused(std::string("loading its states threw: ") + thrown.what());
        }
    }();
    if (!loaded) fold_.clear();
    return loaded;
}

Result<bool> LoadBody::load(std::size_t bytes_about) {
    const journal::SnapshotFacts& facts = source_.reader.facts();
    const std::uint64_t before = archive_.left();
    if (!begun_) {
        tables_ = fold_.tables_of(facts.layout_hash);
        if (tables_ == 0)
            return refused("its states have layout " + journal::to_hex(facts.layout_hash) +
                           ", this program's " + journal::to_hex(fold_.layout_hash()));
        std::uint64_t schema_hash = 0;
        archive_.value(schema_hash);
        fold_.parts_->replayer.set_schema_hash(schema_hash);
        sessions_left_ = archive_.count(0);
        begun_ = true;
    }
    for (; sessions_left_ != 0 && !archive_.failed() && before - archive_.left() < bytes_about;
         --sessions_left_)
        load_session();
    const bool all =
        sessions_left_ == 0 && fold_.machine().load_some(archive_, pass_, tables_, bytes_about);
    if (!source_.status.ok()) return source_.status.error();
    if (archive_.failed() || (all && archive_.left() != 0))
        return refused("its body does not end where its states do: snapshot() does not load what " +
                       std::string("it saves"));
    if (!all) return false;
    if (pass_.state_hash != facts.state_hash)
        return refused("state hash " + journal::to_hex(facts.state_hash) + " was saved, " +
                       journal::to_hex(pass_.state_hash) +
                       " is loaded: snapshot() does not load what it saves, or a state has "
                       "changed without another snapshot_version");
    if (StateHash* carried = fold_.machine().carried_hash(); carried != nullptr)
        carried->begin(pass_.state_hash, facts.tail.sequence);
    fold_.agreed_ = facts.tail.position;
    fold_.agreed_at_ = facts.tail.sequence;
    fold_.stand_at(facts.from());
    fold_.end_ = facts.tail.position;
    fold_.records_ = facts.records;
    fold_.events_ = facts.events;
    fold_.epochs_ = facts.epochs;
    return true;
}

void LoadBody::load_session() {
    fold_.parts_->sessions.load_next(archive_);
    std::string name(archive_.count(0), '\0');
    archive_.bytes(name.data(), name.size());
    if (!archive_.failed()) fold_.parts_->names.push_back(std::move(name));
}

}  // namespace pawl::detail
