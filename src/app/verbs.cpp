// The program's table of contents.
#include "app/verb.h"

namespace querist::app {

Verb serve();
Verb import();
Verb run_verb();
Verb next_verb();
Verb annotate_verb();
Verb train_verb();
Verb evaluate_verb();
Verb leakage_verb();
Verb predict();
Verb status();
Verb simulate();
Verb select();
Verb quality();
Verb export_verb();
Verb models();
Verb ledger();
Verb users_verb();
Verb tokens_verb();
Verb strategies();
Verb streams();
Verb learners();
Verb featurizers();
Verb formats();
Verb reference_verb();

std::vector<Verb> verbs() {
  return {serve(),      import(),        run_verb(),     next_verb(),     annotate_verb(),
          train_verb(), evaluate_verb(), leakage_verb(), predict(),       status(),
          simulate(),   select(),        quality(),      export_verb(),   models(),
          ledger(),     users_verb(),    tokens_verb(),  strategies(),    streams(),
          learners(),   featurizers(),   formats(),      reference_verb()};
}

}  // namespace querist::app
