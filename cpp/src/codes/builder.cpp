// A codes file in the making: learn the lists, give every row to one, then write rows where they
// go.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "nearsight/crew.h"
#include "nearsight/kernels.h"
#include "noise.h"
#include "parts.h"
#include "training.h"

namespace nearsight {
namespace {

constexpr size_t kPieceRows = 1024;
constexpr uint64_t kSeed = 0x6e656172;
constexpr float kTrained = 0.4f, kAssigned = 0.7f, kWritten = 0.97f;  // shares of the time

template <class T>
T* in(std::span<std::byte> bytes, uint64_t offset) {
  return reinterpret_cast<T*>(bytes.data() + offset);
}

}  // namespace

class Builder {
 public:
  Builder(const RowSource& rows, const Codes::Plan& plan, const CodeKernels& kernels,
          Progress& progress)
      : rows_(rows),
        plan_(plan),
        kernels_(kernels),
        progress_(progress),
        rotation_(plan.dim, kSeed, kernels),
        wide_(rotation_.rotated_dim()),
        lists_(plan.model != nullptr ? plan.model->lists() : lists_for(rows.size())),
        coarse_(lists_, wide_, kernels),
        list_of_(rows.size()) {}

  Status run() {
    Status status = plan_.model != nullptr ? take_over() : learn();
    if (status.is_ok()) status = assign();
    if (status.is_ok()) status = lay_out();
    if (status.is_ok()) status = write_rows();
    if (status.is_ok()) finish();
    return status;
  }

  const CodesHeader& header() const { return header_; }
  std::unique_ptr<MappedFile> seal() { return draft_->seal(); }

 private:
  struct Buffers {
    Buffers(size_t dim, size_t wide)
        : ids(kPieceRows), rows(kPieceRows * dim), rotated(wide), centroid(wide), scratch(wide) {}
    std::vector<RowId> ids;
    std::vector<float> rows, rotated, centroid;
    Coarse::Scratch scratch;
  };
  size_t pieces() const { return (rows_.size() + kPieceRows - 1) / kPieceRows; }
  template <class Take>
  Status each_row(float from, float to, Take take);
  Status take_over();
  Status learn();
  Status assign();
  Status lay_out();
  Status write_rows();
  void write_row(size_t row, RowId id, const float* numbers, Buffers& buffers);
  void finish();

  const RowSource& rows_;
  const Codes::Plan& plan_;
  const CodeKernels& kernels_;
  Progress& progress_;
  Rotation rotation_;
  size_t wide_, lists_;
  Coarse coarse_;
  std::vector<uint32_t> list_of_;   // of each row
  std::vector<uint32_t> place_of_;  // of each row within its list
  std::vector<ListEntry> entries_;
  std::vector<std::vector<CodeFacts>> facts_;
  CodesHeader header_{};
  std::unique_ptr<Draft> draft_;
};

// Hands take(row number, id, numbers, buffers) every row, in pieces, on all threads.
template <class Take>
Status Builder::each_row(float from, float to, Take take) {
  std::vector<std::optional<Buffers>> of_worker(plan_.threads);
  return share_out(pieces(), plan_.threads, progress_, from, to,
                   [&](size_t piece, size_t worker) -> Status {
                     auto& own = of_worker[worker];
                     if (!own) own.emplace(plan_.dim, wide_);
                     const size_t begin = piece * kPieceRows;
                     const size_t count = std::min(kPieceRows, rows_.size() - begin);
                     Status status = rows_.read(begin, count, own->ids.data(), own->rows.data());
                     for (size_t i = 0; status.is_ok() && i < count; ++i)
                       take(begin + i, own->ids[i], own->rows.data() + i * plan_.dim, *own);
                     return status;
                   });
}

Status Builder::take_over() {
  const Codes::Parts& parts = *plan_.model->parts_;
  if (Status status = parts.check_coarse(); !status.is_ok()) return status;
  coarse_.set(
      {parts.at<float>(parts.layout.mean), parts.coarse(), parts.centroid(0), lists_, wide_});
  return Status::ok();
}

Status Builder::learn() {
  const size_t wanted = std::min(rows_.size(), std::max<size_t>(1024, lists_ * kSamplesOfList));
  Sample sample{std::vector<float>(wanted * wide_), wanted};
  Noise noise(kSeed);
  std::vector<float> row(plan_.dim);
  for (size_t i = 0; i < wanted; ++i) {  // one row of each stretch
    const size_t begin = i * rows_.size() / wanted, end = (i + 1) * rows_.size() / wanted;
    RowId id;
    const size_t at = begin + noise.below(end - begin);
    if (Status status = rows_.read(at, 1, &id, row.data()); !status.is_ok()) return status;
    rotation_.apply(row.data(), sample.rows.data() + i * wide_);
  }
  return train(sample, kSeed, plan_.threads, kTrained, progress_, coarse_);
}

Status Builder::assign() {
  return each_row(kTrained, kAssigned,
                  [this](size_t row, RowId, const float* numbers, Buffers& own) {
                    rotation_.apply(numbers, own.rotated.data());
                    list_of_[row] = coarse_.nearest(own.rotated.data(), own.scratch);
                  });
}

Status Builder::lay_out() {
  std::vector<uint32_t> sizes(lists_);
  place_of_.resize(list_of_.size());
  for (size_t row = 0; row < list_of_.size(); ++row) place_of_[row] = sizes[list_of_[row]]++;
  entries_.resize(lists_ + 1);
  for (size_t list = 0; list < lists_; ++list) {
    entries_[list + 1].first_slot = entries_[list].first_slot + sizes[list];
    entries_[list + 1].first_block =
        entries_[list].first_block + (sizes[list] + kBlockRows - 1) / kBlockRows;
  }
  RowId ends[2];
  std::vector<float> row(plan_.dim);
  for (size_t i = 0; i < 2; ++i) {
    const size_t at = i == 0 ? 0 : rows_.size() - 1;
    if (Status status = rows_.read(at, 1, &ends[i], row.data()); !status.is_ok()) return status;
  }
  if (ends[1] - ends[0] >= kMaxCodedRows) {
    return Status::invalid_argument("row ids span more than 2^32: too many for one codes file");
  }
  std::memcpy(header_.magic, kCodesMagic.data(), sizeof header_.magic);
  header_.version = kCodesVersion;
  header_.dim = plan_.dim;
  header_.owner = plan_.owner;
  header_.rows = rows_.size();
  header_.blocks = entries_.back().first_block;
  header_.lists = lists_;
  header_.seed = kSeed;
  header_.first_row = ends[0];
  header_.last_row = ends[1];
  const CodesLayout layout(plan_.dim, header_.rows, header_.blocks, lists_);
  auto draft = plan_.directory != nullptr ? plan_.directory->draft(plan_.name, layout.size)
                                          : Draft::in_memory(layout.size);
  if (draft.is_ok()) draft_ = std::move(draft.value());
  return draft.status();
}

void Builder::write_row(size_t row, RowId id, const float* numbers, Buffers& own) {
  const CodesLayout layout(plan_.dim, header_.rows, header_.blocks, lists_);
  const std::span<std::byte> bytes = draft_->bytes();
  const ListEntry& entry = entries_[list_of_[row]];
  const uint64_t slot = entry.first_slot + place_of_[row];
  const uint64_t block = entry.first_block + place_of_[row] / kBlockRows;
  const size_t within = place_of_[row] % kBlockRows;
  rotation_.apply(numbers, own.rotated.data());
  kernels_.widen(coarse_.centroids().data() + list_of_[row] * wide_, wide_, own.centroid.data());
  for (size_t i = 0; i < wide_; ++i) own.rotated[i] -= own.centroid[i];
  const CodeFacts facts = encode(own.rotated.data(), wide_,
                                 in<uint8_t>(bytes, layout.codes) + block * 4 * wide_, within);
  in<float>(bytes, layout.factors)[block * kBlockRows + within] = facts.factor;
  in<uint32_t>(bytes, layout.row_ids)[slot] = static_cast<uint32_t>(id - header_.first_row);
  kernels_.narrow(numbers, plan_.dim,
                  in<uint16_t>(bytes, layout.vectors) + slot * layout.row_stride);
  facts_[list_of_[row]][place_of_[row]] = facts;
  const size_t stride = std::max<size_t>(1, header_.rows / kSpreadRows);
  if (row % stride != 0 || row / stride >= kSpreadRows || !(facts.length > 0)) return;
  for (size_t i = 0; i < wide_; ++i) own.rotated[i] /= facts.length;
  kernels_.narrow(own.rotated.data(), wide_,
                  in<uint16_t>(bytes, layout.spread) + row / stride * wide_);
}

// Two rows of one block share its bytes, but no byte: each row has a byte of each group.
Status Builder::write_rows() {
  facts_.resize(lists_);
  for (size_t list = 0; list < lists_; ++list)
    facts_[list].resize(entries_[list + 1].first_slot - entries_[list].first_slot);
  return each_row(kAssigned, kWritten,
                  [this](size_t row, RowId id, const float* numbers, Buffers& own) {
                    write_row(row, id, numbers, own);
                  });
}

void Builder::finish() {
  for (size_t list = 0; list < lists_; ++list) {
    float squares = 0, longest = 0, error = 0;
    for (const CodeFacts& facts : facts_[list]) {
      squares += facts.length * facts.length;
      longest = std::max(longest, facts.length);
      error = std::max(error, facts.error);
    }
    const auto rows = static_cast<float>(std::max<size_t>(1, facts_[list].size()));
    entries_[list].radius = (std::sqrt(squares / rows) + longest) / 2;
    entries_[list].error = error;
  }
  const CodesLayout layout(plan_.dim, header_.rows, header_.blocks, lists_);
  const std::span<std::byte> bytes = draft_->bytes();
  const auto put = [&](uint64_t offset, const auto& values) {
    std::memcpy(bytes.data() + offset, values.data(), values.size() * sizeof values[0]);
  };
  put(layout.mean, coarse_.mean());
  put(layout.entries, entries_);
  put(layout.coarse_factors, coarse_.factors());
  put(layout.coarse_codes, coarse_.codes());
  put(layout.centroids, coarse_.centroids());
  const auto crc32c = chosen_kernels().value()->crc32c;
  CheckedBytes::write_table(bytes.subspan(kCodesPage, layout.table - kCodesPage),
                            bytes.data() + layout.table, crc32c);
  header_.table_crc = crc32c(0, bytes.data() + layout.table, layout.size - layout.table);
  std::memcpy(bytes.data(), &header_, sizeof header_);
  const uint32_t page_crc = crc32c(0, bytes.data(), kCodesPage - sizeof(uint32_t));
  std::memcpy(bytes.data() + kCodesPage - sizeof page_crc, &page_crc, sizeof page_crc);
  progress_.reach(1);
}

Result<std::shared_ptr<const Codes>> Codes::build(const RowSource& rows, const Plan& plan,
                                                  Progress& progress) {
  const auto kernels = chosen_code_kernels();
  if (!kernels.is_ok()) return kernels.status();
  if (rows.size() == 0 || rows.size() > kMaxCodedRows || plan.dim == 0 || plan.dim > kMaxDim) {
    return Status::invalid_argument("codes take 1 to 2^32 rows of 1 to " + std::to_string(kMaxDim) +
                                    " numbers, not " + std::to_string(rows.size()) + " of " +
                                    std::to_string(plan.dim));
  }
  try {
    Builder builder(rows, plan, *kernels.value(), progress);
    if (Status status = builder.run(); !status.is_ok()) {
      if (plan.directory != nullptr) (void)plan.directory->remove(plan.name);
      return status;
    }
    auto parts = std::make_unique<Parts>(builder.seal(), plan.name, builder.header(),
                                         *kernels.value(), chosen_kernels().value()->crc32c);
    return std::shared_ptr<const Codes>(new Codes(std::move(parts)));
  } catch (const std::bad_alloc&) {
    if (plan.directory != nullptr) (void)plan.directory->remove(plan.name);
    return Status::out_of_memory("out of memory");
  }
}

}  // namespace nearsight
