# Compiler settings of the whole build. Included by the top CMakeLists.txt only.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(PERRON_CCACHE ccache)
if(PERRON_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PERRON_CCACHE}")
endif()

if(PERRON_SANITIZE STREQUAL "address")
  # vptr: it needs free descriptors to look at memory, which tests take away, and CAF's casts do not pass it. A use of
  # an object after its end is AddressSanitizer's to find.
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(PERRON_SANITIZE STREQUAL "thread")
  add_compile_options(-O1 -fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(PERRON_SANITIZE)
  message(FATAL_ERROR "PERRON_SANITIZE is '${PERRON_SANITIZE}'; it may be empty, address or thread")
endif()

if(PERRON_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PERRON_FUZZ needs clang")
  endif()
  add_compile_options(-O1 -fsanitize=fuzzer-no-link,address)
  add_link_options(-fsanitize=address)
endif()
