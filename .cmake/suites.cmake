# perron_discover_suites(<target> <timeout>): one ctest test for each GoogleTest suite of a program, listed when ctest
# runs. A process per suite isolates suites from one another, and costs far less than a process per case.
function(perron_discover_suites target timeout)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake")
  file(GENERATE OUTPUT "${script}" CONTENT "set(program [==[$<TARGET_FILE:${target}>]==])
set(name ${target})
set(timeout ${timeout})
include([==[${PROJECT_SOURCE_DIR}/.cmake/list_suites.cmake]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()
