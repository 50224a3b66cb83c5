// querist import: files into a project.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "api/import_body.h"
#include "app/columns.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "app/send_rows.h"
#include "app/text.h"
#include "base/error.h"
#include "loop/import.h"
#include "loop/workshop.h"
#include "storage/projects.h"

namespace querist::app {

// Where the rows go: a project that is there, or one that is made for the first of them.
class Destination {
 public:
  // wanted: what it is made as.
  Destination(const Backend& backend, Json wanted)
      : backend_(backend), name_(wanted["name"]), wanted_(std::move(wanted)) {
    try {
      project_ = ask(backend, "GET", project_path(name_));
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
  }

  const std::string& name() const { return name_; }
  bool is_there() const { return !project_.is_null(); }
  // As the API shows it, made now if it is new.
  const Json& project() {
    if (!is_there()) project_ = ask(backend_, "POST", "/api/v1/projects", wanted_);
    return project_;
  }
  // The folder's row of it.
  Project row() {
    project();
    return storage::project(*backend_.store, name_);
  }
  bool has_classes() const { return !(is_there() ? project_ : wanted_)["classes"].empty(); }
  bool holds_embeddings() const { return is_there() && project_["payload"] == "embedding"; }

 private:
  const Backend& backend_;
  std::string name_;
  Json wanted_;
  Json project_;
};

// Rows of CSV or JSON from standard input.
static void read_input(loop::Importer& importer, const Progress& progress) {
  if (!importer.options().embeddings.empty())
    wrong_usage(
        "--embeddings belongs to a file, row by row; standard input cannot be counted first");
  std::string head(4096, 0);
  std::cin.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::cin.gcount()));
  if (head.empty()) refuse("standard input is empty; send CSV, JSON Lines or a JSON array");
  size_t passed = 0;
  const formats::ByteSource bytes = [&](char* buffer, size_t size) {
    if (passed == head.size()) {
      std::cin.read(buffer, static_cast<std::streamsize>(size));
      return static_cast<size_t>(std::cin.gcount());
    }
    const size_t count = std::min(size, head.size() - passed);
    std::memcpy(buffer, head.data() + passed, count);
    passed += count;
    return count;
  };
  formats::read_bytes(api::body_format("", head), bytes, importer.options().roles, 0,
                      importer.receiver(), progress);
  importer.finish();
}

static loop::KeepRows keep_rows(const Backend& backend, Destination& destination) {
  return [&](const storage::AddOptions& options, std::span<const NewExample> rows) {
    destination.project();
    const auto keep = backend.store ? loop::keep_in(*backend.store, destination.row().id, actor())
                                    : send_rows(backend, project_path(destination.name()));
    return keep(options, rows);
  };
}

// A folder's import of a file goes on where it stopped; rows sent to a server again are duplicates
// there.
static loop::ImportReport import_one(const Backend& backend, Destination& destination,
                                     const std::string& path, const loop::ImportOptions& options,
                                     const Progress& progress) {
  if (path != "-" && !std::filesystem::exists(path))
    fail(Code::not_found, "there is no file or folder {}", path);
  if (backend.store && path != "-") {
    if (destination.is_there()) {
      return loop::import_path(*backend.store, destination.row(), path, options, actor(), progress);
    }
    return loop::import_new(
        *backend.store, [&] { return destination.row().id; }, path, options, actor(), progress);
  }
  loop::Importer importer(keep_rows(backend, destination), options);
  if (path == "-") {
    read_input(importer, progress);
  } else {
    loop::read_rows(path, 0, importer, progress);
  }
  return importer.report();
}

// Where rejected rows go: to a file, or the first few to the terminal.
class Rejects {
 public:
  explicit Rejects(const std::string& path) {
    if (path.empty()) return;
    file_.open(path);
    if (!file_) refuse("cannot write the rejected rows to {}", path);
    file_ << "file,row,reason\n";
  }
  void add(const std::string& source, const formats::RowProblem& problem) {
    if (file_.is_open()) {
      file_ << csv_cell(source) << ',' << problem.row << ',' << csv_cell(problem.reason) << '\n';
    } else if (++shown_ <= 5) {
      std::fprintf(stderr, "row %lld: %s\n", static_cast<long long>(problem.row),
                   problem.reason.c_str());
    }
  }
  void end() const {
    if (shown_ <= 5) return;
    std::fprintf(stderr, "… %lld more; --rejects FILE lists them all\n",
                 static_cast<long long>(shown_ - 5));
  }

 private:
  std::ofstream file_;
  int64_t shown_ = 0;
};

static void print(const std::string& project, const loop::ImportReport& total, bool json) {
  if (json) {
    put_out("", Json{{"project", project},
                     {"accepted", total.accepted},
                     {"duplicates", total.duplicates},
                     {"rejected", total.rejected},
                     {"resumed_after", total.resumed_after}}
                        .dump() +
                    "\n");
    return;
  }
  put_out("", fmt::format("{} accepted, {} duplicate, {} rejected in {}\n", total.accepted,
                          total.duplicates, total.rejected, project));
  if (total.resumed_after) put_out("", fmt::format("resumed after row {}\n", total.resumed_after));
}

// A model of one class says it of everything, and labels of others are refused.
static void tell_of_one_class(const Json& project) {
  const Json& classes = project["classes"];
  if (classes.size() != 1) return;
  std::fprintf(stderr,
               "every label so far is %s; to label others, import a row of each with "
               "--add-classes\n",
               classes[0].get<std::string>().c_str());
}

static void compute_features(storage::Store& store, const Project& project) {
  if (project.counts.examples == 0) return;
  ProgressBar bar("features");
  loop::Workshop(store, project.id).features(bar.progress());
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.empty())
    wrong_usage(
        "import takes one or more files, or - for standard input; try querist import --help");
  if (invocation.text("project").empty())
    wrong_usage("pass --project NAME: where should the rows go?");
  loop::ImportOptions options;
  options.roles = roles_of(invocation);
  Json wanted = {{"name", invocation.text("project")},
                 {"task", invocation.text("task")},
                 {"classes", invocation.list("classes")}};
  const Backend backend = open_backend(invocation);
  Destination destination(backend, std::move(wanted));
  Rejects rejects(invocation.text("rejects"));
  std::string file;
  if (destination.holds_embeddings()) options.roles.expected = PayloadKind::embedding;
  options.embeddings = invocation.text("embeddings");
  options.add_classes = !destination.has_classes() || invocation.options.flag("add_classes");
  options.rejected = [&](const formats::RowProblem& problem) { rejects.add(file, problem); };
  loop::ImportReport total;
  {
    ProgressBar bar("importing");
    for (const std::string& path : invocation.arguments) {
      file = path;
      const auto report = import_one(backend, destination, path, options, bar.progress());
      total.accepted += report.accepted;
      total.duplicates += report.duplicates;
      total.rejected += report.rejected;
      total.resumed_after += report.resumed_after;
      options.add_classes = options.add_classes || report.add_classes;  // For the files after it.
    }
  }
  rejects.end();
  const bool json = invocation.options.flag("json");
  if (!destination.is_there()) {
    print(destination.name(), total, json);
    refuse("no row could be taken in, so the project {} was not made", destination.name());
  }
  tell_of_one_class(ask(backend, "GET", project_path(destination.name())));
  if (backend.store && !invocation.options.flag("no_features"))
    compute_features(*backend.store, destination.row());
  print(destination.name(), total, json);
  return 0;
}

Verb import() {
  return {
      .name = "import",
      .summary =
          "Bring examples into a project; creates it if it is new and resumes an interrupted "
          "import.",
      .arguments = "PATH...",
      .example = "querist import reviews.csv --project reviews --text body",
      .options = with_project(with_columns(
          {{.name = "group", .fallback = "", .help = "Column of a group that belongs together."},
           {.name = "time", .fallback = "", .help = "Column of a time."},
           {.name = "classes",
            .fallback = "",
            .help = "Class names for a new project, as a line of CSV."},
           {.name = "add_classes",
            .fallback = false,
            .help = "Let new labels become classes of an old project."},
           {.name = "task",
            .fallback = "classification",
            .choices = {"classification"},
            .help = "Kind of task."},
           {.name = "rejects",
            .fallback = "",
            .help = "Write rejected rows (number, reason) to this CSV."},
           {.name = "no_features",
            .fallback = false,
            .help = "Leave computing features to the first use; a server always does."},
           json_option()})),
      .run = run,
  };
}

}  // namespace querist::app
