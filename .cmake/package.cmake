# Install rules of the package that find_package(perron) finds.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/perron")
configure_package_config_file("${PROJECT_SOURCE_DIR}/.cmake/perron-config.cmake.in"
  "${PROJECT_BINARY_DIR}/perron-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/perron-config-version.cmake" COMPATIBILITY SameMinorVersion)

install(EXPORT perron-targets NAMESPACE perron:: DESTINATION "${package_dir}")
install(FILES
  "${PROJECT_BINARY_DIR}/perron-config.cmake"
  "${PROJECT_BINARY_DIR}/perron-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/.cmake/FindCAF.cmake"
  "${PROJECT_SOURCE_DIR}/.cmake/FindLibDW.cmake"
  DESTINATION "${package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
