# Each public header is compiled alone. Knows the folder include/; not what is in it.
include_guard(GLOBAL)

# A glob on purpose, the only one: a header that somebody forgot to list would go unproven.
function(pawl_check_headers)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${pawl_SOURCE_DIR}/include"
        "${pawl_SOURCE_DIR}/include/*.hpp" "${pawl_SOURCE_DIR}/include/*.h")
    set(sources "")
    foreach(header IN LISTS headers)
        # a .h header is for C programs and must also be one for C++ programs
        set(kinds cpp)
        if(header MATCHES "\\.h$")
            set(kinds c cpp)
        endif()
        foreach(kind IN LISTS kinds)
            set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.${kind}")
            file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n")
            list(APPEND sources "${source}")
        endforeach()
    endforeach()
    add_library(pawl_headers OBJECT ${sources})
    target_compile_features(pawl_headers PRIVATE cxx_std_20)
    target_compile_options(pawl_headers PRIVATE -Wall -Wextra -Wpedantic -Wshadow
        -Wconversion $<$<BOOL:${PAWL_WERROR}>:-Werror>)
    target_include_directories(pawl_headers PRIVATE "${pawl_SOURCE_DIR}/include")
    set_target_properties(pawl_headers PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
