// What a graph is made of: the mapped file, where its sections begin, and what a walk reads of it.
#pragma once

#include <memory>

#include "layout.h"
#include "nearsight/checked_bytes.h"
#include "nearsight/graph.h"

namespace nearsight {

// Rows and links as a walk reads them: a file's, or those of a draft that is being filled, which
// nobody else can have touched and which are not checked.
struct GraphView {
  const std::byte* bytes;
  GraphLayout layout;
  uint32_t dim, rows, entry, levels;
  uint64_t upper_lists;
  const CheckedBytes* checked;  // nullptr: a draft

  const uint16_t* row(uint32_t place) const {
    return reinterpret_cast<const uint16_t*>(bytes + layout.elements + place * layout.stride);
  }
  const uint32_t* ground(uint32_t place) const {
    return reinterpret_cast<const uint32_t*>(bytes + layout.elements + place * layout.stride +
                                             layout.links_at);
  }
  // From here on places come from the file. ok once that may be read, and its links lead to rows.
  Status check_row(uint32_t place) const {
    if (checked == nullptr) return Status::ok();
    return checked->check(layout.elements + place * layout.stride, layout.stride);
  }
  // The next row of the same numbers, 0 if there is none. REQUIRES check_row.
  Result<uint32_t> twin(uint32_t place) const;
  // The links of a row on a level (0: the lowest); nullptr if they are impossible.
  Result<const uint32_t*> links(uint32_t place, size_t level) const;

 private:
  Result<const uint32_t*> upper(uint32_t place, size_t level) const;
};

struct Graph::Parts {
  Parts(std::unique_ptr<MappedFile> file, const std::string& path, const GraphHeader& head,
        const CodeKernels& table, CheckedBytes::Crc32c crc32c)
      : header(head),
        kernels(table),
        bytes(std::move(file), path, kGraphPage,
              GraphLayout(head.dim, head.rows, head.upper_lists).table, head.table_crc, crc32c),
        view{bytes.data(),     GraphLayout(head.dim, head.rows, head.upper_lists),
             head.dim,         static_cast<uint32_t>(head.rows),
             head.entry,       head.levels,
             head.upper_lists, &bytes} {}

  Status check_ids(uint32_t first, size_t count) const {
    return bytes.check(view.layout.row_ids + first * sizeof(uint32_t), count * sizeof(uint32_t));
  }
  // REQUIRES check_ids.
  uint32_t offset_of(uint32_t place) const {
    return reinterpret_cast<const uint32_t*>(bytes.data() + view.layout.row_ids)[place];
  }

  GraphHeader header;
  const CodeKernels& kernels;
  CheckedBytes bytes;
  GraphView view;
};

}  // namespace nearsight
