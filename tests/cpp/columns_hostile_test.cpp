// Damaged, foreign, newer and hostile files of columns: found out or harmless, and never a crash.
#include <algorithm>
#include <array>
#include <cstring>

#include "columns_model.h"
#include "nearsight/kernels.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

constexpr std::array<size_t, 10> kElementBytes = {8, 8, 8, 4, 4, 16, 1, 16, 1, 4};
constexpr size_t kTableCrcAt = 48, kCountsAt = 52, kCountsBytes = 64;  // in a manifest of one part
constexpr size_t kHeaderCountsAt = 36;
constexpr size_t kPage = 4096, kBlock = 65536;

uint32_t crc_of(std::string_view bytes) {
  return available_kernels()[0]->crc32c(0, bytes.data(), bytes.size());
}

std::string encoded(uint32_t number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

// Everything that can be asked, and what the first failure was. All answers that came.
struct Asked {
  std::vector<std::vector<uint64_t>> answers;
  StatusCode code = StatusCode::kOk;

  template <class T>
  void note(const Result<std::vector<T>>& found) {
    if (found.is_ok()) answers.push_back(found.value());
    if (!found.is_ok()) code = found.status().code();
  }
  void note(const ColumnsSnapshot& now, const Result<DocSet>& found) {
    if (!found.is_ok()) code = found.status().code();
    if (found.is_ok()) note(now.docs(found.value()));
  }
};

Asked ask(const ColumnsSnapshot& now) {
  Asked asked;
  std::mt19937 random(7);
  for (const std::string& path : kPaths) {
    for (int i = 0; i < 4; ++i) asked.note(now, now.equal(path, random_value(random)));
    asked.note(now, now.between(path, Bound{whole_value(int64_t{-3})}, {}));
    asked.note(now, now.between(path, {}, Bound{text_value("b"), true}));
    asked.note(now, now.exists(path, true));
    asked.note(now, now.within(path, {10, 20}, 9000));
    asked.note(now, now.box(path, -50, 90, 60, -90));
    const std::vector<Place> corners = {{-60, -100}, {70, 0}, {-60, 100}};
    asked.note(now, now.polygon(path, corners));
  }
  const std::vector<uint64_t> ids = {0, 1, 5, 9, 17, 30, 33};
  asked.note(now, now.of_docs(ids));
  asked.note(now, now.of_rows(ids));
  asked.note(now, now.of_owners(ids));
  const DocSet all = now.all().value();
  asked.note(now, now.family(all));
  asked.note(now.rows(all));
  asked.note(now.owners(all));
  if (!all.has(17).is_ok()) asked.code = StatusCode::kCorruption;
  return asked;
}

// A sealed cache of one segment with one document erased, and what it answers.
struct Sealed {
  Scratch scratch;
  Asked asked;
  std::string manifest;
  std::string segment;

  Sealed() {
    std::mt19937 random(30);
    const auto columns = open_columns(scratch.path());
    for (DocId doc = 1; doc <= 40; ++doc) {
      REQUIRE(put(*columns, {{doc, random_known(random)}}).is_ok());
    }
    REQUIRE(columns->commit(8).is_ok());
    REQUIRE(columns->seal().is_ok());
    const DocId gone = 33;
    REQUIRE(columns->erase({&gone, 1}).is_ok());
    REQUIRE(columns->commit(9).is_ok());
    REQUIRE(columns->seal().is_ok());
    asked = ask(columns->snapshot());
    REQUIRE(asked.code == StatusCode::kOk);
    manifest = read_file(scratch.file("columns"));
    segment = read_file(scratch.file("facts-1.seg"));
  }

  // Opens what is there now. Whatever it is, it is used as it was written or it is found out.
  bool is_found_out() const {
    const auto columns = open_columns(scratch.path());
    if (!columns->dropped_because().empty()) {
      REQUIRE(columns->generation() == 0);
      REQUIRE(columns->snapshot().size() == 0);
      return true;
    }
    const Asked now = ask(columns->snapshot());
    if (now.code == StatusCode::kOk) REQUIRE(now.answers == asked.answers);
    if (now.code != StatusCode::kOk) REQUIRE(now.code == StatusCode::kCorruption);
    const Status status = columns->snapshot().verify();
    if (now.code != StatusCode::kOk) REQUIRE_FALSE(status.is_ok());
    if (!status.is_ok()) REQUIRE(status.message().find("facts-1.seg") != std::string_view::npos);
    return !status.is_ok();
  }

  // Writes these files with checksums that are right, and the segment as long as its counts say.
  void write(std::string manifest_bytes, std::string segment_bytes) const {
    std::array<uint64_t, 8> counts;
    std::memcpy(counts.data(), manifest_bytes.data() + kCountsAt, kCountsBytes);
    const auto [docs, owners, rows, columns, names, keys, key_bytes, postings] = counts;
    const std::array<uint64_t, 10> elements = {docs,    owners, rows, docs,      docs,
                                               columns, names,  keys, key_bytes, postings};
    uint64_t size = 0;
    for (size_t i = 0; i < elements.size(); ++i)
      size += (elements[i] * kElementBytes[i] + 7) / 8 * 8;
    std::string page = segment_bytes.substr(0, kPage - 4), data = segment_bytes.substr(kPage);
    if (size < 10 * kBlock) data.resize(size);
    std::memcpy(page.data() + kHeaderCountsAt, counts.data(), kCountsBytes);
    std::string table;
    for (size_t at = 0; at < data.size(); at += kBlock) {
      table += encoded(crc_of(std::string_view(data).substr(at, kBlock)));
    }
    write_file(scratch.file("facts-1.seg"), page + encoded(crc_of(page)) + data + table);
    manifest_bytes.replace(kTableCrcAt, 4, encoded(crc_of(table)));
    manifest_bytes.resize(manifest_bytes.size() - 4);
    write_file(scratch.file("columns"), manifest_bytes + encoded(crc_of(manifest_bytes)));
  }
};

TEST_CASE("a flipped bit of columns is found out at every byte of every file") {
  const Sealed sealed;
  for (const std::string name : {"columns", "facts-1.seg"}) {
    const std::string path = sealed.scratch.file(name);
    const std::string good = read_file(path);
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

TEST_CASE("a file of columns that ends early, or late, is found out at every length") {
  const Sealed sealed;
  for (const std::string name : {"columns", "facts-1.seg"}) {
    const std::string path = sealed.scratch.file(name);
    const std::string good = read_file(path);
    for (size_t size = 0; size < good.size(); size += size < 300 ? 1 : 37) {
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

TEST_CASE("columns that can't be used are set aside with a reason, and replaced by the next seal") {
  const Sealed sealed;
  const auto reason = [&](const TruthId& truth = kColumnsTruth) {
    return open_columns(sealed.scratch.path(), truth)->dropped_because();
  };
  TruthId other = kColumnsTruth;
  other[15] = 99;
  CHECK(reason(other) == "the cache was derived from another database");
  std::string newer = sealed.manifest;
  newer[8] = 2;
  write_file(sealed.scratch.file("columns"), newer + "more");
  CHECK(reason().find("newer nearsight") != std::string::npos);
  write_file(sealed.scratch.file("columns"), sealed.manifest);
  std::filesystem::remove(sealed.scratch.file("facts-1.seg"));
  CHECK(reason().find("facts-1.seg") != std::string::npos);
  const auto columns = open_columns(sealed.scratch.path());
  REQUIRE(put(*columns, {{1, {1, 1, {}}}}).is_ok());
  REQUIRE(columns->commit(1).is_ok());
  REQUIRE(columns->seal().is_ok());
  CHECK(reason() == "");
  CHECK(open_columns(sealed.scratch.path())->snapshot().size() == 1);
}

TEST_CASE("columns and an index share a directory without touching each other's files") {
  const Sealed sealed;
  write_file(sealed.scratch.file("manifest"), "of an index");
  write_file(sealed.scratch.file("rows-7.seg"), "of an index");
  const auto columns = open_columns(sealed.scratch.path());
  REQUIRE(put(*columns, {{100, {1, 1, {}}}}).is_ok());
  REQUIRE(columns->commit(10).is_ok());
  REQUIRE(columns->seal().is_ok());
  CHECK(read_file(sealed.scratch.file("rows-7.seg")) == "of an index");
  CHECK(read_file(sealed.scratch.file("manifest")) == "of an index");
}

// Sets 1, 2, 4 or 8 bytes from `begin` on, to values that overflow and to others.
void scribble(std::string& bytes, size_t begin, std::mt19937& random) {
  const uint64_t values[] = {0,
                             1,
                             63,
                             0xff,
                             0x7fffffff,
                             0xffffffff,
                             uint64_t{1} << 40,
                             uint64_t{1} << 61,
                             ~uint64_t{0},
                             random() % 100,
                             random()};
  const uint64_t value = values[random() % std::size(values)];
  const size_t width = size_t{1} << random() % 4;
  std::memcpy(bytes.data() + begin + random() % (bytes.size() - begin - width), &value, width);
}

// Asks everything, and makes the writer read it all too.
void use(const Sealed& sealed, size_t& opened, size_t& lied) {
  const auto columns = open_columns(sealed.scratch.path());
  opened += columns->dropped_because().empty();
  lied += ask(columns->snapshot()).code != StatusCode::kOk;
  std::mt19937 random(9);
  ColumnsModel coming;
  for (DocId doc = 1; doc <= 40; ++doc) coming[doc * 3] = random_known(random);
  if (!put(*columns, coming).is_ok()) return;
  REQUIRE(columns->commit(columns->generation()).is_ok());
  const Status status = columns->seal();
  if (!status.is_ok()) REQUIRE(status.code() == StatusCode::kCorruption);
  (void)ask(columns->snapshot());
}

TEST_CASE("a hostile manifest of columns with a good checksum can't crash anything") {
  const Sealed sealed;
  std::mt19937 random(33);
  size_t opened = 0, lied = 0;
  for (int round = 0; round < 700; ++round) {
    std::string bad = sealed.manifest;
    for (uint32_t i = 0; i <= random() % 2; ++i) scribble(bad, 28, random);
    sealed.write(bad, sealed.segment);
    use(sealed, opened, lied);
  }
  CHECK(opened > 100);
}

TEST_CASE("a hostile segment of columns with good checksums can't crash anything") {
  const Sealed sealed;
  std::mt19937 random(34);
  size_t opened = 0, lied = 0;
  const size_t data = kPage;
  for (int round = 0; round < 3000; ++round) {
    std::string bad = sealed.segment.substr(0, sealed.segment.size() - 4);  // one block: one CRC
    for (uint32_t i = 0; i <= random() % 3; ++i) scribble(bad, data, random);
    sealed.write(sealed.manifest, bad);
    use(sealed, opened, lied);
  }
  CHECK(opened == 3000);
  CHECK(lied > 500);  // what pointed outside was found out
}

}  // namespace
}  // namespace nearsight::test
