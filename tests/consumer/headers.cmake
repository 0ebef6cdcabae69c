# Asks the compiler which files the installed headers read: ours, the compiler's and the C library's.
# Knows where a system keeps its own headers; not what is in ours.
file(GLOB_RECURSE cpp_headers RELATIVE "${PREFIX}/include" "${PREFIX}/include/*.hpp")
file(GLOB_RECURSE c_headers RELATIVE "${PREFIX}/include" "${PREFIX}/include/*.h")
if(NOT cpp_headers)
    message(FATAL_ERROR "no header was installed below ${PREFIX}/include")
endif()

# what a program without any library installed would find
set(own "^${PREFIX}/include/pawl/")
set(system
    "/c\\+\\+/" "^/usr/lib/gcc/" "^/usr/lib/llvm" "^/usr/lib/clang/"
    "^/usr/include/(linux|asm-generic)/" "^/usr/include/[^/]*-linux-gnu/(asm|bits|gnu|sys)/"
    "^/usr/include/(alloca|assert|ctype|dlfcn|endian|errno|features|features-time64|inttypes)\\.h$"
    "^/usr/include/(libintl|limits|link|locale|malloc|math|pthread|sched|semaphore|signal)\\.h$"
    "^/usr/include/(stdc-predef|stdint|stdio|stdlib|string|strings|syscall|time|unistd)\\.h$"
    "^/usr/include/(wchar|wctype|uchar)\\.h$")

function(check_reads language compiler standard)
    set(source "${WORK}/reads.${language}")
    file(WRITE "${source}" "")
    foreach(header IN LISTS ARGN)
        file(APPEND "${source}" "#include <${header}>\n")
    endforeach()
    execute_process(COMMAND "${compiler}" -std=${standard} -M "-I${PREFIX}/include" "${source}"
        RESULT_VARIABLE status OUTPUT_VARIABLE reads ERROR_VARIABLE problem)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "the installed headers do not compile:\n${problem}")
    endif()
    string(REGEX REPLACE "^[^:]*:" "" reads "${reads}")
    string(REGEX REPLACE "[\\\n ]+" ";" reads "${reads}")
    set(strangers "")
    foreach(file IN LISTS reads)
        if(file STREQUAL "" OR file STREQUAL source OR file MATCHES "${own}")
            continue()
        endif()
        get_filename_component(file "${file}" REALPATH)
        set(known FALSE)
        foreach(place IN LISTS system)
            if(file MATCHES "${place}")
                set(known TRUE)
                break()
            endif()
        endforeach()
        if(NOT known)
            list(APPEND strangers "${file}")
        endif()
    endforeach()
    if(strangers)
        message(FATAL_ERROR "the installed headers read more than the standard library: ${strangers}")
    endif()
    list(LENGTH ARGN count)
    message("${count} headers for ${standard} read nothing but the standard library")
endfunction()

check_reads(cpp "${CXX_COMPILER}" c++20 ${cpp_headers} ${c_headers})
if(c_headers)
    check_reads(c "${C_COMPILER}" c11 ${c_headers})
endif()
