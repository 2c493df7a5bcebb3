// Damaged, foreign, newer and hostile cache files: found out or harmless, and never a crash.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstring>
#include <functional>
#include <random>
#include <utility>

#include "model.h"
#include "nearsight/kernels.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 5, Element::kF32, Metric::kCosine},
                                    {"labels", 3, Element::kF16, Metric::kDot}};
const Term kTerm = {"picture", {1, 2, 3, 4, 5}};

struct Answer {
  std::vector<RowId> ids;
  std::vector<RowId> found;
  std::vector<double> scores;
  bool operator==(const Answer&) const = default;
};

// A sealed cache of 70 rows with one erased, and what it answers.
struct Sealed {
  Scratch scratch;
  Answer answer;

  Sealed() {
    std::mt19937 random(30);
    const auto index = open_index(scratch.path(), kFields);
    for (RowId id = 1; id <= 70; ++id) {
      REQUIRE(append(*index, id, random_vectors(kFields, random)).is_ok());
    }
    REQUIRE(index->commit(8).is_ok());
    REQUIRE(index->seal().is_ok());
    const RowId gone = 33;
    REQUIRE(index->erase({&gone, 1}).is_ok());
    REQUIRE(index->commit(9).is_ok());
    REQUIRE(index->seal().is_ok());
    answer = ask(*index).value();
  }

  static Result<Answer> ask(const Index& index) {
    const auto snapshot = index.snapshot();
    auto ids = snapshot->ids();
    if (!ids.is_ok()) return ids.status();
    auto rows = snapshot->search(only(kTerm), 100);
    if (!rows.is_ok()) return rows.status();
    Answer answer{ids.value(), {}, {}};
    for (const ScoredRow& row : rows.value()) {
      answer.found.push_back(row.id);
      answer.scores.push_back(row.score);
    }
    return answer;
  }

  // Opens what is there now. Whatever it is, it is used as it was written or it is found out.
  bool is_found_out() const {
    const auto index = open_index(scratch.path(), kFields);
    if (!index->dropped_because().empty()) {
      REQUIRE(index->generation() == 0);
      REQUIRE(index->snapshot()->size() == 0);
      return true;
    }
    const auto now = ask(*index);
    if (now.is_ok()) REQUIRE(now.value() == answer);
    if (!now.is_ok()) REQUIRE(now.status().code() == StatusCode::kCorruption);
    const Status status = index->snapshot()->verify();
    if (!now.is_ok()) REQUIRE_FALSE(status.is_ok());
    if (!status.is_ok()) REQUIRE(status.message().find("rows-1.seg") != std::string_view::npos);
    return !status.is_ok();
  }

  std::string dropped_because(const TruthId& truth = kTruth) const {
    return open_index(scratch.path(), kFields, truth)->dropped_because();
  }
};

TEST_CASE("a flipped bit is found out at every byte of every file") {
  const Sealed sealed;
  for (const std::string name : {"manifest", "rows-1.seg"}) {
    const std::string path = sealed.scratch.file(name);
    const std::string good = read_file(path);
    REQUIRE(good.size() > 100);
    for (size_t at = 0; at < good.size(); ++at) {
      CAPTURE(name);
      CAPTURE(at);
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1 << at % 8);
      write_file(path, bad);
      REQUIRE(sealed.is_found_out());
    }
    write_file(path, good);
    REQUIRE_FALSE(sealed.is_found_out());
  }
}

TEST_CASE("a file that ends early, or late, is found out at every length") {
  const Sealed sealed;
  for (const std::string name : {"manifest", "rows-1.seg"}) {
    const std::string path = sealed.scratch.file(name);
    const std::string good = read_file(path);
    for (size_t size = 0; size < good.size(); size += size < 300 ? 1 : 61) {
      CAPTURE(name);
      CAPTURE(size);
      write_file(path, good.substr(0, size));
      REQUIRE(sealed.is_found_out());
    }
    write_file(path, good + '\0');
    REQUIRE(sealed.is_found_out());
    write_file(path, good);
  }
}

TEST_CASE("a missing segment is found out; a missing manifest is no cache") {
  const Sealed sealed;
  std::filesystem::rename(sealed.scratch.file("rows-1.seg"), sealed.scratch.file("away"));
  CHECK(sealed.dropped_because().find("rows-1.seg") != std::string::npos);
  std::filesystem::remove(sealed.scratch.file("manifest"));
  CHECK(sealed.dropped_because() == "");
}

TEST_CASE("what is no file is not a segment: a folder, a pipe, a device, a link to nowhere") {
  const Sealed sealed;
  const std::string path = sealed.scratch.file("rows-1.seg");
  const auto is_found_out = [&] {
    const bool found_out = sealed.dropped_because().find("rows-1.seg") != std::string::npos;
    std::filesystem::remove(path);
    return found_out;
  };
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(is_found_out());
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(is_found_out());
  std::filesystem::create_symlink("/dev/zero", path);
  CHECK(is_found_out());
  std::filesystem::create_symlink("nowhere", path);
  CHECK(is_found_out());
}

TEST_CASE("a segment of another cache with the same number of rows is found out") {
  const Sealed sealed;
  std::mt19937 random(31);
  const Scratch other;
  const auto index = open_index(other.path(), kFields);
  for (RowId id = 1; id <= 70; ++id) {
    REQUIRE(append(*index, id, random_vectors(kFields, random)).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  REQUIRE(index->seal().is_ok());
  write_file(sealed.scratch.file("rows-1.seg"), read_file(other.file("rows-1.seg")));
  CHECK(sealed.is_found_out());
}

TEST_CASE("damage is told with file, block and cure") {
  const Sealed sealed;
  const std::string path = sealed.scratch.file("rows-1.seg");
  std::string bytes = read_file(path);
  bytes[4096] = static_cast<char>(bytes[4096] ^ 1);
  write_file(path, bytes);
  const auto found = open_index(sealed.scratch.path(), kFields)->snapshot()->search(only(kTerm), 1);
  REQUIRE(found.status().code() == StatusCode::kCorruption);
  CHECK(found.status().message() ==
        "cache file '" + path +
            "' is damaged (block 0): delete the cache, it is rebuilt from the database");
}

TEST_CASE("another truth and other fields set the cache aside, and say so") {
  const Sealed sealed;
  TruthId other = kTruth;
  other[15] = 99;
  CHECK(sealed.dropped_because(other) == "the cache was derived from another database");
  for (Field changed : {Field{"picture", 6, Element::kF32, Metric::kCosine},
                        Field{"image", 5, Element::kF32, Metric::kCosine},
                        Field{"picture", 5, Element::kF16, Metric::kCosine},
                        Field{"picture", 5, Element::kF32, Metric::kDot}}) {
    const auto index = open_index(sealed.scratch.path(), {changed, kFields[1]});
    CHECK(index->dropped_because().find("other vector fields") != std::string::npos);
  }
  CHECK(open_index(sealed.scratch.path(), {kFields[0]})->dropped_because() != "");
  CHECK(sealed.dropped_because() == "");  // opening with others changed nothing
}

TEST_CASE("a newer format is called newer, not damaged") {
  const Sealed sealed;
  const std::string path = sealed.scratch.file("manifest");
  std::string bytes = read_file(path);
  bytes[8] = 2;
  write_file(path, bytes + "whatever a later version adds");
  CHECK(sealed.dropped_because().find("format version 2") != std::string::npos);
  CHECK(sealed.dropped_because().find("newer nearsight") != std::string::npos);
  CHECK(sealed.dropped_because().find("damaged") == std::string::npos);
}

TEST_CASE("a cache that was set aside is replaced by the next seal") {
  const Sealed sealed;
  write_file(sealed.scratch.file("manifest"), "not a manifest");
  std::mt19937 random(32);
  Model model(kFields);
  {
    const auto index = open_index(sealed.scratch.path(), kFields);
    CHECK(index->dropped_because().find("damaged") != std::string::npos);
    model.rows[1] = random_vectors(kFields, random);
    REQUIRE(append(*index, 1, model.rows[1]).is_ok());
    REQUIRE(index->commit(1).is_ok());
    REQUIRE(index->seal().is_ok());
  }
  CHECK(sealed.dropped_because() == "");
  check_same(*open_index(sealed.scratch.path(), kFields), model, kFields, random);
  CHECK_FALSE(std::filesystem::exists(sealed.scratch.file("rows-1.seg")));
}

// A disk on which another process seals between our reading the manifest and its segment.
class BusyDirectory final : public Directory {
 public:
  BusyDirectory(std::shared_ptr<Directory> disk, std::function<void()> seal)
      : disk_(std::move(disk)), seal_(std::move(seal)) {}

  const std::string& path() const override { return disk_->path(); }
  Result<std::vector<std::string>> list() const override { return disk_->list(); }
  Result<std::unique_ptr<MappedFile>> map(const std::string& name) const override {
    if (name != "manifest" && seal_) std::exchange(seal_, nullptr)();
    return disk_->map(name);
  }
  Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
    return disk_->create(name);
  }
  Result<std::unique_ptr<Draft>> draft(const std::string& name, size_t size) override {
    return disk_->draft(name, size);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return disk_->rename(from, to);
  }
  Status remove(const std::string& name) override { return disk_->remove(name); }

 private:
  std::shared_ptr<Directory> disk_;
  mutable std::function<void()> seal_;
};

TEST_CASE("a cache that another process replaces while it is opened is opened as it is then") {
  const Sealed sealed;
  const auto writer = open_index(sealed.scratch.path(), kFields);
  const auto seal = [&] {
    std::mt19937 random(34);
    for (RowId id = 71; id <= 200; ++id) {
      REQUIRE(append(*writer, id, random_vectors(kFields, random)).is_ok());
    }
    REQUIRE(writer->commit(10).is_ok());
    REQUIRE(writer->seal().is_ok());
    REQUIRE_FALSE(std::filesystem::exists(sealed.scratch.file("rows-1.seg")));
  };
  auto busy = std::make_shared<BusyDirectory>(open_directory(sealed.scratch.path()).value(), seal);
  const auto index = Index::open_in(busy, kTruth, kFields);
  REQUIRE(index.is_ok());
  CHECK(index.value()->dropped_because() == "");
  CHECK(index.value()->generation() == 10);
  CHECK(index.value()->snapshot()->size() == 199);
}

// Sets 1, 2, 4 or 8 bytes anywhere, to values that overflow and to others.
void scribble(std::string& bytes, std::mt19937& random) {
  const uint64_t values[] = {0,
                             1,
                             63,
                             64,
                             0xff,
                             0x7fffffff,
                             0xffffffff,
                             uint64_t{1} << 40,
                             uint64_t{1} << 58,
                             ~uint64_t{0},
                             random()};
  const uint64_t value = values[random() % std::size(values)];
  const size_t width = size_t{1} << random() % 4;
  std::memcpy(bytes.data() + random() % (bytes.size() - width), &value, width);
}

TEST_CASE("a hostile manifest with a good checksum can't make opening or searching crash") {
  const Sealed sealed;
  std::mt19937 random(33);
  const std::string path = sealed.scratch.file("manifest");
  const std::string good = read_file(path);
  size_t opened = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bad = good.substr(0, good.size() - 4);
    for (uint32_t i = 0; i <= random() % 3; ++i) scribble(bad, random);
    if (random() % 10 == 0) bad.resize(random() % bad.size());
    const uint32_t crc = available_kernels()[0]->crc32c(0, bad.data(), bad.size());
    write_file(path, bad + std::string(reinterpret_cast<const char*>(&crc), 4));
    const auto index = open_index(sealed.scratch.path(), kFields);
    opened += index->dropped_because().empty();
    (void)index->snapshot()->search(only(kTerm), 100);
    (void)index->snapshot()->ids();
    (void)index->snapshot()->verify();
  }
  CHECK(opened > 100);  // the checksum was right: some of these were believed
}

}  // namespace
}  // namespace nearsight::test
