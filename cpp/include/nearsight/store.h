// Where rows live: in memory while they are fresh, in mapped files (cpp/FORMAT.md) once saved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nearsight/directory.h"
#include "nearsight/row_mask.h"
#include "nearsight/sealed_file.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

inline size_t number_bytes(Element element) {
  return element == Element::kF32 ? 4 : element == Element::kF16 ? 2 : 1;
}

// Bytes from one row of the field to the next: whole cache lines.
size_t stride_bytes(const Field& field);

// A row's sketch: its numbers as kI8 has them (types.h), as many as kernels of i8 rows take, then
// an f32, the slip: at most so much do the row and a query of length 1 differ in their score from
// the sketch and that query. Then the f32 by which the bytes are multiplied. 0: the field has none.
size_t sketch_bytes(const Field& field);

// A stretch of rows in ascending order of ids. What it has once answered never changes, and any
// thread may ask at any time. REQUIRES count >= 1 and begin + count <= its rows.
class Part {
 public:
  virtual ~Part() = default;

  // `count` ids; or the picks of the rows from `begin` on, which are stride_bytes apart; or of
  // their sketches, sketch_bytes apart. kCorruption if they touch a damaged block. REQUIRES that
  // the field has sketches.
  virtual Result<const RowId*> ids(size_t begin, size_t count) const = 0;
  virtual Result<const std::byte*> rows(size_t field, size_t begin, Picks picks) const = 0;
  virtual Result<const std::byte*> sketches(size_t field, size_t begin, Picks picks) const = 0;

  virtual bool is_saved() const = 0;
  virtual Status verify() const = 0;  // all of it
};

// Fresh rows. One thread fills rows beyond those that readers were told of; nothing ever moves.
class Chunk final : public Part {
 public:
  // Room for as many rows as about kChunkBytes hold, at least 64.
  static Result<std::shared_ptr<Chunk>> make(const std::vector<Field>& fields);

  size_t capacity() const { return capacity_; }
  RowId& id(size_t row) { return ids_[row]; }
  // stride_bytes to be filled, all of them: they are saved as they are.
  std::byte* row(size_t field, size_t row) { return vectors_[field].at(row); }
  std::byte* sketch(size_t field, size_t row) { return sketches_[field].at(row); }

  Result<const RowId*> ids(size_t begin, size_t count) const override;
  Result<const std::byte*> rows(size_t field, size_t begin, Picks picks) const override;
  Result<const std::byte*> sketches(size_t field, size_t begin, Picks picks) const override;
  bool is_saved() const override { return false; }
  Status verify() const override { return Status::ok(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  struct Room {
    std::unique_ptr<std::byte[], Free> bytes;
    size_t stride;

    std::byte* at(size_t row) const { return bytes.get() + row * stride; }
  };
  Result<Room> room(size_t stride) const;

  size_t capacity_ = 0;
  std::vector<RowId> ids_;
  std::vector<Room> vectors_;
  std::vector<Room> sketches_;
};

inline constexpr size_t kChunkBytes = size_t{4} << 20;

// The first `rows` rows of a part stand at positions begin, begin + 1, ...
struct PlacedPart {
  std::shared_ptr<const Part> part;
  size_t rows;
  size_t begin;

  size_t end() const { return begin + rows; }
};

// All rows at one moment: what a snapshot shows and what a cache holds.
struct Contents {
  uint64_t generation = 0;
  RowId last_id = 0;
  std::vector<PlacedPart> parts;  // ascending in ids and positions
  RowMask live{0};                // which positions hold a row that was not erased

  // Parts begin at a whole word of masks, so that a part's bits are words of their own.
  size_t next_position() const { return parts.empty() ? 0 : (parts.back().end() + 63) / 64 * 64; }
};

// Hands the runs of rows that `mask` has set, in order, in pieces of at most `most` rows, from part
// `first` on, to take(const PlacedPart&, size_t row, size_t count), until it fails.
template <class Take>
Status walk(const Contents& contents, const RowMask& mask, size_t first, size_t most, Take take) {
  for (size_t i = first; i < contents.parts.size(); ++i) {
    const PlacedPart& part = contents.parts[i];
    size_t begin = mask.next_set(part.begin, part.end());
    while (begin < part.end()) {
      const size_t end = mask.next_clear(begin, std::min(part.end(), begin + most));
      Status status = take(part, begin - part.begin, end - begin);
      if (!status.is_ok()) return status;
      begin = mask.next_set(end, part.end());
    }
  }
  return Status::ok();
}

// The files of one cache. One thread at a time.
class Store {
 public:
  // Reads what the directory holds for this truth and these fields. A cache that can't be used is
  // set aside: take_found() is empty and dropped_because() says why. Nothing is written or removed.
  static Result<std::unique_ptr<Store>> open(std::shared_ptr<Directory> directory,
                                             const TruthId& truth, std::vector<Field> fields,
                                             Crc32c crc32c);

  // What open() read. Given away, so that files that are merged away later can be let go.
  Contents take_found() { return std::exchange(found_, Contents()); }
  const std::string& dropped_because() const { return dropped_because_; }

  // Writes unsaved rows to files and then the manifest; what comes back are the same living rows,
  // all in saved parts. On failure (kIoError, kCorruption of a part that had to be rewritten) the
  // directory still holds the cache that it held before.
  Result<Contents> save(const Contents& now);

 private:
  Store(std::shared_ptr<Directory> directory, const TruthId& truth, std::vector<Field> fields,
        Crc32c crc32c);

  Status load();
  Result<PlacedPart> write_segment(const Contents& now, size_t first_part);
  Status write_manifest(const Contents& now);
  void discard(const PlacedPart& written);
  void sweep(const Contents& now);

  std::shared_ptr<Directory> directory_;
  TruthId truth_;
  std::vector<Field> fields_;
  Crc32c crc32c_;
  Contents found_;
  std::string dropped_because_;
  uint64_t next_number_ = 1;  // of the next file
};

}  // namespace nearsight
