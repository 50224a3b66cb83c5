// The label that each example has, how it came to have it, and what it was as of any past event.
#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "storage/annotations.h"
#include "storage/projects.h"

namespace querist::storage {

static Labelled labelled_of(const Row& row) {
  return {.example_id = row.integer(0),
          .row = row.integer(1),
          .label = row.text(2),
          .audit = row.flag(3)};
}

// What a use leaves out: audit labels in training until the project is finalised, all others in
// measuring.
static bool used(LabelUse use, bool finalised, bool audit) {
  switch (use) {
    case LabelUse::training:
      return !audit || finalised;
    case LabelUse::audit:
      return audit;
    case LabelUse::all:
      return true;
  }
  return true;
}

static bool is_finalised(Session& session, int64_t project_id) {
  return session.integer("SELECT finalised FROM projects WHERE id = $1", {project_id}) != 0;
}

static void keep_used(std::vector<Labelled>& labels, LabelUse use, bool finalised) {
  std::erase_if(labels, [&](const Labelled& one) { return !used(use, finalised, one.audit); });
}

void set_example_state(Store& store, int64_t example_id, ExampleState state,
                       const std::optional<std::string>& label, int64_t sequence) {
  struct Before {
    int64_t project_id;
    ExampleState state;
    std::optional<std::string> label;
    bool audit;
  };
  QUERIST_CHECK(label.has_value() == (state == ExampleState::labeled));
  store.write([&](Session& session) {
    const auto before =
        session.one("SELECT project_id, state, label, audit FROM examples WHERE id = $1",
                    {example_id}, [](const Row& row) {
                      return Before{row.integer(0), from_word<ExampleState>(row.view(1), "state"),
                                    row.maybe_text(2), row.flag(3)};
                    });
    if (!before) fail(Code::not_found, "there is no example {}", example_id);
    if (before->state != state || before->label != label) {
      session.execute("UPDATE examples SET state = $2, label = $3 WHERE id = $1",
                      {example_id, word(state), label});
    }
    if (before->state != state) {
      const auto moved = [&](ExampleState which) {
        return int64_t{state == which} - int64_t{before->state == which};
      };
      const int64_t labeled = moved(ExampleState::labeled);
      session.execute(
          "UPDATE projects SET leased = leased + $2, labeled = labeled + $3, skipped = skipped + "
          "$4, "
          "audit = audit + $5 WHERE id = $1",
          {before->project_id, moved(ExampleState::leased), labeled, moved(ExampleState::skipped),
           before->audit ? labeled : int64_t{0}});
    }
    if (before->label == label) return;
    session.execute(
        "INSERT INTO label_changes (project_id, example_id, label, audit, sequence) "
        "VALUES ($1, $2, $3, $4, $5)",
        {before->project_id, example_id, label, before->audit, sequence});
  });
}

std::vector<Labelled> labels(Store& store, int64_t project_id, LabelUse use) {
  return store.read([&](Session& session) {
    auto found = session.all(
        "SELECT id, row, label, audit FROM examples WHERE project_id = $1 AND state = 'labeled' "
        "AND state <> 'unlabeled' ORDER BY row",
        {project_id}, labelled_of);
    keep_used(found, use, is_finalised(session, project_id));
    return found;
  });
}

std::vector<Labelled> labels_as_of(Store& store, int64_t project_id, LabelUse use,
                                   int64_t through_event) {
  return store.read([&](Session& session) {
    auto found = session.all(
        "SELECT c.example_id, e.row, c.label, c.audit FROM label_changes c "
        "JOIN examples e ON e.id = c.example_id WHERE c.label IS NOT NULL AND c.id IN "
        "(SELECT max(id) FROM label_changes WHERE project_id = $1 AND sequence <= $2 "
        "GROUP BY example_id) ORDER BY e.row",
        {project_id, through_event}, labelled_of);
    keep_used(found, use, is_finalised(session, project_id));
    return found;
  });
}

std::string hash_of_labels(const std::vector<Labelled>& labels) {
  std::vector<const Labelled*> order;
  for (const Labelled& one : labels) order.push_back(&one);
  std::sort(order.begin(), order.end(),
            [](const Labelled* a, const Labelled* b) { return a->row < b->row; });
  Json rows = Json::array();
  for (const Labelled* one : order) rows.push_back(Json::array({one->row, one->label}));
  return sha256_hex(canonical_json(rows));
}

std::vector<LabelChange> label_history(Store& store, int64_t project_id, int64_t example_id) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT label, sequence FROM label_changes WHERE example_id = $2 AND project_id = $1 ORDER "
        "BY id",
        {project_id, example_id}, [](const Row& row) {
          return LabelChange{row.maybe_text(0), row.integer(1)};
        });
  });
}

std::vector<int64_t> class_counts(Store& store, int64_t project_id, LabelUse use) {
  return store.read([&](Session& session) {
    const Project owner = project(store, project_id);
    std::vector<int64_t> counts(owner.classes.size(), 0);
    const auto add = [&](const Row& row) {
      if (!used(use, owner.finalised, row.flag(1))) return;
      const auto at = std::find(owner.classes.begin(), owner.classes.end(), row.view(0));
      if (at != owner.classes.end())
        counts[static_cast<size_t>(at - owner.classes.begin())] += row.integer(2);
    };
    session.each(
        "SELECT label, audit, count(*) FROM examples WHERE project_id = $1 AND label IS NOT NULL "
        "GROUP BY label, audit",
        {project_id}, add);
    return counts;
  });
}

std::vector<AcquiredLabel> labels_in_order(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT c.example_id, e.row, c.label, c.audit, i.selection_id, i.propensity, c.sequence "
        "FROM label_changes c JOIN examples e ON e.id = c.example_id "
        "LEFT JOIN selection_items i ON i.example_id = c.example_id AND i.selection_id = "
        "(SELECT max(x.selection_id) FROM selection_items x WHERE x.example_id = c.example_id "
        "AND x.relabel = 0) "
        "WHERE c.label IS NOT NULL AND c.id IN (SELECT max(id) FROM label_changes "
        "WHERE project_id = $1 GROUP BY example_id) ORDER BY c.sequence, c.id",
        {project_id}, [](const Row& row) {
          return AcquiredLabel{.example_id = row.integer(0),
                               .row = row.integer(1),
                               .label = row.text(2),
                               .audit = row.flag(3),
                               .selection_id = row.maybe_integer(4),
                               .propensity = row.maybe_real(5),
                               .sequence = row.integer(6)};
        });
  });
}

}  // namespace querist::storage
