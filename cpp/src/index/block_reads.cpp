#include "block_reads.h"

namespace nearsight {
namespace {

Status read(const Block& block, std::span<const size_t> fields,
            Result<const std::byte*> (Part::*give)(size_t, size_t, Picks) const, FieldRows& found) {
  for (const size_t field : fields) {
    auto rows = (*block.part->part.*give)(field, block.row, scored(block));
    if (!rows.is_ok()) return rows.status();
    found[field] = rows.value();
  }
  return Status::ok();
}

}  // namespace

size_t bytes_read(std::span<const Field> fields, const Reads& reads) {
  size_t bytes = 0;
  for (const size_t field : reads.rows) bytes += stride_bytes(fields[field]);
  for (const size_t field : reads.sketches) bytes += sketch_bytes(fields[field]);
  return bytes;
}

Status keys_of(const Block& block, const Scorer& scorer, double* keys) {
  FieldRows rows{};
  Status status = read(block, scorer.keys_read().rows, &Part::rows, rows);
  if (!status.is_ok()) return status;
  scorer.keys(rows, scored(block), keys);
  keep_picked(block, keys);
  return status;
}

Status bounds_of(const Block& block, const Scorer& scorer, double* lows, double* highs) {
  FieldRows rows{}, sketches{};
  Status status = read(block, scorer.bounds_read().rows, &Part::rows, rows);
  if (!status.is_ok()) return status;
  status = read(block, scorer.bounds_read().sketches, &Part::sketches, sketches);
  if (!status.is_ok()) return status;
  scorer.bounds(rows, sketches, scored(block), lows, highs);
  keep_picked(block, lows);
  keep_picked(block, highs);
  return status;
}

}  // namespace nearsight
