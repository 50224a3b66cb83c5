// What the API's handlers ask of the loop, answered by the workshops.
#pragma once

#include "api/app.h"
#include "loop/workshop.h"

namespace querist::app {

api::LoopDoors loop_doors(loop::Workshops& workshops);

}  // namespace querist::app
