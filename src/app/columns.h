// Which columns of a file play which part: the options of import and simulate, and their reading.
#pragma once

#include "app/verb.h"
#include "formats/format.h"

namespace querist::app {

// --text, --columns, --image, --embeddings, --label, --id, --split, before a verb's own.
ParamSpecs with_columns(ParamSpecs own);
// As they say; --group and --time where the verb has them.
formats::Roles roles_of(const Invocation& invocation);

}  // namespace querist::app
