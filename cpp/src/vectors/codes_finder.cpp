// The codes as a finder.
#include "finder.h"

namespace nearsight {
namespace {

class AllowedCodes final : public Allowed {
 public:
  explicit AllowedCodes(CodeMask made) : mask(std::move(made)) {}
  size_t count() const override { return mask.count(); }

  const CodeMask mask;
};

class CodesFinder final : public Finder {
 public:
  explicit CodesFinder(std::shared_ptr<const Codes> found) : codes(std::move(found)) {}

  size_t size() const override { return codes->size(); }
  RowId first_row() const override { return codes->first_row(); }
  RowId last_row() const override { return codes->last_row(); }
  Status verify() const override { return codes->verify(); }

  Result<std::shared_ptr<const Allowed>> allow(const RowMask& rows) const override {
    auto mask = codes->mask(rows);
    if (!mask.is_ok()) return mask.status();
    return std::shared_ptr<const Allowed>(new AllowedCodes(std::move(mask.value())));
  }

  Result<FinderAnswer> search(const FinderQuestion& question) const override {
    const auto* const allowed = static_cast<const AllowedCodes*>(question.allowed);
    auto answer = codes->search({question.query, question.k, question.recall,
                                 allowed == nullptr ? nullptr : &allowed->mask, question.erased});
    if (!answer.is_ok()) return answer.status();
    return FinderAnswer{std::move(answer.value().rows), answer.value().recall};
  }

  const std::shared_ptr<const Codes> codes;
};

using Found = Result<std::shared_ptr<const Finder>>;

Found finder_of(Result<std::shared_ptr<const Codes>> codes) {
  if (!codes.is_ok()) return codes.status();
  return std::shared_ptr<const Finder>(new CodesFinder(std::move(codes.value())));
}

class CodesKind final : public FinderKind {
 public:
  std::string_view prefix() const override { return "codes-"; }
  std::string_view suffix() const override { return ".nsc"; }
  uint32_t max_dim() const override { return Codes::kMaxDim; }
  bool grows() const override { return true; }

  Found open(const Directory& directory, const std::string& name, const TruthId& owner,
             uint32_t dim) const override {
    return finder_of(Codes::open(directory, name, owner, dim));
  }

  Found build(const RowSource& rows, const FinderPlan& plan, Progress& progress) const override {
    const auto* const before = static_cast<const CodesFinder*>(plan.before);
    const Codes* const base = before == nullptr ? nullptr : before->codes.get();
    return finder_of(Codes::build(
        rows, {plan.dim, plan.owner, plan.name, plan.directory, base, plan.erased, plan.threads},
        progress));
  }
};

}  // namespace

const FinderKind& codes_kind() {
  static const CodesKind kind;
  return kind;
}

}  // namespace nearsight
