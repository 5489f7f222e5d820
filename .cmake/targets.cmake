# Functions by which every folder declares its targets.

# Gives a target the language level and the warnings that all of Perron's own code is held to.
function(perron_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Position independent code may be linked into shared libraries; none of its symbols is meant to be replaced there.
  target_compile_options(${target} PRIVATE -fno-omit-frame-pointer -fno-semantic-interposition)
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 finds fault with the operator+ of std::string (GCC bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
    if(PERRON_SANITIZE)
      # Instrumentation hides initialisations from the optimiser.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
  if(PERRON_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# perron_library(<folder>): the library perron_<folder>, from every source below the calling folder, exported as
# perron::<folder>. Sets PERRON_LIBRARY_SOURCES.
function(perron_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/*.S")
  list(FILTER sources EXCLUDE REGEX "/httpd/program/")
  set(target perron_${name})
  add_library(${target} STATIC ${sources})
  add_library(perron::${name} ALIAS ${target})
  perron_target_defaults(${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  install(TARGETS ${target} EXPORT perron-targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/perron"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h" PATTERN "program" EXCLUDE)
  set(PERRON_LIBRARY_SOURCES "${sources}" PARENT_SCOPE)
endfunction()

# perron_program(<name> <sources>...): a program on all of Perron. Its symbols are exported, so that crash reports
# name the program's own functions.
function(perron_program name)
  add_executable(${name} ${ARGN})
  perron_target_defaults(${name})
  target_link_libraries(${name} PRIVATE perron::httpd perron::supervisors perron::runtime)
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# perron_module(<target> <name> <sources>...): a library that load_module() loads, bin/modules/<name>.so. It takes Perron
# from the program that loads it.
function(perron_module target name)
  add_library(${target} MODULE ${ARGN})
  perron_target_defaults(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/include")
  target_compile_options(${target} PRIVATE -fvisibility=hidden)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Else static variables of inline functions would be one in all versions of a module that are loaded.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}" LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/modules")
endfunction()

# perron_serves_modules(<program>): has it all of Perron, for the modules in C++ that it may load.
function(perron_serves_modules target)
  # Before all else, so that nothing is left to be taken from the libraries where they stand in their turn.
  target_link_options(${target} PRIVATE "SHELL:-Wl,--whole-archive $<TARGET_FILE:perron_httpd>"
    "SHELL:$<TARGET_FILE:perron_supervisors> $<TARGET_FILE:perron_runtime> -Wl,--no-whole-archive")
  set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
endfunction()
