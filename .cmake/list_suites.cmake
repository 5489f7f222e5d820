# Run by ctest, with `program`, `name` and `timeout` set: adds a test for each suite of the program.

if(NOT EXISTS "${program}")
  add_test(${name} "${program}")
  return()
endif()

execute_process(COMMAND "${program}" --gtest_list_tests OUTPUT_VARIABLE listing RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${program} --gtest_list_tests ended with ${status}")
endif()

# Suites stand at the start of a line and end in a dot; cases are indented.
string(REGEX MATCHALL "(^|\n)[A-Za-z_][^ \n]*[.]" suites "${listing}")
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  string(REGEX REPLACE "[.]$" "" suite "${suite}")
  set(test "${name}.${suite}")
  add_test(${test} "${program}" "--gtest_filter=${suite}.*" --gtest_brief=1)
  set_tests_properties(${test} PROPERTIES TIMEOUT ${timeout})
endforeach()
