// The settings of a project, one self-describing row each; the page, the CLI and the API read these
// rows.
#pragma once

#include "base/params.h"

namespace querist {

ParamSpecs project_settings();

}  // namespace querist
