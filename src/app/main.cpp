// The binary's table of contents.
#include "app/verb.h"

namespace querist::app {

Verb simulate();
Verb select();
Verb strategies();
Verb learners();
Verb featurizers();
Verb formats();
Verb reference_verb();

std::vector<Verb> verbs() {
  return {simulate(),    select(),  strategies(),    learners(),
          featurizers(), formats(), reference_verb()};
}

}  // namespace querist::app

int main(int argc, char** argv) { return querist::app::run_command_line(argc, argv); }
