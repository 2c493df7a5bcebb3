#include "identity.h"

#include <cstring>
#include <random>

#include "nearsight/kernels.h"

namespace nearsight {
namespace {

constexpr std::string_view kMagic = "NSVECTS\n";
// The first knew codes only; who reads no other is told that this one is newer.
constexpr uint32_t kCodesVersion = 1, kVersion = 2;

struct Page {
  char magic[8];
  uint32_t version;
  uint32_t dim;
  uint16_t element;
  uint16_t finding;
  TruthId truth;
  uint32_t crc;  // of everything before
};
static_assert(sizeof(Page) == 40);

uint32_t crc_of(const Page& page) {
  return chosen_kernels().value()->crc32c(0, &page, offsetof(Page, crc));
}

}  // namespace

Status write_identity(Directory& directory, const Identity& identity) {
  Page page{};
  std::memcpy(page.magic, kMagic.data(), sizeof page.magic);
  page.version = identity.finding == Finding::kCodes ? kCodesVersion : kVersion;
  page.dim = identity.dim;
  page.element = static_cast<uint16_t>(identity.element);
  page.finding = static_cast<uint16_t>(identity.finding);
  page.truth = identity.truth;
  page.crc = crc_of(page);
  const std::string draft = std::string(kIdentityName) + ".tmp";
  auto file = directory.create(draft);
  if (!file.is_ok()) return file.status();
  Status status = file.value()->write(std::as_bytes(std::span(&page, 1)));
  if (status.is_ok()) status = file.value()->close();
  return status.is_ok() ? directory.rename(draft, std::string(kIdentityName)) : status;
}

Result<Identity> read_identity(const Directory& directory) {
  const std::string path = directory.path() + "/" + std::string(kIdentityName);
  auto file = directory.map(std::string(kIdentityName));
  if (!file.is_ok()) return file.status();
  Page page;
  if (file.value()->bytes().size() != sizeof page) {
    return Status::corruption("file '" + path + "' is damaged (wrong size)");
  }
  std::memcpy(&page, file.value()->bytes().data(), sizeof page);
  if (std::memcmp(page.magic, kMagic.data(), sizeof page.magic) != 0) {
    return Status::corruption("file '" + path + "' is damaged (not an index of vectors)");
  }
  if (page.crc != crc_of(page)) {
    return Status::corruption("file '" + path + "' is damaged (checksum)");
  }
  if (page.version > kVersion) {
    return Status::unsupported("file '" + path + "' was written by a newer nearsight");
  }
  if (page.dim < 1 || page.dim > Vectors::kMaxVectorDim ||
      page.element > static_cast<uint16_t>(Element::kF16) ||
      page.finding > static_cast<uint16_t>(Finding::kGraph)) {
    return Status::corruption("file '" + path + "' is damaged (values)");
  }
  return Identity{page.dim, static_cast<Element>(page.element), static_cast<Finding>(page.finding),
                  page.truth};
}

TruthId drawn_truth() {
  std::random_device device;
  TruthId truth;
  for (uint8_t& byte : truth) byte = static_cast<uint8_t>(device());
  return truth;
}

}  // namespace nearsight
