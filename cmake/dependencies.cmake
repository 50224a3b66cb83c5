# Every library, all from Debian 12; docs/decisions/0002-libraries.md says why these.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(LibArchive REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# CBLAS: the OpenMP flavour by name, not through the libblas.so.3 alternative; the RUNPATH keeps it at run time.
find_path(OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas-openmp ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp REQUIRED)
find_library(OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas-openmp ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp REQUIRED)
add_library(dep_blas INTERFACE)
target_include_directories(dep_blas SYSTEM INTERFACE ${OPENBLAS_INCLUDE})
target_link_libraries(dep_blas INTERFACE ${OPENBLAS_LIBRARY})
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

# oneDNN: its headers alone; libdnnl.so.2 is opened at run time, where it is (docs/decisions/0007-bfloat16-filter.md).
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
add_library(dep_dnnl INTERFACE)
target_include_directories(dep_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE})
target_link_libraries(dep_dnnl INTERFACE ${CMAKE_DL_LIBS})

# XGBoost is opened at run time by the first boosting (src/learners/gbdt/xgboost.cpp): linked, it would cost every start 4 ms. The
# build needs its header alone; its CMake package asks for the command line tool, which is another Debian package.
find_path(XGBOOST_INCLUDE xgboost/c_api.h REQUIRED)
