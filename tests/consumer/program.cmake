# Configures, builds and runs one program outside this build, as a user would. Knows the prefix only.
function(step what)
    execute_process(COMMAND ${ARGN}
        RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${what} failed:\n${output}")
    endif()
    message("${output}")
endfunction()

# clang's undefined-behaviour checks of the C++ inside the library need a C++ part that a C link lacks.
set(link_flags "")
if(FLAGS MATCHES "undefined" AND C_COMPILER MATCHES "clang")
    set(link_flags "-fsanitize-link-c++-runtime -l:libstdc++.so.6")
endif()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/run")
step("configuring" "${CMAKE_COMMAND}" -G Ninja -S "${SOURCE}" -B "${WORK}/build"
    "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}"
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
    "-DCMAKE_C_FLAGS=${FLAGS}" "-DCMAKE_CXX_FLAGS=${FLAGS}"
    "-DCMAKE_EXE_LINKER_FLAGS=${link_flags}")
step("building" "${CMAKE_COMMAND}" --build "${WORK}/build")
step("running" "${WORK}/build/consumer" "${WORK}/run/journal")
