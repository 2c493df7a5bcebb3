#include <algorithm>
#include <cstdlib>

#include "nearsight/store.h"

namespace nearsight {
namespace {

constexpr size_t kLineBytes = 64;

}  // namespace

size_t stride_bytes(const Field& field) {
  const size_t scale = field.element == Element::kI8 ? sizeof(float) : 0;
  const size_t bytes = field.dim * number_bytes(field.element) + scale;
  return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
}

void Chunk::Free::operator()(std::byte* bytes) const { std::free(bytes); }

Result<std::shared_ptr<Chunk>> Chunk::make(const std::vector<Field>& fields) {
  size_t row_bytes = sizeof(RowId);
  for (const Field& field : fields) row_bytes += stride_bytes(field);

  auto chunk = std::make_shared<Chunk>();
  chunk->capacity_ = std::max<size_t>(64, kChunkBytes / row_bytes / 64 * 64);
  chunk->ids_.resize(chunk->capacity_);
  for (const Field& field : fields) {
    const size_t stride = stride_bytes(field);
    const size_t size = stride * chunk->capacity_;
    std::unique_ptr<std::byte[], Free> bytes(
        static_cast<std::byte*>(std::aligned_alloc(kLineBytes, size)));
    if (bytes == nullptr)
      return Status::out_of_memory("no memory for " + std::to_string(size) +
                                   " bytes of fresh rows");
    chunk->strides_.push_back(stride);
    chunk->vectors_.push_back(std::move(bytes));
  }
  return chunk;
}

Result<const RowId*> Chunk::ids(size_t begin, size_t) const { return ids_.data() + begin; }

Result<const std::byte*> Chunk::rows(size_t field, size_t begin, size_t) const {
  return vectors_[field].get() + begin * strides_[field];
}

}  // namespace nearsight
