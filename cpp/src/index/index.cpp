#include "nearsight/index.h"

#include "door.h"
#include "nearsight/guard.h"
#include "writer.h"

namespace nearsight {

Index::Index(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::string& directory, const TruthId& truth,
                                           std::vector<Field> fields, Access access) {
  return guarded([&]() -> Result<std::unique_ptr<Index>> {
    if (directory.empty()) return open_in(nullptr, truth, std::move(fields));
    if (Status status = check_fields(fields); !status.is_ok()) return status;
    auto opened = open_directory(directory, access);
    if (!opened.is_ok()) return opened.status();
    return open_in(std::move(opened.value()), truth, std::move(fields));
  });
}

Result<std::unique_ptr<Index>> Index::open_in(std::shared_ptr<Directory> directory,
                                              const TruthId& truth, std::vector<Field> fields) {
  return guarded([&]() -> Result<std::unique_ptr<Index>> {
    if (Status status = check_fields(fields); !status.is_ok()) return status;
    const auto kernels = chosen_kernels();
    if (!kernels.is_ok()) return kernels.status();
    std::unique_ptr<Store> store;
    if (directory != nullptr) {
      auto opened = Store::open(std::move(directory), truth, fields, kernels.value()->crc32c);
      if (!opened.is_ok()) return opened.status();
      store = std::move(opened.value());
    }
    auto writer = std::make_unique<Writer>(std::move(fields), kernels.value(), std::move(store));
    return std::unique_ptr<Index>(new Index(std::move(writer)));
  });
}

uint64_t Index::generation() const { return writer_->published()->generation(); }

RowId Index::last_id() const { return writer_->last_id(); }

const std::string& Index::dropped_because() const { return writer_->dropped_because(); }

Result<std::vector<bool>> Index::accepts(const std::string& field, std::span<const float> rows,
                                         size_t count) const {
  return guarded([&]() -> Result<std::vector<bool>> {
    const auto index = field_named(writer_->fields(), field);
    if (!index.is_ok()) return index.status();
    const Field& wanted = writer_->fields()[index.value()];
    if (rows.size() % wanted.dim != 0 || rows.size() / wanted.dim != count) {
      return Status::invalid_argument("field '" + field + "' has dim " +
                                      std::to_string(wanted.dim) + ": " + std::to_string(count) +
                                      " rows are not " + std::to_string(rows.size()) + " numbers");
    }
    std::vector<bool> taken(count);
    for (size_t i = 0; i < count; ++i) {
      taken[i] = check_row(wanted, rows.data() + i * wanted.dim).is_ok();
    }
    return taken;
  });
}

Status Index::append(std::span<const RowId> ids, std::span<const std::span<const float>> vectors) {
  return guarded([&]() -> Status { return writer_->append(ids, vectors); });
}

Status Index::erase(std::span<const RowId> ids) {
  return guarded([&]() -> Status { return writer_->erase(ids); });
}

Status Index::commit(uint64_t generation) {
  return guarded([&]() -> Status { return writer_->commit(generation); });
}

Status Index::seal() {
  return guarded([&]() -> Status { return writer_->seal(); });
}

std::shared_ptr<const Snapshot> Index::snapshot() const { return writer_->published(); }

}  // namespace nearsight
