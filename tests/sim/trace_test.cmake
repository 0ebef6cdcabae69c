# The program PROGRAM twice: the same lives are the same in two processes; and what clients hear in
# orderly ones is what the file RECORD says, with every compiler. When the engine is meant to answer
# differently: sim_trace --orderly > tests/sim/heard.txt
foreach(run IN ITEMS first second)
    execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE ${run} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "sim_trace ended with ${result}")
    endif()
endforeach()
if(NOT first STREQUAL second)
    message(FATAL_ERROR "the same seeds, two different lives:\n${first}${second}")
endif()
execute_process(COMMAND "${PROGRAM}" --orderly OUTPUT_VARIABLE heard RESULT_VARIABLE result)
file(READ "${RECORD}" recorded)
if(NOT result EQUAL 0 OR NOT heard STREQUAL recorded)
    message(FATAL_ERROR "clients heard\n${heard}${RECORD} has\n${recorded}")
endif()
