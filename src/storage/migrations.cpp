// The rows that the build made of migrations/*.sql.
#include "storage/database.h"

namespace querist::storage {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> rows = {
#include "migrations.list"
  };
  return rows;
}

}  // namespace querist::storage
