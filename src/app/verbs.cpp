// The program's table of contents.
#include "app/cards.h"

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
Verb settings_verb();
Verb simulate();
Verb select();
Verb quality();
Verb export_verb();
Verb models();
Verb ledger();
Verb users_verb();
Verb tokens_verb();
Verb reference_verb();

std::vector<Verb> verbs() {
  std::vector<Verb> all = {serve(),         import(),     run_verb(),      next_verb(),
                           annotate_verb(), train_verb(), evaluate_verb(), leakage_verb(),
                           predict(),       status(),     settings_verb(), simulate(),
                           select(),        quality(),    export_verb(),   models(),
                           ledger(),        users_verb(), tokens_verb()};
  for (PluginKind& kind : plugin_kinds()) all.push_back(std::move(kind.verb));
  all.push_back(reference_verb());
  return all;
}

}  // namespace querist::app
