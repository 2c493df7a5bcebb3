// The graph as a finder.
#include "finder.h"
#include "nearsight/graph.h"

namespace nearsight {
namespace {

class AllowedPlaces final : public Allowed {
 public:
  explicit AllowedPlaces(RowMask made) : mask(std::move(made)), count_(mask.count()) {}
  size_t count() const override { return count_; }

  const RowMask mask;

 private:
  size_t count_;
};

class GraphFinder final : public Finder {
 public:
  explicit GraphFinder(std::shared_ptr<const Graph> graph) : graph_(std::move(graph)) {}

  size_t size() const override { return graph_->size(); }
  RowId first_row() const override { return graph_->first_row(); }
  RowId last_row() const override { return graph_->last_row(); }
  Status verify() const override { return graph_->verify(); }

  Result<std::shared_ptr<const Allowed>> allow(const RowMask& rows) const override {
    auto places = graph_->allow(rows);
    if (!places.is_ok()) return places.status();
    return std::shared_ptr<const Allowed>(new AllowedPlaces(std::move(places.value())));
  }

  Result<FinderAnswer> search(const FinderQuestion& question) const override {
    const auto* const allowed = static_cast<const AllowedPlaces*>(question.allowed);
    auto answer = graph_->search({question.query, question.k, question.recall,
                                  allowed == nullptr ? nullptr : &allowed->mask, question.erased});
    if (!answer.is_ok()) return answer.status();
    return FinderAnswer{std::move(answer.value().rows), answer.value().recall};
  }

 private:
  std::shared_ptr<const Graph> graph_;
};

using Found = Result<std::shared_ptr<const Finder>>;

Found finder_of(Result<std::shared_ptr<const Graph>> graph) {
  if (!graph.is_ok()) return graph.status();
  return std::shared_ptr<const Finder>(new GraphFinder(std::move(graph.value())));
}

class GraphKind final : public FinderKind {
 public:
  std::string_view prefix() const override { return "graph-"; }
  std::string_view suffix() const override { return ".nsg"; }
  uint32_t max_dim() const override { return Graph::kMaxDim; }
  bool grows() const override { return false; }  // it is linked anew: it has nothing to take over

  Found open(const Directory& directory, const std::string& name, const TruthId& owner,
             uint32_t dim) const override {
    return finder_of(Graph::open(directory, name, owner, dim));
  }

  Found build(const RowSource& rows, const FinderPlan& plan, Progress& progress) const override {
    return finder_of(Graph::build(
        rows, {plan.dim, plan.owner, plan.name, plan.directory, plan.threads}, progress));
  }
};

}  // namespace

const FinderKind& graph_kind() {
  static const GraphKind kind;
  return kind;
}

}  // namespace nearsight
