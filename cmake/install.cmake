# What is installed and how find_package(pawl) finds it. Knows the three library targets.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

install(DIRECTORY "${pawl_SOURCE_DIR}/include/pawl" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(TARGETS pawl pawl_matching pawl_testing EXPORT pawl_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT pawl_targets NAMESPACE pawl:: FILE pawl-targets.cmake
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/pawl")

configure_package_config_file("${pawl_SOURCE_DIR}/cmake/pawl-config.cmake.in"
    "${CMAKE_CURRENT_BINARY_DIR}/pawl-config.cmake"
    INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/pawl")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/pawl-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/pawl-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/pawl-config-version.cmake"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/pawl")
