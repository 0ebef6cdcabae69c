# How tests and fuzzers are declared. Knows GoogleTest and rapidcheck; no test by name.
include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/warnings.cmake")

# Sanitizers slow a test down by a known amount; a limit in seconds means "in release".
set(pawl_timeout_scale 1)
if(NOT PAWL_SANITIZE STREQUAL "" OR PAWL_COVERAGE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(pawl_timeout_scale 8)
endif()

# What the thread sanitizer runs; its build needs no other program.
add_custom_target(pawl_concurrent_tests)

function(pawl_test_properties name labels timeout)
    if(NOT timeout)
        set(timeout 120)
    endif()
    math(EXPR timeout "${timeout} * ${pawl_timeout_scale}")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} LABELS "${labels}"
        ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1")
endfunction()

# pawl_add_test(NAME x SOURCES … LIBRARIES … [LABELS …] [TIMEOUT seconds])
# One GoogleTest program x_test, one ctest entry x. rapidcheck is linked; PAWL_SOURCE_DIR is defined as
# the path of the checkout. Labels with a meaning: concurrent (run under tsan), bench-smoke, crash.
function(pawl_add_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;LIBRARIES;LABELS")
    add_executable(${arg_NAME}_test ${arg_SOURCES})
    pawl_warnings(${arg_NAME}_test)
    target_compile_definitions(${arg_NAME}_test PRIVATE PAWL_SOURCE_DIR="${pawl_SOURCE_DIR}")
    target_link_libraries(${arg_NAME}_test PRIVATE
        ${arg_LIBRARIES} rapidcheck GTest::gtest_main Threads::Threads)
    if("concurrent" IN_LIST arg_LABELS)
        add_dependencies(pawl_concurrent_tests ${arg_NAME}_test)
    endif()
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME}_test)
    pawl_test_properties(${arg_NAME} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()

# pawl_add_fuzzer(NAME x SOURCES … CORPUS directory LIBRARIES …)
# The sources define LLVMFuzzerTestOneInput. Always: ctest entry fuzz_x, which runs it over every file
# of the corpus. With PAWL_FUZZ=ON also the program x_fuzzer to search for more.
function(pawl_add_fuzzer)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;CORPUS" "SOURCES;LIBRARIES")
    get_filename_component(corpus "${arg_CORPUS}" ABSOLUTE)
    add_executable(${arg_NAME}_replay "${pawl_SOURCE_DIR}/tests/fuzz/replay.cpp" ${arg_SOURCES})
    pawl_warnings(${arg_NAME}_replay)
    target_link_libraries(${arg_NAME}_replay PRIVATE ${arg_LIBRARIES} Threads::Threads)
    add_test(NAME fuzz_${arg_NAME} COMMAND ${arg_NAME}_replay "${corpus}")
    pawl_test_properties(fuzz_${arg_NAME} "fuzz" 60)
    if(PAWL_FUZZ)
        add_executable(${arg_NAME}_fuzzer ${arg_SOURCES})
        pawl_warnings(${arg_NAME}_fuzzer)
        target_link_libraries(${arg_NAME}_fuzzer PRIVATE ${arg_LIBRARIES} Threads::Threads)
        target_compile_options(${arg_NAME}_fuzzer PRIVATE -fsanitize=fuzzer-no-link)
        target_link_options(${arg_NAME}_fuzzer PRIVATE -fsanitize=fuzzer)
        set_target_properties(${arg_NAME}_fuzzer PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
        file(WRITE "${CMAKE_BINARY_DIR}/fuzzers/${arg_NAME}.corpus" "${corpus}")
    endif()
endfunction()

# pawl_add_smoke(NAME x COMMAND … [LABELS …] [TIMEOUT seconds]): a program that must end with 0.
function(pawl_add_smoke)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "COMMAND;LABELS")
    add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND})
    pawl_test_properties(${arg_NAME} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()
