# The headers of hnswlib 0.8.0 (Apache-2.0), which no package installs: from its source distribution,
# fetched by pip and compared with the digest below, or from a folder that HNSWLIB_INCLUDE_DIR names.
# Every build gets them here: wheels, editable installs, C++ tests.
set(HNSWLIB_INCLUDE_DIR "" CACHE PATH "folder that holds hnswlib/hnswlib.h of 0.8.0; empty: pip fetches it")
set(hnswlib_sha256 cb6d037eedebb34a7134e7dc78966441dfd04c9cf5ee93911be911ced951c44c)

set(hnswlib_cure "For a build without a network, unpack hnswlib-0.8.0.tar.gz of PyPI and name its folder: "
                 "cmake -DHNSWLIB_INCLUDE_DIR=<folder>/hnswlib-0.8.0, or "
                 "pip install . -C cmake.define.HNSWLIB_INCLUDE_DIR=<folder>/hnswlib-0.8.0 (an absolute path).")

if(HNSWLIB_INCLUDE_DIR)
  set(hnswlib_headers_at "${HNSWLIB_INCLUDE_DIR}")
else()
  find_package(Python REQUIRED COMPONENTS Interpreter)
  set(hnswlib_room "${CMAKE_CURRENT_BINARY_DIR}/hnswlib")
  set(hnswlib_archive "${hnswlib_room}/hnswlib-0.8.0.tar.gz")
  if(NOT EXISTS "${hnswlib_archive}")
    # Only hnswlib is wanted as source: with ":all:" pip would compile numpy to read its metadata.
    execute_process(
      COMMAND "${Python_EXECUTABLE}" -m pip download --quiet --disable-pip-version-check --no-deps
              --no-binary hnswlib --dest "${hnswlib_room}" hnswlib==0.8.0
      RESULT_VARIABLE hnswlib_failed
      ERROR_VARIABLE hnswlib_said)
    if(hnswlib_failed)
      message(FATAL_ERROR "pip could not fetch the headers of hnswlib 0.8.0: ${hnswlib_said}\n" ${hnswlib_cure})
    endif()
  endif()
  file(SHA256 "${hnswlib_archive}" hnswlib_got)
  if(NOT hnswlib_got STREQUAL hnswlib_sha256)
    file(REMOVE "${hnswlib_archive}")
    message(FATAL_ERROR "what pip fetched as hnswlib 0.8.0 has the SHA-256 ${hnswlib_got}, not "
                        "${hnswlib_sha256}.\n" ${hnswlib_cure})
  endif()
  file(ARCHIVE_EXTRACT INPUT "${hnswlib_archive}" DESTINATION "${hnswlib_room}")
  set(hnswlib_headers_at "${hnswlib_room}/hnswlib-0.8.0")
endif()
if(NOT EXISTS "${hnswlib_headers_at}/hnswlib/hnswalg.h")
  message(FATAL_ERROR "there is no hnswlib/hnswalg.h in ${hnswlib_headers_at}.\n" ${hnswlib_cure})
endif()

# Its own SIMD is chosen when it is compiled, ours when it runs: distances are ours.
add_library(hnswlib_headers INTERFACE)
target_include_directories(hnswlib_headers SYSTEM INTERFACE "${hnswlib_headers_at}")
target_compile_definitions(hnswlib_headers INTERFACE NO_MANUAL_VECTORIZATION)
