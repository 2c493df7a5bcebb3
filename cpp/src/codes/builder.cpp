// A codes file in the making: place every row in a list, lay the lists out, copy what stays as it
// is and code the rest.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "material.h"
#include "measuring.h"
#include "nearsight/guard.h"
#include "nearsight/kernels.h"
#include "parts.h"
#include "placing.h"

namespace nearsight {
namespace {

constexpr float kPlaced = 0.7f, kCopied = 0.75f, kWritten = 0.9f,
                kMeasured = 0.97f;  // shares of the time
constexpr size_t kRemeasured = 10;  // where one in so many rows came or went since
constexpr size_t kSumsAtOnce = 64;  // blocks of a task of checksums

}  // namespace

class Builder {
 public:
  Builder(const RowSource& rows, const Codes::Plan& plan, const CodeKernels& kernels,
          Progress& progress)
      : plan_(plan),
        kernels_(kernels),
        progress_(progress),
        rotation_(plan.dim, kSeed, kernels),
        wide_(rotation_.rotated_dim()),
        material_(plan, rows, kernels),
        placing_(material_, plan, rotation_, kernels, progress) {}

  Status run() {
    Status status = placing_.run(kPlaced);
    if (status.is_ok()) status = lay_out();
    if (status.is_ok()) status = copy_lists();
    if (status.is_ok()) status = write_rows();
    if (status.is_ok()) write_spread();
    if (status.is_ok()) status = finish();
    return status;
  }

  const CodesHeader& header() const { return header_; }
  std::unique_ptr<MappedFile> seal() { return draft_->seal(); }

 private:
  void place_rows();
  Status find_ids();
  Status lay_out();
  Status copy_lists();
  Status copy_list(size_t list);
  void copy_row(size_t list, size_t slot);
  Status write_rows();
  void write_row(size_t row, RowId id, const float* numbers, RowBuffers& own);
  void sum_up(size_t list);
  void residual(size_t list, const float* numbers, RowBuffers& own) const;
  void write_spread();
  Status write_sums();
  Status take_reaches();
  Status finish();

  template <class T>
  T* at(uint64_t offset) const {
    return reinterpret_cast<T*>(draft_->bytes().data() + offset);
  }
  bool is_copied(size_t row) const { return place_of_[row] < copied_[placing_.list_of()[row]]; }
  const ListEntry& origin(size_t list) const {
    return material_.base()->entries()[placing_.origins()[list]];
  }

  const Codes::Plan& plan_;
  const CodeKernels& kernels_;
  Progress& progress_;
  Rotation rotation_;
  size_t wide_;
  Material material_;
  Placing placing_;
  std::vector<uint32_t> place_of_;  // of each row within its list
  std::vector<uint32_t> copied_;    // how many of each list's rows are copied: its first
  std::vector<ListEntry> entries_;
  std::vector<std::vector<CodeFacts>> facts_;  // of each list's other rows
  CodesHeader header_{};
  std::optional<CodesLayout> layout_;
  std::unique_ptr<Draft> draft_;
};

// Rows that stay in their list come first, so that its blocks can be copied as they are.
void Builder::place_rows() {
  const std::vector<uint32_t>& list_of = placing_.list_of();
  const size_t lists = placing_.lists();
  copied_.assign(lists, 0);
  place_of_.assign(list_of.size(), Placing::kNowhere);
  for (size_t list = 0; list < lists; ++list) {
    if (placing_.origins()[list] == Placing::kNowhere) continue;
    const ListEntry* const entry = &origin(list);
    for (size_t slot = entry->first_slot; slot < entry[1].first_slot; ++slot)
      if (list_of[slot] == list) place_of_[slot] = copied_[list]++;
  }
  std::vector<uint32_t> sizes = copied_;
  for (size_t row = 0; row < list_of.size(); ++row) {
    if (list_of[row] != Placing::kNowhere && place_of_[row] == Placing::kNowhere)
      place_of_[row] = sizes[list_of[row]]++;
  }
  entries_.resize(lists + 1);
  facts_.resize(lists);
  for (size_t list = 0; list < lists; ++list) {
    facts_[list].resize(sizes[list] - copied_[list]);
    entries_[list + 1].first_slot = entries_[list].first_slot + sizes[list];
    entries_[list + 1].first_block =
        entries_[list].first_block + (sizes[list] + kBlockRows - 1) / kBlockRows;
  }
}

// The lowest and the highest. The last row has the highest, unless nothing was added.
Status Builder::find_ids() {
  header_.first_row = ~RowId{0};
  const auto meet = [this](RowId id) {
    header_.first_row = std::min(header_.first_row, id);
    header_.last_row = std::max(header_.last_row, id);
  };
  for (size_t slot = 0; slot < material_.kept(); ++slot)
    if (placing_.list_of()[slot] != Placing::kNowhere) meet(material_.base()->row_id(slot));
  std::vector<float> row(plan_.dim);
  for (const size_t end : {material_.kept(), material_.size() - 1}) {
    if (end < material_.kept() || end >= material_.size()) continue;
    RowId id;
    if (Status status = material_.read(end, id, row.data()); !status.is_ok()) return status;
    meet(id);
  }
  if (header_.last_row - header_.first_row < kMaxCodedRows) return Status::ok();
  return Status::invalid_argument("row ids span more than 2^32: too many for one codes file");
}

Status Builder::lay_out() {
  place_rows();
  if (Status status = find_ids(); !status.is_ok()) return status;
  std::memcpy(header_.magic, kCodesMagic.data(), sizeof header_.magic);
  header_.version = kCodesVersion;
  header_.dim = plan_.dim;
  header_.owner = plan_.owner;
  header_.rows = entries_.back().first_slot;
  header_.blocks = entries_.back().first_block;
  header_.lists = placing_.lists();
  header_.seed = kSeed;
  layout_.emplace(plan_.dim, header_.rows, header_.blocks, header_.lists);
  auto draft = plan_.directory != nullptr ? plan_.directory->draft(plan_.name, layout_->size)
                                          : Draft::in_memory(layout_->size);
  if (draft.is_ok()) draft_ = std::move(draft.value());
  return draft.status();
}

Status Builder::copy_lists() {
  return run_tasks(
      placing_.lists(), plan_.threads, progress_, kPlaced, kCopied,
      [this](size_t, size_t list) { return copied_[list] > 0 ? copy_list(list) : Status::ok(); });
}

Status Builder::copy_list(size_t list) {
  const Codes::Parts& base = *material_.base();
  const ListEntry* const from = &origin(list);
  const size_t rows = from[1].first_slot - from->first_slot;
  const size_t blocks = from[1].first_block - from->first_block;
  if (Status status = base.check_list(*from, rows, blocks); !status.is_ok()) return status;
  for (size_t slot = from->first_slot; slot < from[1].first_slot; ++slot)
    if (placing_.list_of()[slot] == list) copy_row(list, slot);
  if (copied_[list] < rows) return Status::ok();
  const ListEntry& to = entries_[list];
  const CodeBlocks codes = base.blocks(from->first_block, blocks);
  std::memcpy(at<uint8_t>(layout_->codes) + to.first_block * 4 * wide_, codes.codes,
              blocks * 4 * wide_);
  std::memcpy(at<float>(layout_->factors) + to.first_block * kBlockRows, codes.factors,
              blocks * kBlockRows * sizeof(float));
  std::memcpy(at<uint16_t>(layout_->vectors) + to.first_slot * layout_->row_stride,
              base.vector(from->first_slot), rows * layout_->row_stride * 2);
  return Status::ok();
}

// All of it, where rows of its list are missing; else just the id, because the rest follows as one.
void Builder::copy_row(size_t list, size_t slot) {
  const Codes::Parts& base = *material_.base();
  const ListEntry* const from = &origin(list);
  const size_t place = place_of_[slot], to_slot = entries_[list].first_slot + place;
  at<uint32_t>(layout_->row_ids)[to_slot] =
      static_cast<uint32_t>(base.row_id(slot) - header_.first_row);
  if (copied_[list] == from[1].first_slot - from->first_slot) return;
  const size_t old_place = slot - from->first_slot;
  const CodeBlocks old = base.blocks(from->first_block + old_place / kBlockRows, 1);
  const size_t block = entries_[list].first_block + place / kBlockRows;
  uint8_t* const codes = at<uint8_t>(layout_->codes) + block * 4 * wide_ + place % kBlockRows;
  for (size_t group = 0; group < wide_ / 8; ++group)
    codes[group * kBlockRows] = old.codes[group * kBlockRows + old_place % kBlockRows];
  at<float>(layout_->factors)[block * kBlockRows + place % kBlockRows] =
      old.factors[old_place % kBlockRows];
  std::memcpy(at<uint16_t>(layout_->vectors) + to_slot * layout_->row_stride, base.vector(slot),
              layout_->row_stride * 2);
}

// Two rows of one block share its bytes, but no byte: each row has a byte of each group.
Status Builder::write_rows() {
  return material_.each(
      progress_, kCopied, kWritten,
      [this](size_t row) {
        return placing_.list_of()[row] != Placing::kNowhere && !is_copied(row);
      },
      [this](size_t row, RowId id, const float* numbers, RowBuffers& own) {
        write_row(row, id, numbers, own);
      });
}

void Builder::residual(size_t list, const float* numbers, RowBuffers& own) const {
  rotation_.apply(numbers, own.rotated.data());
  kernels_.widen(placing_.coarse().centroids().data() + list * wide_, wide_, own.residual.data());
  for (size_t i = 0; i < wide_; ++i) own.residual[i] = own.rotated[i] - own.residual[i];
}

void Builder::write_row(size_t row, RowId id, const float* numbers, RowBuffers& own) {
  const size_t list = placing_.list_of()[row], place = place_of_[row];
  const uint64_t slot = entries_[list].first_slot + place;
  const uint64_t block = entries_[list].first_block + place / kBlockRows;
  residual(list, numbers, own);
  const CodeFacts facts =
      encode(own.residual.data(), wide_, at<uint8_t>(layout_->codes) + block * 4 * wide_,
             place % kBlockRows);
  at<float>(layout_->factors)[block * kBlockRows + place % kBlockRows] = facts.factor;
  at<uint32_t>(layout_->row_ids)[slot] = static_cast<uint32_t>(id - header_.first_row);
  kernels_.narrow(numbers, plan_.dim, at<uint16_t>(layout_->vectors) + slot * layout_->row_stride);
  facts_[list][place - copied_[list]] = facts;
}

void Builder::sum_up(size_t list) {
  ListEntry& entry = entries_[list];
  float squares = 0;
  if (copied_[list] > 0) {
    const ListEntry& before = origin(list);
    entry.longest = before.longest;
    entry.error = before.error;
    entry.middle = before.middle;
    squares = before.middle * before.middle * static_cast<float>(copied_[list]);
  }
  if (facts_[list].empty()) return;
  for (const CodeFacts& facts : facts_[list]) {
    squares += facts.length * facts.length;
    entry.longest = std::max(entry.longest, facts.length);
    entry.error = std::max(entry.error, facts.error);
  }
  const size_t rows = copied_[list] + facts_[list].size();
  entry.middle = std::sqrt(squares / static_cast<float>(rows));
}

// Residuals of rows that lie evenly among all, as they are kept.
void Builder::write_spread() {
  RowBuffers own(1, plan_.dim, wide_);
  const size_t count = std::min<size_t>(kSpreadRows, header_.rows);
  for (size_t i = 0; i < count; ++i) {
    const size_t slot = i * header_.rows / count;
    const auto next =
        std::upper_bound(entries_.begin(), entries_.end() - 1, slot,
                         [](size_t at, const ListEntry& entry) { return at < entry.first_slot; });
    kernels_.widen(at<uint16_t>(layout_->vectors) + slot * layout_->row_stride, plan_.dim,
                   own.rows.data());
    residual(static_cast<size_t>(next - entries_.begin()) - 1, own.rows.data(), own);
    float squares = 0;
    for (const float number : own.residual) squares += number * number;
    if (!(squares > 1e-12f)) continue;
    for (float& number : own.residual) number /= std::sqrt(squares);
    kernels_.narrow(own.residual.data(), wide_, at<uint16_t>(layout_->spread) + i * wide_);
  }
}

Status Builder::write_sums() {
  const auto crc32c = chosen_kernels().value()->crc32c;
  const std::span<std::byte> bytes = draft_->bytes();
  const size_t data = layout_->table - kCodesPage, step = kSumsAtOnce * CheckedBytes::kBlockBytes;
  Status status = run_tasks(
      (data + step - 1) / step, plan_.threads, progress_, kMeasured, 1, [&](size_t, size_t task) {
        CheckedBytes::write_table(
            bytes.subspan(kCodesPage + task * step, std::min(step, data - task * step)),
            bytes.data() + layout_->table + task * kSumsAtOnce * sizeof(uint32_t), crc32c);
        return Status::ok();
      });
  header_.table_crc = crc32c(0, bytes.data() + layout_->table, layout_->size - layout_->table);
  return status;
}

// Looking at all rows would cost more than a small change does: what was measured holds on.
Status Builder::take_reaches() {
  const size_t came = material_.size() - material_.kept();
  const size_t went = material_.size() - header_.rows;
  if (const Codes::Parts* const base = material_.base(); base != nullptr) {
    header_.unmeasured = base->header.unmeasured + came + went;
    header_.reaches = base->header.reaches;
    if (header_.unmeasured <= header_.rows / kRemeasured) return Status::ok();
    header_.unmeasured = 0;
  }
  const CodedRows rows = {draft_->bytes().data(), header_, *layout_, rotation_, kernels_};
  return measure(rows, plan_.threads, progress_, kWritten, kMeasured, header_.reaches);
}

Status Builder::finish() {
  for (size_t list = 0; list < placing_.lists(); ++list) sum_up(list);
  const std::span<std::byte> bytes = draft_->bytes();
  const auto put = [&](uint64_t offset, const auto& values) {
    std::memcpy(bytes.data() + offset, values.data(), values.size() * sizeof values[0]);
  };
  const Coarse& coarse = placing_.coarse();
  put(layout_->mean, coarse.mean());
  put(layout_->entries, entries_);
  put(layout_->coarse_factors, coarse.factors());
  put(layout_->coarse_codes, coarse.codes());
  put(layout_->centroids, coarse.centroids());
  Status status = take_reaches();
  if (status.is_ok()) status = write_sums();
  if (!status.is_ok()) return status;
  std::memcpy(bytes.data(), &header_, sizeof header_);
  const uint32_t page_crc =
      chosen_kernels().value()->crc32c(0, bytes.data(), kCodesPage - sizeof(uint32_t));
  std::memcpy(bytes.data() + kCodesPage - sizeof page_crc, &page_crc, sizeof page_crc);
  return Status::ok();
}

Result<std::shared_ptr<const Codes>> Codes::build(const RowSource& rows, const Plan& plan,
                                                  Progress& progress) {
  const auto kernels = chosen_code_kernels();
  if (!kernels.is_ok()) return kernels.status();
  const size_t count = rows.size() + (plan.base == nullptr ? 0 : plan.base->size());
  if (count == 0 || count >= kMaxCodedRows || plan.dim == 0 || plan.dim > kMaxDim) {
    return Status::invalid_argument("codes take 1 to 2^32 rows of 1 to " + std::to_string(kMaxDim) +
                                    " numbers, not " + std::to_string(count) + " of " +
                                    std::to_string(plan.dim));
  }
  auto built = guarded([&]() -> Result<std::shared_ptr<const Codes>> {
    Builder builder(rows, plan, *kernels.value(), progress);
    if (Status status = builder.run(); !status.is_ok()) return status;
    return std::shared_ptr<const Codes>(
        new Codes(std::make_unique<Parts>(builder.seal(), plan.name, builder.header(),
                                          *kernels.value(), chosen_kernels().value()->crc32c)));
  });
  if (!built.is_ok() && plan.directory != nullptr) (void)plan.directory->remove(plan.name);
  return built;
}

}  // namespace nearsight
