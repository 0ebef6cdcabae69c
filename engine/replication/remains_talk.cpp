// Speaks, listens, ends.
#include "engine/replication/remains_talk.hpp"

#include <string>
#include <utility>

namespace pawl::replication {

RemainsTalk::RemainsTalk(std::unique_ptr<Link> link, const TalkOptions& options, Remains mine)
    : talk_(std::move(link), options), mine_(std::move(mine)) {}

std::size_t RemainsTalk::do_work(std::int64_t now_ns) {
    std::size_t work = talk_.begin_work(now_ns);
    if (is_over()) return work;
    if (!told_) told_ = talk_.send(mine_);
    if (const auto frame = talk_.next()) {
        ++work;
        Remains theirs;
        if (heard_ || frame->type != MessageType::remains || !decode(frame->payload, theirs)) {
            talk_.finish(TalkEnd::faulty, std::string("'") + to_string(frame->type) +
                                              "' from a node that may have lost something");
            return work;
        }
        heard_ = true;
        theirs_ = std::move(theirs);
    }
    work += talk_.end_work({});
    if (told_ && heard_) talk_.finish(TalkEnd::done, "both have said what they have left");
    return work;
}

}  // namespace pawl::replication
