# The sanitizer and the instrumentation of a build. Knows PAWL_SANITIZE, PAWL_FUZZ, PAWL_COVERAGE.
include_guard(GLOBAL)

set(pawl_sanitizers "" address thread)
if(NOT PAWL_SANITIZE IN_LIST pawl_sanitizers)
    message(FATAL_ERROR
        "PAWL_SANITIZE=${PAWL_SANITIZE} is not known: use 'address', 'thread' or leave it empty")
endif()
if(PAWL_FUZZ AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "PAWL_FUZZ needs clang: configure with 'cmake --preset fuzz'")
endif()

function(pawl_sanitize target)
    set(flags "")
    if(PAWL_SANITIZE STREQUAL "address")
        # undefined behaviour ends the test: a report that nobody reads is no check
        list(APPEND flags -fsanitize=address,undefined -fno-sanitize-recover=all)
    elseif(PAWL_SANITIZE STREQUAL "thread")
        list(APPEND flags -fsanitize=thread)
    endif()
    if(PAWL_COVERAGE)
        list(APPEND flags --coverage)
    endif()
    target_compile_options(${target} PRIVATE ${flags})
    target_link_options(${target} PRIVATE ${flags})
    # A fuzzer is guided by what the libraries reach; a test program of its own needs no counters.
    get_target_property(type ${target} TYPE)
    if(PAWL_FUZZ AND NOT type STREQUAL "EXECUTABLE")
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
endfunction()
