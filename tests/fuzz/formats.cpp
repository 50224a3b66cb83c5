// Entry for a coverage-guided fuzzer: the first byte chooses the format, the rest is its file.
#include "formats.h"

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace querist::formats;
  if (size == 0) return 0;
  const Format& format = all()[data[0] % all().size()];
  if (format.name == "image_folder")
    return 0;  // Its input is a folder; its files go through archive as well.
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("fuzz-{}-idx3-ubyte", ::getpid());
  read_anything(format, path, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
