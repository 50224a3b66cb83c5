// querist import: files into a project.
#include <cstdio>
#include <fstream>

#include "app/open.h"
#include "app/progress_bar.h"
#include "app/text.h"
#include "base/error.h"
#include "loop/import.h"
#include "loop/workshop.h"

namespace querist::app {

static formats::Roles roles_of(const Invocation& invocation) {
  formats::Roles roles;
  roles.text = invocation.text("text");
  roles.image = invocation.text("image");
  roles.columns = invocation.list("columns");
  roles.label = invocation.text("label");
  roles.id = invocation.text("id");
  roles.group = invocation.text("group");
  roles.time = invocation.text("time");
  roles.split = invocation.text("split");
  return roles;
}

static Project project_for(storage::Store& store, const Invocation& invocation) {
  const std::string name = invocation.text("project");
  if (name.empty()) refuse("pass --project NAME: where should the rows go?");
  if (auto found = storage::find_project(store, name)) return *found;
  storage::NewProject input;
  input.name = name;
  input.task = invocation.text("task");
  input.classes = invocation.list("classes");
  return storage::create_project(store, input, actor());
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.empty())
    refuse("import takes one or more files; try querist import --help");
  const auto store = open_folder(invocation);
  const Project project = project_for(*store, invocation);
  loop::ImportOptions options;
  options.roles = roles_of(invocation);
  options.embeddings = invocation.text("embeddings");
  options.add_classes = project.classes.empty() || invocation.options.flag("add_classes");
  std::ofstream rejects;
  if (!invocation.text("rejects").empty()) {
    rejects.open(invocation.text("rejects"));
    if (!rejects) refuse("cannot write the rejected rows to {}", invocation.text("rejects"));
    rejects << "file,row,reason\n";
  }
  int64_t shown = 0;
  std::string file;
  options.rejected = [&](const formats::RowProblem& problem) {
    if (rejects.is_open()) {
      rejects << csv_cell(file) << ',' << problem.row << ',' << csv_cell(problem.reason) << '\n';
    } else if (++shown <= 5) {
      std::fprintf(stderr, "row %lld: %s\n", static_cast<long long>(problem.row),
                   problem.reason.c_str());
    }
  };
  loop::ImportReport total;
  {
    ProgressBar bar("importing");
    for (const std::string& path : invocation.arguments) {
      file = path;
      const auto report =
          loop::import_path(*store, project, path, options, actor(), bar.progress());
      total.accepted += report.accepted;
      total.duplicates += report.duplicates;
      total.rejected += report.rejected;
      total.resumed_after += report.resumed_after;
    }
  }
  if (shown > 5)
    std::fprintf(stderr, "… %lld more; --rejects FILE lists them all\n",
                 static_cast<long long>(shown - 5));
  if (storage::project(*store, project.name).counts.examples > 0 &&
      !invocation.options.flag("no_features")) {
    ProgressBar bar("features");
    loop::Workshop(*store, project.id).features(bar.progress());
  }
  if (invocation.options.flag("json")) {
    put_out("", Json{{"project", project.name},
                     {"accepted", total.accepted},
                     {"duplicates", total.duplicates},
                     {"rejected", total.rejected},
                     {"resumed_after", total.resumed_after}}
                        .dump() +
                    "\n");
  } else {
    std::printf("%lld accepted, %lld duplicate, %lld rejected in %s\n",
                static_cast<long long>(total.accepted), static_cast<long long>(total.duplicates),
                static_cast<long long>(total.rejected), project.name.c_str());
    if (total.resumed_after)
      std::printf("resumed after row %lld\n", static_cast<long long>(total.resumed_after));
  }
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
      .options =
          {project_option(),
           data_dir_option(),
           {.name = "text", .fallback = "", .help = "Column of the text."},
           {.name = "image", .fallback = "", .help = "Column of image paths."},
           {.name = "columns", .fallback = "", .help = "Columns of a table row, comma-separated."},
           {.name = "embeddings",
            .fallback = "",
            .help = "An .npy of features, one row a data row."},
           {.name = "label", .fallback = "", .help = "Column of labels that are already known."},
           {.name = "id",
            .fallback = "",
            .help = "Column of the row's own id; duplicates are found by it."},
           {.name = "group", .fallback = "", .help = "Column of a group that belongs together."},
           {.name = "time", .fallback = "", .help = "Column of a time."},
           {.name = "split", .fallback = "", .help = "Column of a split."},
           {.name = "classes",
            .fallback = "",
            .help = "Class names, comma-separated, for a new project."},
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
            .help = "Leave computing features to the first use."},
           json_option()},
      .run = run,
  };
}

}  // namespace querist::app
