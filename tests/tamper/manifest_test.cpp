// The manifest: every bit flipped, cut at every byte, exchanged, older than the segments. It is
// refused by name and nothing is changed, or nothing is missing.
#include "oracle.hpp"
#include "settings.hpp"

namespace pawl::journal::testing {
namespace {

class ManifestFile : public ::testing::Test {
protected:
    Bytes& manifest() { return image_.files.at("dir/manifest"); }
    static std::string text(const Bytes& bytes) {
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void is_refused(const std::string& what) {
        const auto parsed = parse_manifest(text(manifest()), "dir/manifest");
        ASSERT_FALSE(parsed.ok()) << what << ": nobody noticed";
        ASSERT_NE(parsed.error().sentence.find("dir/manifest"), std::string::npos)
            << parsed.error().sentence;
        if (++refusals_ % (37 * slowness) != 0) return;
        const std::string refusal = live_on(image_, options_);
        ASSERT_NE(refusal.find("dir/manifest"), std::string::npos) << what << ": " << refusal;
    }

    const ImageOptions options_{.shards = 2, .segments = 2, .seed = settings().seed + 40};
    Image image_ = make_image(options_);
    std::uint64_t refusals_ = 0;
};

TEST_F(ManifestFile, any_flipped_bit_is_refused) {
    for (std::uint64_t bit = 0; bit < manifest().size() * 8; ++bit) {
        const Flip flip(manifest(), bit);
        is_refused("byte " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8));
        if (HasFatalFailure()) return;
    }
}

TEST_F(ManifestFile, one_that_is_cut_short_anywhere_is_refused) {
    const Bytes whole = manifest();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        manifest().resize(size);
        is_refused("cut at " + std::to_string(size));
        if (HasFatalFailure()) return;
        manifest() = whole;
    }
}

TEST_F(ManifestFile, one_that_goes_on_behind_its_end_is_refused) {
    const Bytes whole = manifest();
    for (unsigned extra = 0; extra < 256; ++extra) {
        manifest().push_back(static_cast<std::byte>(extra));
        is_refused("one more byte: " + std::to_string(extra));
        if (HasFatalFailure()) return;
        manifest() = whole;
    }
    manifest().insert(manifest().end(), whole.begin(), whole.end());
    is_refused("doubled");
}

TEST_F(ManifestFile, a_missing_one_is_never_replaced_by_a_new_one) {
    image_.files.erase("dir/manifest");
    EXPECT_NE(live_on(image_, options_).find("no manifest"), std::string::npos);
}

TEST_F(ManifestFile, one_of_a_twin_directory_owns_no_segment_here) {
    ImageOptions twin_options = options_;
    twin_options.identity_seed = 77;
    manifest() = make_image(twin_options).files.at("dir/manifest");
    EXPECT_NE(live_on(image_, options_).find("another directory"), std::string::npos);
}

// Somebody restored this one file from an older copy.
TEST_F(ManifestFile, any_older_one_is_refused_or_nothing_is_missing) {
    ASSERT_EQ(image_.manifests.size(), 5U);
    for (const auto end : {End::in_order, End::power_lost}) {
        ImageOptions options = options_;
        options.end = end;
        Image image = make_image(options);
        for (const Bytes& older : image.manifests) {
            image.files.at("dir/manifest") = older;
            image.manifest = parse_manifest(text(older), "dir/manifest").value();
            Recovery recovery(image);
            for (std::uint32_t shard = 0; shard < image.shards(); ++shard) {
                const Aftermath aftermath = recovery.recover(shard);
                EXPECT_FALSE(aftermath.foreign);
                EXPECT_TRUE(aftermath.refused || aftermath.records == image.written[shard].size())
                    << text(older);
            }
        }
    }
}

}  // namespace
}  // namespace pawl::journal::testing
