#include "nearsight/cache_files.h"

#include <charconv>
namespace nearsight {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::string_view kSegmentSuffix = ".seg";

std::string numbered(std::string_view prefix, uint64_t number, std::string_view suffix) {
  return std::string(prefix) + "-" + std::to_string(number) + std::string(suffix);
}

// The <n> of "prefix-<n>suffix", which has no leading zeros.
std::optional<uint64_t> number_between(std::string_view prefix, std::string_view name,
                                       std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() <= prefix.size() + 1 + suffix.size()) return std::nullopt;
  const char* const begin = name.data() + prefix.size() + 1;
  const char* const end = name.data() + name.size() - suffix.size();
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (begin[-1] != '-' || *begin == '0' || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string CacheNames::segment_name(uint64_t number) const {
  return numbered(segment, number, kSegmentSuffix);
}

std::string CacheNames::temporary_name(uint64_t number) const {
  return numbered(manifest, number, kTemporarySuffix);
}

std::optional<uint64_t> CacheNames::number_in(std::string_view name) const {
  const auto number = number_between(segment, name, kSegmentSuffix);
  return number ? number : number_between(manifest, name, kTemporarySuffix);
}

Status check_envelope(std::span<const std::byte> bytes, std::string_view magic, uint32_t version,
                      Crc32c crc32c) {
  Decoder in(bytes);
  if (in.text(kMagicBytes) != magic) return damaged_manifest("magic");
  const auto found = in.number<uint32_t>();
  if (!in.ok()) return damaged_manifest("it ends too early");
  if (found > version) {
    return Status::unsupported("the cache has format version " + std::to_string(found) +
                               ", written by a newer nearsight; this one reads version " +
                               std::to_string(version));
  }
  if (found != version) return damaged_manifest("format version");
  if (in.left() < kCrcBytes) return damaged_manifest("it ends too early");
  Decoder tail(bytes.last(kCrcBytes));
  const size_t size = bytes.size() - kCrcBytes;
  return tail.number<uint32_t>() == crc32c(0, bytes.data(), size) ? Status::ok()
                                                                  : damaged_manifest("CRC");
}

Status damaged_manifest(const char* what) {
  return Status::corruption(std::string("the cache's manifest is damaged (") + what + ")");
}

void encode_live(Encoder& out, std::span<const uint64_t> live) {
  out.number(static_cast<uint64_t>(live.size()));
  for (const uint64_t word : live) out.number(word);
}

Status decode_live(Decoder& in, uint64_t rows, std::vector<uint64_t>& live) {
  const auto words = in.number<uint64_t>();
  if (!in.ok()) return damaged_manifest("it ends too early");
  if (words == 0) return Status::ok();
  if (words != (rows + 63) / 64) return damaged_manifest("bitmap size");
  if (words > in.left() / sizeof(uint64_t)) return damaged_manifest("it ends too early");
  live.resize(words);
  for (uint64_t& word : live) word = in.number<uint64_t>();
  const bool has_bits_past = rows % 64 != 0 && (live.back() >> (rows % 64)) != 0;
  return has_bits_past ? damaged_manifest("bitmap") : Status::ok();
}

Status publish_manifest(Directory& directory, const CacheNames& names, uint64_t number,
                        const std::string& bytes) {
  const std::string temporary = names.temporary_name(number);
  auto file = directory.create(temporary);
  if (!file.is_ok()) return file.status();
  Status status = file.value()->write(std::as_bytes(std::span(bytes)));
  if (status.is_ok()) status = file.value()->close();
  if (status.is_ok()) status = directory.rename(temporary, std::string(names.manifest));
  if (!status.is_ok()) (void)directory.remove(temporary);
  return status;
}

size_t first_to_write(std::span<const PartSize> parts) {
  size_t first = parts.size();
  size_t writing = 0;  // living rows of [first, end)
  for (size_t i = parts.size(); i-- > 0;) {
    const bool is_small = first == i + 1 && parts[i].live < 2 * writing;
    const bool is_mostly_erased = 2 * parts[i].live < parts[i].rows;
    if (parts[i].is_saved && !is_small && !is_mostly_erased) continue;
    for (; first > i; --first) writing += parts[first - 1].live;
  }
  return first;
}

}  // namespace nearsight
