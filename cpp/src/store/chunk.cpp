#include <algorithm>
#include <cstdlib>

#include "nearsight/store.h"

namespace nearsight {
namespace {

constexpr size_t kLineBytes = 64;
constexpr size_t kByteStep = 32;  // what kernels of i8 rows count in (kByteDimStep)

}  // namespace

size_t stride_bytes(const Field& field) {
  const size_t scale = field.element == Element::kI8 ? sizeof(float) : 0;
  const size_t bytes = field.dim * number_bytes(field.element) + scale;
  return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
}

size_t sketch_bytes(const Field& field) {
  if (!field.has_sketch) return 0;
  return (field.dim + kByteStep - 1) / kByteStep * kByteStep + kSlipFromEnd;
}

void Chunk::Free::operator()(std::byte* bytes) const { std::free(bytes); }

Result<std::shared_ptr<Chunk>> Chunk::make(const std::vector<Field>& fields) {
  size_t row_bytes = sizeof(RowId);
  for (const Field& field : fields) row_bytes += stride_bytes(field) + sketch_bytes(field);

  auto chunk = std::make_shared<Chunk>();
  chunk->capacity_ = std::max<size_t>(64, kChunkBytes / row_bytes / 64 * 64);
  chunk->ids_.resize(chunk->capacity_);
  for (const Field& field : fields) {
    auto vectors = chunk->room(stride_bytes(field));
    if (!vectors.is_ok()) return vectors.status();
    auto sketches = chunk->room(sketch_bytes(field));
    if (!sketches.is_ok()) return sketches.status();
    chunk->vectors_.push_back(std::move(vectors.value()));
    chunk->sketches_.push_back(std::move(sketches.value()));
  }
  return chunk;
}

Result<Chunk::Room> Chunk::room(size_t stride) const {
  const size_t size = stride * capacity_;  // whole lines: capacities are multiples of 64
  if (size == 0) return Room{nullptr, 0};
  Room room{{static_cast<std::byte*>(std::aligned_alloc(kLineBytes, size)), Free()}, stride};
  if (room.bytes != nullptr) return room;
  return Status::out_of_memory("no memory for " + std::to_string(size) + " bytes of fresh rows");
}

Result<const RowId*> Chunk::ids(size_t begin, size_t) const { return ids_.data() + begin; }

Result<const std::byte*> Chunk::rows(size_t field, size_t begin, Picks) const {
  return vectors_[field].at(begin);
}

Result<const std::byte*> Chunk::sketches(size_t field, size_t begin, Picks) const {
  return sketches_[field].at(begin);
}

}  // namespace nearsight
