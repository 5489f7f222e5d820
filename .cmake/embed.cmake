# Writes files into a C++ source as std::string_view objects, in script mode:
#   cmake -DOUT=x.cpp -DNAMESPACE=a::b -DFILES="f1;f2" -P embed.cmake
# The object for style.css is NAMESPACE::style_css.
set(text "#include <string_view>\n\nnamespace ${NAMESPACE} {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND text "extern const std::string_view ${identifier};\n"
    "static constexpr char ${identifier}_bytes[] = {${bytes}};\n"
    "const std::string_view ${identifier}{${identifier}_bytes, sizeof ${identifier}_bytes};\n")
endforeach()
string(APPEND text "}\n")
file(WRITE "${OUT}" "${text}")
