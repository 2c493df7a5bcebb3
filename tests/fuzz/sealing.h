// Checksums put right again in edited files, so that a reader believes what a fuzzer wrote.
#pragma once

#include <string>
#include <string_view>

#include "edits.h"
#include "nearsight/kernels.h"
#include "nearsight/sealed_file.h"

namespace nearsight::fuzz {

inline uint32_t crc_of(std::string_view bytes) {
  return available_kernels().back()->crc32c(0, bytes.data(), bytes.size());
}

// A CRC at the end, of everything before it.
inline void seal_whole(std::string& bytes) {
  if (bytes.size() < kCrcBytes) return;
  const size_t end = bytes.size() - kCrcBytes;
  write(bytes, end, crc_of(std::string_view(bytes).substr(0, end)));
}

inline void seal_page(std::string& bytes) {
  if (bytes.size() < kPageBytes) return;
  const size_t end = kPageBytes - kCrcBytes;
  write(bytes, end, crc_of(std::string_view(bytes).substr(0, end)));
}

// A page, `size` bytes of data (cut, or zeros added), and their table; returns the table's CRC.
inline uint32_t seal_data(std::string& bytes, size_t size) {
  bytes.resize(kPageBytes + size);
  std::string table;
  for (size_t at = kPageBytes; at < bytes.size(); at += kBlockBytes) {
    const uint32_t crc = crc_of(std::string_view(bytes).substr(at, kBlockBytes));
    table.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  }
  bytes += table;
  return crc_of(table);
}

// How many bytes of data a sealed file of this length holds.
inline size_t data_bytes(size_t file_bytes) {
  if (file_bytes <= kPageBytes) return 0;
  const size_t rest = file_bytes - kPageBytes;
  return rest - (rest + kBlockBytes + kCrcBytes - 1) / (kBlockBytes + kCrcBytes) * kCrcBytes;
}

}  // namespace nearsight::fuzz
