// Asks the system's resolver, and keeps what it says.
#include "engine/replication/tcp_names.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

namespace pawl::replication {
namespace {

using boost::asio::ip::tcp;

// A machine that moved is found again soon; a resolver is not asked at every call.
constexpr std::chrono::seconds good_for{30};
constexpr std::chrono::seconds bad_for{1};

}  // namespace

TcpNames::Answer TcpNames::look_up(const TcpPlace& place) {
    std::shared_ptr<Name>& name = names_[{place.host, place.port}];
    if (name == nullptr) name = std::make_shared<Name>();
    if (!name->asking && Clock::now() >= name->due) ask(place, name);
    if (!name->found.empty()) return {true, name->found[name->turn % name->found.size()], {}};
    return {name->answered && !name->asking, {}, name->problem};
}

void TcpNames::was_in_vain(const TcpPlace& place) {
    const auto known = names_.find({place.host, place.port});
    if (known == names_.end()) return;
    ++known->second->turn;
    known->second->due = std::max(Clock::now(), known->second->asked + bad_for);
}

void TcpNames::ask(const TcpPlace& place, const std::shared_ptr<Name>& name) {
    name->asking = true;
    name->asked = Clock::now();
    resolver_.async_resolve(
        place.host, std::to_string(place.port), tcp::resolver::numeric_service,
        [name](const boost::system::error_code& problem, const tcp::resolver::results_type& all) {
            name->asking = false;
            name->answered = true;
            name->problem = problem;
            name->due = Clock::now() + (problem ? bad_for : good_for);
            if (problem) return;
            name->found.clear();
            for (const auto& one : all) name->found.push_back(one.endpoint());
            if (name->found.empty()) name->problem = boost::asio::error::host_not_found;
        });
}

}  // namespace pawl::replication
