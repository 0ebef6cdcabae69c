# How benchmarks are declared: each is also a test with a tiny input. Knows Google Benchmark.
include_guard(GLOBAL)

# pawl_add_bench(NAME x SOURCES … LIBRARIES …): one component, Google Benchmark, program bench/x.
# ctest entry bench_x runs every case for an instant: it proves that they work, not how fast.
function(pawl_add_bench)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LIBRARIES")
    add_executable(bench_${arg_NAME} ${arg_SOURCES})
    pawl_warnings(bench_${arg_NAME})
    set_target_properties(bench_${arg_NAME} PROPERTIES OUTPUT_NAME ${arg_NAME})
    target_link_libraries(bench_${arg_NAME} PRIVATE
        ${arg_LIBRARIES} benchmark::benchmark_main Threads::Threads)
    if(PAWL_TESTS)
        pawl_add_smoke(NAME bench_${arg_NAME} LABELS bench-smoke TIMEOUT 60
            COMMAND bench_${arg_NAME} --benchmark_min_time=0.001)
    endif()
endfunction()

# pawl_add_perf(NAME x SOURCES … LIBRARIES … SMOKE arguments…): a whole path, a program of its own.
# ctest entry perf_x runs it with the tiny arguments.
function(pawl_add_perf)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LIBRARIES;SMOKE")
    add_executable(perf_${arg_NAME} ${arg_SOURCES})
    pawl_warnings(perf_${arg_NAME})
    set_target_properties(perf_${arg_NAME} PROPERTIES OUTPUT_NAME ${arg_NAME})
    target_link_libraries(perf_${arg_NAME} PRIVATE ${arg_LIBRARIES} Threads::Threads)
    if(PAWL_TESTS)
        pawl_add_smoke(NAME perf_${arg_NAME} LABELS bench-smoke TIMEOUT 60
            COMMAND perf_${arg_NAME} ${arg_SMOKE})
    endif()
endfunction()
