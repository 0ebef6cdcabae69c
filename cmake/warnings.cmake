# How our own code is compiled: warnings, includes, frame pointers. Knows no target by name.
include_guard(GLOBAL)

# pawl_warnings(target): call it once for every target with our own sources. Sets the warnings, the
# sanitizer of this build and the two include roots ("pawl/…" from include/, "journal/…" from the root).
function(pawl_warnings target)
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -fno-omit-frame-pointer)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        # g++ 12 sees overlapping copies inside std::string at -O2 and above that are not there
        # (GCC bug 105651, repaired in 13); no line of ours can be written so that it never does
        target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    # Instrumented code makes g++ doubt what it can prove otherwise: std::regex, for one.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT PAWL_SANITIZE STREQUAL "")
        target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    if(PAWL_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    target_include_directories(${target} PRIVATE
        "${pawl_SOURCE_DIR}" "${pawl_SOURCE_DIR}/include")
    set_target_properties(${target} PROPERTIES
        CXX_EXTENSIONS OFF CXX_STANDARD_REQUIRED ON C_STANDARD 11 POSITION_INDEPENDENT_CODE ON)
    pawl_sanitize(${target})
endfunction()
