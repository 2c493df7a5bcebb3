#include "nearsight/graph.h"

#include <algorithm>
#include <cstring>

#include "nearsight/guard.h"
#include "nearsight/kernels.h"
#include "parts.h"
#include "walk.h"

namespace nearsight {
namespace {

// What rounding to f16 can change in a score of unit vectors.
constexpr float kRounding = 0x1p-11f;
// Scoring rows in their order costs so much of scoring them as links lead to them.
constexpr float kInOrder = 0.5f;

Status damaged(const std::string& path, const std::string& what) {
  return Status::corruption("file '" + path + "' is damaged (" + what + ")");
}

// What the header says has to be possible before anything is sized by it.
Status check_header(const GraphHeader& header, const std::string& path, const TruthId& owner,
                    uint32_t dim, size_t file_bytes) {
  if (header.owner != owner) return damaged(path, "it belongs to another index");
  if (header.dim != dim) return damaged(path, "it has another dim");
  const bool is_sane = header.rows >= 1 && header.rows <= kMaxLinkedRows &&
                       header.upper_lists <= header.rows * kLevels && header.entry < header.rows &&
                       header.levels <= kLevels &&
                       header.last_row - header.first_row <= UINT32_MAX &&
                       header.last_row - header.first_row >= header.rows - 1;
  if (!is_sane) return damaged(path, "header");
  const GraphLayout layout(header.dim, header.rows, header.upper_lists);
  return layout.size == file_bytes ? Status::ok() : damaged(path, "wrong size");
}

}  // namespace

Graph::Graph(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Graph::~Graph() = default;

Result<std::shared_ptr<const Graph>> Graph::open(const Directory& directory,
                                                 const std::string& name, const TruthId& owner,
                                                 uint32_t dim) {
  const auto kernels = chosen_code_kernels();
  if (!kernels.is_ok()) return kernels.status();
  auto file = directory.map(name);
  if (!file.is_ok()) return file.status();
  const std::string path = directory.path() + "/" + name;
  const std::span<const std::byte> bytes = file.value()->bytes();
  if (bytes.size() < kGraphPage) return damaged(path, "cut short");
  GraphHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kGraphMagic.data(), sizeof header.magic) != 0) {
    return damaged(path, "not a graph file");
  }
  if (header.version > kGraphVersion) {
    return Status::unsupported("file '" + path + "' was written by a newer nearsight");
  }
  uint32_t page_crc;
  std::memcpy(&page_crc, bytes.data() + kGraphPage - sizeof page_crc, sizeof page_crc);
  const auto crc32c = chosen_kernels().value()->crc32c;
  if (crc32c(0, bytes.data(), kGraphPage - sizeof page_crc) != page_crc) {
    return damaged(path, "header page");
  }
  Status status = check_header(header, path, owner, dim, bytes.size());
  if (!status.is_ok()) return status;
  auto parts =
      std::make_unique<Parts>(std::move(file.value()), path, header, *kernels.value(), crc32c);
  return std::shared_ptr<const Graph>(new Graph(std::move(parts)));
}

size_t Graph::size() const { return parts_->header.rows; }
RowId Graph::first_row() const { return parts_->header.first_row; }
RowId Graph::last_row() const { return parts_->header.last_row; }
size_t Graph::file_bytes() const { return parts_->bytes.size(); }
Status Graph::verify() const { return parts_->bytes.verify(); }

Result<RowMask> Graph::allow(const RowMask& rows) const {
  return guarded([&]() -> Result<RowMask> {
    if (Status status = parts_->check_ids(0, size()); !status.is_ok()) return status;
    RowMask places(size());
    for (uint32_t place = 0; place < size(); ++place) {
      const uint32_t offset = parts_->offset_of(place);
      if (offset < rows.size() && rows.test(offset)) places.set(place);
    }
    return places;
  });
}

namespace {

// What a question restricts itself to.
class Asked final : public Countable {
 public:
  Asked(const GraphQuestion& question, const uint32_t* offsets)
      : allowed_(question.allowed), erased_(question.erased), offsets_(offsets) {}

  bool is_all() const { return allowed_ == nullptr && erased_ == nullptr; }
  bool operator()(uint32_t place) const override {
    if (allowed_ != nullptr && !allowed_->test(place)) return false;
    if (erased_ == nullptr) return true;
    return offsets_[place] < erased_->size() && !erased_->test(offsets_[place]);
  }

 private:
  const RowMask* allowed_;
  const RowMask* erased_;
  const uint32_t* offsets_;
};

}  // namespace

Result<GraphAnswer> Graph::search(const GraphQuestion& question) const {
  return guarded([&]() -> Result<GraphAnswer> {
    const Parts& parts = *parts_;
    if (Status status = parts.check_ids(0, size()); !status.is_ok()) return status;
    const Asked asked(question, reinterpret_cast<const uint32_t*>(parts.bytes.data() +
                                                                  parts.view.layout.row_ids));
    Walk walk(parts.view, parts.kernels, question.query, asked.is_all() ? nullptr : &asked);
    const size_t rows = question.allowed == nullptr ? size() : question.allowed->count();
    std::vector<Walk::Near> best;
    float recall = 1;
    bool is_found = false;
    // First as a query like the rows; one that turns out not to be is asked again, more broadly.
    for (const QueryKind kind : {kLike, kUnlike}) {
      const Effort effort = effort_for(parts.header.calibration, kind, question.k, question.recall);
      const float share = static_cast<float>(rows) / static_cast<float>(size());
      const float in_order = kInOrder * static_cast<float>(rows);
      if (effort.breadth == 0 || !(effort.scored < in_order * share)) break;
      Status status = walk.find(effort.breadth, rows);
      if (!status.is_ok()) return status;
      if (walk.gave_up()) break;
      auto found = walk.take_best_with_twins(question.k, kRounding);
      if (!found.is_ok()) return found.status();
      best = std::move(found.value());
      recall = effort.recall;
      is_found = best.size() >= std::min(question.k, rows);
      if (!is_found || best.front().score >= parts.header.calibration.alike) break;
    }
    if (!is_found) {
      Status status = walk.scan(std::min(question.k, rows), question.allowed);
      if (!status.is_ok()) return status;
      best = walk.take_best();
      recall = 1;
    }
    GraphAnswer answer{{}, recall, walk.scored()};
    for (size_t i = 0; i < best.size(); ++i) {
      if (i >= question.k && best[i].score < best[question.k - 1].score - kRounding) break;
      answer.rows.push_back({first_row() + parts.offset_of(best[i].place), best[i].score});
    }
    return answer;
  });
}

}  // namespace nearsight
