// Notes of wanted changes: written, found, made true.
#include "journal/interrupted.hpp"

#include <span>
#include <utility>

namespace pawl::journal {
namespace {

std::string note_path(const std::string& directory, std::string_view name) {
    return directory + "/" + std::string(name);
}

// The wanted manifest; nothing when there is no such note.
Result<std::string> read_note(Storage& storage, const std::string& path) {
    std::string text;
    const auto status = read_whole(storage, path, text);
    if (status.fault == StorageFault::missing) return std::string{};
    if (!status.ok()) return storage_error(status, "read the note of a change", path);
    return text;
}

}  // namespace

Status begin_change(Storage& storage, const std::string& directory, std::string_view name,
                    const Manifest& wanted) {
    const std::string path = note_path(directory, name);
    const std::string unborn = path + ".new";
    const std::string text = print_manifest(wanted);
    static_cast<void>(storage.remove(unborn));
    std::unique_ptr<File> file;
    auto status = storage.open(unborn, OpenMode::create, file);
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    file.reset();
    if (status.ok()) status = storage.rename(unborn, path);
    if (status.ok()) status = storage.sync_directory(directory);
    if (!status.ok()) return storage_error(status, "write down the wanted change", path);
    return Done{};
}

Status end_change(Storage& storage, const std::string& directory, std::string_view name) {
    const std::string path = note_path(directory, name);
    auto status = storage.rename(path, manifest_path(directory));
    if (status.ok()) status = storage.sync_directory(directory);
    if (!status.ok()) return storage_error(status, "replace the manifest", path);
    return Done{};
}

Result<bool> finish_interrupted(Storage& storage, const std::string& directory) {
    using Step = Status (*)(Storage&, const std::string&, const Manifest&);
    const std::pair<std::string_view, Step> changes[] = {{adopting_name, &carry_out_adoption},
                                                         {cutting_name, &carry_out_cut}};
    bool any = false;
    for (const auto& [name, carry_out] : changes) {
        const std::string path = note_path(directory, name);
        auto text = read_note(storage, path);
        if (!text.ok()) return text.error();
        if (text->empty()) continue;
        auto wanted = parse_manifest(*text, path);
        if (!wanted.ok()) return wanted.error();
        if (auto status = carry_out(storage, directory, *wanted); !status.ok())
            return status.error();
        if (auto status = end_change(storage, directory, name); !status.ok()) return status.error();
        any = true;
    }
    return any;
}

Result<std::string> interrupted_change(Storage& storage, const std::string& directory) {
    for (const std::string_view name : {adopting_name, cutting_name}) {
        auto text = read_note(storage, note_path(directory, name));
        if (!text.ok()) return text.error();
        if (!text->empty()) return std::string(name);
    }
    return std::string{};
}

}  // namespace pawl::journal
