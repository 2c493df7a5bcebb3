#include "nearsight/columns.h"

#include "nearsight/guard.h"
#include "nearsight/kernels.h"
#include "writer.h"

namespace nearsight {

Columns::Columns(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Columns::~Columns() = default;

Result<std::unique_ptr<Columns>> Columns::open(const std::string& directory, const TruthId& truth,
                                               Access access) {
  return guarded([&]() -> Result<std::unique_ptr<Columns>> {
    if (directory.empty()) return open_in(nullptr, truth);
    auto opened = open_directory(directory, access);
    if (!opened.is_ok()) return opened.status();
    return open_in(std::move(opened.value()), truth);
  });
}

Result<std::unique_ptr<Columns>> Columns::open_in(std::shared_ptr<Directory> directory,
                                                  const TruthId& truth) {
  return guarded([&]() -> Result<std::unique_ptr<Columns>> {
    const auto kernels = chosen_kernels();
    if (!kernels.is_ok()) return kernels.status();
    std::unique_ptr<ColumnFiles> files;
    if (directory != nullptr) {
      auto opened = ColumnFiles::open(std::move(directory), truth, kernels.value()->crc32c);
      if (!opened.is_ok()) return opened.status();
      files = std::move(opened.value());
    }
    return std::unique_ptr<Columns>(new Columns(std::make_unique<Writer>(std::move(files))));
  });
}

uint64_t Columns::generation() const { return writer_->published()->contents.generation; }

const std::string& Columns::dropped_because() const { return writer_->dropped_because(); }

Status Columns::put(const Documents& documents) {
  return guarded([&]() -> Status { return writer_->put(documents); });
}

Status Columns::erase(std::span<const DocId> docs) {
  return guarded([&]() -> Status { return writer_->erase(docs); });
}

Status Columns::commit(uint64_t generation) {
  return guarded([&]() -> Status { return writer_->commit(generation); });
}

Status Columns::seal() {
  return guarded([&]() -> Status { return writer_->seal(); });
}

ColumnsSnapshot Columns::snapshot() const { return ColumnsSnapshot(writer_->published()); }

}  // namespace nearsight
