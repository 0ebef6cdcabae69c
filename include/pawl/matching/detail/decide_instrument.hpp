// What a book decides about its instrument: add, change, suspend, phases. Included by book.hpp.
#pragma once

#include "pawl/matching/book.hpp"

namespace pawl::matching {

template <class Ctx>
Verdict Book::decide(const AddInstrument& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    if (added_) return reject(Reason::instrument_exists);
    if (const Verdict no = check_terms(ask); !no.accepted()) return no;
    ctx.emit(InstrumentAdded{ask.price_min, ask.price_max, ask.quantity_max, ask.notional_max,
                             ask.reference, ask.collar, ask.tick, ask.lot, ask.orders_expected,
                             ask.mode, ask.phase, 0});
    return accept;
}

template <class Ctx>
Verdict Book::decide(const ChangeInstrument& ask, Ctx& ctx) const {
    if (!added_) return reject(Reason::unknown_instrument);
    const Verdict no = check_terms({.price_min = ask.price_min,
                                    .price_max = ask.price_max,
                                    .quantity_max = ask.quantity_max,
                                    .notional_max = ask.notional_max,
                                    .reference = ask.reference,
                                    .collar = ask.collar,
                                    .tick = ask.tick,
                                    .lot = ask.lot});
    if (!no.accepted()) return no;
    if ((ask.tick != terms_.tick || ask.lot != terms_.lot) && !queues_.empty())
        return reject(Reason::orders_open);
    ctx.emit(InstrumentChanged{ask.price_min, ask.price_max, ask.quantity_max, ask.notional_max,
                               ask.reference, ask.collar, ask.tick, ask.lot});
    return accept;
}

template <class Ctx>
Verdict Book::decide(const SuspendInstrument&, Ctx& ctx) const {
    if (!added_) return reject(Reason::unknown_instrument);
    if (suspended_) return reject(Reason::suspended);
    ctx.emit(InstrumentSuspended{});
    return accept;
}

template <class Ctx>
Verdict Book::decide(const ResumeInstrument&, Ctx& ctx) const {
    if (!added_) return reject(Reason::unknown_instrument);
    if (!suspended_) return reject(Reason::not_suspended);
    ctx.emit(InstrumentResumed{});
    return accept;
}

// A feed may be crossed whenever it likes; a book that matches must not be when it begins to.
template <class Ctx>
Verdict Book::decide(const SetPhase& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    if (!added_) return reject(Reason::unknown_instrument);
    if (ask.phase == Phase::continuous && terms_.mode == Mode::matching && crossed())
        return reject(Reason::book_crossed);
    ctx.emit(PhaseChanged{ask.phase});
    return accept;
}

}  // namespace pawl::matching
