// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/symbolise.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <unistd.h>

namespace perron::runtime {
namespace {

struct freed {
  void operator()(void* block) const noexcept { std::free(block); }
};

std::string demangled(const char* name) {
  if (name == nullptr)
    return {};
  int status = 0;
  const std::unique_ptr<char, freed> text(abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 && text != nullptr ? text.get() : name;
}

std::string hex(std::uintptr_t address) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(address));
  return text;
}

struct place {
  std::string file;
  int line = 0;
};

/// How often the dynamic loader has loaded and unloaded something.
std::pair<unsigned long long, unsigned long long> loader_turns() {
  std::pair<unsigned long long, unsigned long long> turns;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<decltype(turns)*>(out) = {info->dlpi_adds, info->dlpi_subs};
        return 1;
      },
      &turns);
  return turns;
}

std::string function_name(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (const char* name = dwarf_formstring(dwarf_attr_integrate(&die, kind, &attribute)))
      return demangled(name);
  }
  const char* name = dwarf_diename(&die);
  return name != nullptr ? name : "";
}

place call_site(Dwarf_Die& unit, Dwarf_Die& inlined) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  if (dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_file, &attribute), &file) != 0 ||
      dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_line, &attribute), &line) != 0)
    return {};
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(&unit, &files, &count) != 0 || file >= count)
    return {};
  const char* name = dwarf_filesrc(files, file, nullptr, nullptr);
  return {name != nullptr ? name : "", static_cast<int>(line)};
}

struct unit_ref {
  Dwarf_Die* unit = nullptr; ///< nullptr: no debug information covers the address
  Dwarf_Addr pc = 0;         ///< the address as the unit counts
};

/// The table of units by address is optional, and clang writes none: without it each unit is asked.
unit_ref unit_at(Dwfl_Module* module, Dwarf_Addr pc) {
  Dwarf_Addr bias = 0;
  if (Dwarf_Die* const unit = dwfl_module_addrdie(module, pc, &bias))
    return {unit, pc - bias};
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    if (dwarf_haspc(unit, pc - bias) == 1)
      return {unit, pc - bias};
  }
  return {};
}

place line_at(const unit_ref& at) {
  Dwarf_Line* const line = dwarf_getsrc_die(at.unit, at.pc);
  const char* const file = line != nullptr ? dwarf_linesrc(line, nullptr, nullptr) : nullptr;
  int number = 0;
  if (file == nullptr || dwarf_lineno(line, &number) != 0)
    return {};
  return {file, number};
}

/// Collects into `inlined`, outermost first, the inlined functions below `parent` that contain `pc`; true
/// when the function that contains it was found. libdw's dwarf_getscopes does not find functions that clang
/// puts inside their namespace.
bool find_inlined(Dwarf_Die& parent, Dwarf_Addr pc, std::vector<Dwarf_Die>& inlined) {
  Dwarf_Die die;
  if (dwarf_child(&parent, &die) != 0)
    return false;
  do {
    switch (dwarf_tag(&die)) {
    case DW_TAG_inlined_subroutine:
    case DW_TAG_lexical_block:
    case DW_TAG_subprogram:
      if (dwarf_haspc(&die, pc) == 1) {
        if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
          inlined.push_back(die);
        find_inlined(die, pc, inlined);
        return true;
      }
      break;
    case DW_TAG_namespace:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
      if (find_inlined(die, pc, inlined))
        return true;
      break;
    default:
      break;
    }
  } while (dwarf_siblingof(&die, &die) == 0);
  return false;
}

/// The functions inlined there, innermost first, each at its place; leaves in `here` the place in the
/// function that contains them all.
std::vector<source_frame> inlined_frames(const unit_ref& at, place& here) {
  std::vector<Dwarf_Die> inlined;
  find_inlined(*at.unit, at.pc, inlined);
  std::vector<source_frame> frames;
  for (auto die = inlined.rbegin(); die != inlined.rend(); ++die) {
    frames.push_back({function_name(*die), here.file, here.line, true});
    here = call_site(*at.unit, *die);
  }
  return frames;
}

/// The file of the loaded module that has this address. Copied while the loader waits (and not by dladdr,
/// whose strings go when another thread unloads the module).
std::string loaded_file_at(std::uintptr_t pc) {
  struct search {
    std::uintptr_t pc;
    std::string found;
  } s{pc, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* module, std::size_t, void* data) {
        auto& in = *static_cast<search*>(data);
        const std::span segments(module->dlpi_phdr, module->dlpi_phnum);
        const bool here = std::ranges::any_of(segments, [&](const ElfW(Phdr) & segment) {
          return segment.p_type == PT_LOAD && in.pc - module->dlpi_addr - segment.p_vaddr < segment.p_memsz;
        });
        if (here)
          in.found = *module->dlpi_name != '\0' ? module->dlpi_name : ::program_invocation_name;
        return here ? 1 : 0;
      },
      &s);
  return std::move(s.found);
}

} // namespace

std::string to_string(const source_frame& frame) {
  std::string text = frame.function;
  if (!frame.file.empty()) {
    text += " (";
    text += frame.file;
    if (frame.line > 0) {
      text += ':';
      text += std::to_string(frame.line);
    }
    text += ')';
  }
  if (frame.inlined)
    text += " [inlined]";
  return text;
}

class symboliser::modules {
public:
  /// What is known about `address`, found once as long as the same modules are loaded: crashes come in
  /// series.
  const std::vector<source_frame>& frames_at(std::uintptr_t address) {
    if (const auto turns = loader_turns(); turns != turns_ || session_ == nullptr) {
      turns_ = turns;
      known_.clear();
      refresh();
    }
    if (const auto hit = known_.find(address); hit != known_.end())
      return hit->second;
    if (known_.size() >= most_known)
      known_.clear();
    return known_[address] = look(address);
  }

private:
  struct ended {
    void operator()(Dwfl* session) const noexcept { dwfl_end(session); }
  };

  static constexpr std::size_t most_known = 4096;

  std::vector<source_frame> look(std::uintptr_t address);
  void refresh();

  std::unique_ptr<Dwfl, ended> session_;
  std::pair<unsigned long long, unsigned long long> turns_{};
  std::unordered_map<std::uintptr_t, std::vector<source_frame>> known_;
};

void symboliser::modules::refresh() {
  // dwfl_standard_find_debuginfo would ask a debuginfod server; this one looks at build ids on disk only.
  static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                           .find_debuginfo = dwfl_build_id_find_debuginfo,
                                           .section_address = nullptr,
                                           .debuginfo_path = nullptr};
  if (session_ == nullptr)
    session_.reset(dwfl_begin(&callbacks));
  if (session_ == nullptr)
    return;
  dwfl_report_begin(session_.get());
  dwfl_linux_proc_report(session_.get(), ::getpid());
  dwfl_report_end(session_.get(), nullptr, nullptr);
}

std::vector<source_frame> symboliser::modules::look(std::uintptr_t address) {
  const std::uintptr_t pc = address - 1;
  std::vector<source_frame> frames;
  source_frame outer;
  Dwfl_Module* const module = session_ != nullptr ? dwfl_addrmodule(session_.get(), pc) : nullptr;
  if (module != nullptr) {
    place here;
    if (const unit_ref at = unit_at(module, pc); at.unit != nullptr) {
      here = line_at(at);
      frames = inlined_frames(at, here);
    }
    outer.function = demangled(dwfl_module_addrname(module, pc));
    outer.file = std::move(here.file);
    outer.line = here.line;
  }
  if (outer.file.empty())
    outer.file = loaded_file_at(pc);
  if (outer.function.empty())
    outer.function = hex(address);
  frames.push_back(std::move(outer));
  return frames;
}

symboliser::symboliser() = default;
symboliser::~symboliser() = default;

std::vector<source_frame> symboliser::lookup(const void* return_address) {
  const auto address = reinterpret_cast<std::uintptr_t>(return_address);
  if (address == 0)
    return {{hex(address), {}, 0, false}};
  if (modules_ == nullptr)
    modules_ = std::make_unique<modules>();
  return modules_->frames_at(address);
}

} // namespace perron::runtime
