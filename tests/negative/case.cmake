# Compiles one file twice: as it is, which must work, and with -DMISTAKE=1, which must fail and say so.
# Knows the compiler; not what the mistake is.   cmake -D COMPILER=… -D INCLUDE=… -D CASE=… -P case.cmake
file(STRINGS "${CASE}" expected REGEX "^// EXPECT: ")
list(TRANSFORM expected REPLACE "^// EXPECT: " "")
if(NOT expected)
    message(FATAL_ERROR "${CASE}: no line '// EXPECT: text': say what the compiler must answer")
endif()

set(command "${COMPILER}" -std=c++20 -fsyntax-only -Wall -Wextra -Werror "-I${INCLUDE}" "${CASE}")
execute_process(COMMAND ${command} -DMISTAKE=0
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "without the mistake it must compile, and does not:\n${output}")
endif()

execute_process(COMMAND ${command} -DMISTAKE=1
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
    message(FATAL_ERROR "with the mistake it must not compile, and does: expected '${expected}'")
endif()
foreach(text IN LISTS expected)
    string(FIND "${output}" "${text}" place)
    if(place EQUAL -1)
        message(FATAL_ERROR "the compiler does not say '${text}':\n${output}")
    endif()
endforeach()
