// What codes are made of: the mapped file and where its sections begin.
#pragma once

#include <atomic>
#include <memory>

#include "layout.h"
#include "nearsight/checked_bytes.h"
#include "nearsight/codes.h"
#include "rotation.h"

namespace nearsight {

struct Codes::Parts {
  Parts(std::unique_ptr<MappedFile> file, const std::string& path, const CodesHeader& head,
        const CodeKernels& table, CheckedBytes::Crc32c crc32c)
      : header(head),
        layout(head.dim, head.rows, head.blocks, head.lists),
        kernels(table),
        rotation(head.dim, head.seed, table),
        bytes(std::move(file), path, kCodesPage, layout.table, head.table_crc, crc32c) {}

  template <class T>
  const T* at(uint64_t offset) const {
    return reinterpret_cast<const T*>(bytes.data() + offset);
  }
  size_t wide() const { return rotation.rotated_dim(); }
  const ListEntry* entries() const { return at<ListEntry>(layout.entries); }
  const uint16_t* centroid(size_t list) const {
    return at<uint16_t>(layout.centroids) + list * wide();
  }
  const uint16_t* vector(size_t slot) const {
    return at<uint16_t>(layout.vectors) + slot * layout.row_stride;
  }
  RowId row_id(size_t slot) const { return header.first_row + at<uint32_t>(layout.row_ids)[slot]; }
  CodeBlocks blocks(uint64_t first, uint64_t count) const {
    return {at<uint8_t>(layout.codes) + first * 4 * wide(), at<float>(layout.factors) + first * 32,
            count, wide() / 8};
  }
  CodeBlocks coarse() const {
    return {at<uint8_t>(layout.coarse_codes), at<float>(layout.coarse_factors),
            (header.lists + 31) / 32, wide() / 8};
  }

  // ok once what a search reads of every list is good, and of one list.
  Status check_coarse() const {
    if (coarse_is_good.load(std::memory_order_acquire)) return Status::ok();
    return check_lists();
  }
  Status check_lists() const;
  Status check_blocks(uint64_t first, uint64_t count) const;
  Status check_slots(uint64_t first, uint64_t count) const;                        // the row ids
  Status check_list(const ListEntry& list, uint64_t rows, uint64_t blocks) const;  // all of it
  Status check_vector(uint64_t slot) const {
    const uint64_t stride = layout.row_stride * 2;
    return bytes.check(layout.vectors + slot * stride, stride);
  }

  CodesHeader header;
  CodesLayout layout;
  const CodeKernels& kernels;
  Rotation rotation;
  CheckedBytes bytes;
  mutable std::atomic<bool> coarse_is_good = false;
};

}  // namespace nearsight
