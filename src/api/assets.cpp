// The empty page: the linker takes it only where no built page is linked in.
#include "api/assets.h"

namespace querist::api {

const std::vector<Asset>& embedded_assets() {
  static const std::vector<Asset> none;
  return none;
}

}  // namespace querist::api
