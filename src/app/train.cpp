// querist train: a model now.
#include "app/backend.h"
#include "app/evaluation_text.h"
#include "app/progress_bar.h"
#include "base/error.h"

namespace querist::app {

Verb train_verb() {
  return {.name = "train",
          .summary =
              "Train on the labels there are, without waiting for the open batch, and choose the "
              "next one.",
          .example = "querist train --project sms",
          .options = with_project({json_option()}),
          .run = [](const Invocation& invocation) {
            const Backend backend = open_backend(invocation);
            const std::string project = chosen_project(backend, invocation);
            {
              ProgressBar bar("training");
              backend.turn(project, true, bar.progress());
            }
            const Json progress = ask(backend, "GET", project_path(project) + "/progress");
            if (progress["model"].is_null()) refuse("there is no label to train on yet");
            put_out("", invocation.options.flag("json") ? progress["metrics"].dump() + "\n"
                                                        : metrics_text(progress));
            return 0;
          }};
}

}  // namespace querist::app
