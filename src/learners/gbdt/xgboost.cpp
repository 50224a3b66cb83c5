// The one home of XGBoost's C interface (Chen and Guestrin 2016).
#include "learners/gbdt/xgboost.h"

#include <dlfcn.h>
#include <xgboost/c_api.h>

#include <vector>

#include "base/interrupt.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

static constexpr const char* library = "libxgboost.so.0";

// Where else it may lie: written before the first training, by whoever knows.
static std::string& fallback_path() {
  static std::string path;
  return path;
}

void set_xgboost_fallback(const std::string& path) { fallback_path() = path; }

// The system's, else the fallback; null with the reason in dlerror().
static void* open_library() {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle && !fallback_path().empty())
    handle = dlopen(fallback_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  return handle;
}

bool has_xgboost() {
  static const bool is_there = open_library() != nullptr;
  return is_there;
}

// The functions that we call.
struct XgboostLibrary {
  decltype(&XGBGetLastError) last_error;
  decltype(&XGBSetGlobalConfig) set_global_config;
  decltype(&XGDMatrixCreateFromDense) matrix_from_dense;
  decltype(&XGDMatrixCreateFromCSR) matrix_from_csr;
  decltype(&XGDMatrixSetFloatInfo) set_float_info;
  decltype(&XGDMatrixFree) free_matrix;
  decltype(&XGBoosterCreate) create;
  decltype(&XGBoosterFree) free_booster;
  decltype(&XGBoosterSetParam) set_param;
  decltype(&XGBoosterLoadModelFromBuffer) load_model;
  decltype(&XGBoosterUpdateOneIter) update;
  decltype(&XGBoosterSaveModelToBuffer) save_model;

  XgboostLibrary() {
    void* handle = open_library();
    if (!handle) {
      fail(
          Code::unavailable,
          "gbdt needs {} (Debian package libxgboost0; from Python the xgboost or xgboost-cpu wheel "
          "will do), which did not open: {}",
          library, dlerror());
    }
    find(handle, "XGBGetLastError", last_error);
    find(handle, "XGBSetGlobalConfig", set_global_config);
    find(handle, "XGDMatrixCreateFromDense", matrix_from_dense);
    find(handle, "XGDMatrixCreateFromCSR", matrix_from_csr);
    find(handle, "XGDMatrixSetFloatInfo", set_float_info);
    find(handle, "XGDMatrixFree", free_matrix);
    find(handle, "XGBoosterCreate", create);
    find(handle, "XGBoosterFree", free_booster);
    find(handle, "XGBoosterSetParam", set_param);
    find(handle, "XGBoosterLoadModelFromBuffer", load_model);
    find(handle, "XGBoosterUpdateOneIter", update);
    find(handle, "XGBoosterSaveModelToBuffer", save_model);
  }

  template <class Function>
  static void find(void* handle, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (!function) fail(Code::unavailable, "{} has no {}: it is of another version", library, name);
  }

  // The library's message is a place in its source, a sentence and a stack trace: the sentence.
  void check(int status) const {
    if (status == 0) return;
    std::string_view said = last_error();
    said = said.substr(0, said.find('\n'));
    if (const size_t at = said.find(": "); said.starts_with('[') && at != said.npos)
      said.remove_prefix(at + 2);
    fail(Code::internal, "XGBoost failed: {}", said);
  }
};

// Never closed: its threads' storage is of the library.
static const XgboostLibrary& xgboost() {
  static const XgboostLibrary one;
  return one;
}

// An array as NumPy describes it.
static std::string describe(const void* data, const char* type, const std::string& shape) {
  return fmt::format(R"({{"data":[{},true],"shape":[{}],"typestr":"{}","version":3}})",
                     reinterpret_cast<uintptr_t>(data), shape, type);
}

// The library's own form of the rows; 8 bytes an entry that is not zero.
class TrainingMatrix {
 public:
  explicit TrainingMatrix(const Features& x) {
    static constexpr const char* config = R"({"missing":0.0,"nthread":1})";
    if (x.kind == Features::Kind::sparse) {
      std::vector<int64_t> offsets(x.rows + 1);
      const int64_t first = x.sparse.offsets[0];
      for (size_t i = 0; i <= x.rows; ++i) offsets[i] = x.sparse.offsets[i] - first;
      // No entries at all: arrays of one that nothing points to.
      static constexpr int32_t no_column = 0;
      static constexpr float no_value = 0;
      const bool none = offsets.back() == 0;
      const std::string count = std::to_string(none ? 1 : offsets.back());
      xgboost().check(xgboost().matrix_from_csr(
          describe(offsets.data(), "<i8", std::to_string(x.rows + 1)).c_str(),
          describe(none ? &no_column : x.sparse.columns + first, "<i4", count).c_str(),
          describe(none ? &no_value : x.sparse.values + first, "<f4", count).c_str(), x.cols,
          config, &handle_));
      return;
    }
    std::vector<float> wide;
    const float* values = x.dense;
    if (x.kind == Features::Kind::half) {
      wide.resize(x.rows * x.cols);
      kernels::widen_halves(x.half, wide.size(), wide.data());
      values = wide.data();
    }
    const std::string shape = fmt::format("{},{}", x.rows, x.cols);
    xgboost().check(
        xgboost().matrix_from_dense(describe(values, "<f4", shape).c_str(), config, &handle_));
  }
  ~TrainingMatrix() { xgboost().free_matrix(handle_); }
  TrainingMatrix(const TrainingMatrix&) = delete;
  TrainingMatrix& operator=(const TrainingMatrix&) = delete;

  void set(const char* field, std::span<const float> values) {
    xgboost().check(xgboost().set_float_info(handle_, field, values.data(), values.size()));
  }
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

class Booster {
 public:
  explicit Booster(const TrainingMatrix& rows) {
    const DMatrixHandle handle = rows.handle();
    xgboost().check(xgboost().create(&handle, 1, &handle_));
  }
  ~Booster() { xgboost().free_booster(handle_); }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;

  void set(const char* name, const std::string& value) {
    xgboost().check(xgboost().set_param(handle_, name, value.c_str()));
  }
  void load(const std::string& bytes) {
    xgboost().check(xgboost().load_model(handle_, bytes.data(), bytes.size()));
  }
  void add_round(const TrainingMatrix& rows, int64_t round) {
    xgboost().check(xgboost().update(handle_, static_cast<int>(round), rows.handle()));
  }
  std::string save() const {
    bst_ulong size = 0;
    const char* bytes = nullptr;
    xgboost().check(xgboost().save_model(handle_, R"({"format":"ubj"})", &size, &bytes));
    return {bytes, size};
  }

 private:
  BoosterHandle handle_ = nullptr;
};

static void configure(Booster& booster, const BoostingSettings& settings) {
  booster.set("nthread", "1");
  booster.set("verbosity", "0");
  booster.set("disable_default_eval_metric", "1");
  booster.set("tree_method", "hist");
  booster.set("objective", settings.objective);
  if (settings.classes > 2) booster.set("num_class", std::to_string(settings.classes));
  // Scores start at 0: of the log odds, or of targets that are centred.
  booster.set("base_score", settings.objective == "reg:squarederror" ? "0" : "0.5");
  booster.set("eta", fmt::format("{}", settings.learning_rate));
  booster.set("max_depth", std::to_string(settings.max_depth));
  booster.set("min_child_weight", fmt::format("{}", settings.min_child_weight));
  booster.set("lambda", fmt::format("{}", settings.reg_lambda));
  booster.set("subsample", fmt::format("{}", settings.subsample));
  booster.set("colsample_bytree", fmt::format("{}", settings.colsample_bytree));
  booster.set("seed", std::to_string(settings.seed & 0x7fffffff));
}

std::string boost(const Features& features, std::span<const float> answers,
                  std::span<const float> weights, const BoostingSettings& settings,
                  const std::string& earlier, const Progress& progress) {
  xgboost().check(xgboost().set_global_config(R"({"verbosity":0})"));
  TrainingMatrix rows(features);
  rows.set("label", answers);
  rows.set("weight", weights);
  Booster booster(rows);
  if (!earlier.empty()) booster.load(earlier);
  configure(booster, settings);
  for (int64_t round = 0; round < settings.rounds; ++round) {
    progress.check();
    check_interrupt();
    progress.at(static_cast<double>(round), static_cast<double>(settings.rounds), "rounds");
    booster.add_round(rows, round);
  }
  return booster.save();
}

}  // namespace querist::learners
