// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/report_command.hpp>

#include <perron/bench/soak/report_html.hpp>
#include <perron/bench/soak/report_json.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace perron::soak {

namespace {

constexpr std::size_t most_runs = 8;

runtime::result<run_record> run_in(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file)
    return runtime::error{.text = path + ": cannot be read"};
  std::ostringstream text;
  text << file.rdbuf();
  auto run = run_from_json(text.str());
  if (!run)
    return runtime::error{.text = path + ": " + run.error().text};
  return run;
}

} // namespace

int report_command(int argc, const char* const* argv) {
  std::vector<std::string> files;
  std::string title;
  std::string out = "report.html";
  CLI::App cli("Draws the report of a run that was kept as JSON, or lays several over each other.",
               "perron-soak report");
  cli.add_option("files", files, "soak.json of each run, eight at most")->required()->expected(1, most_runs);
  cli.add_option("--title", title, "of the page; by default the run's own, or 'Runs beside each other'");
  cli.add_option("-o,--out", out, "the HTML file to write")->capture_default_str();
  try {
    cli.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& wrong) {
    return cli.exit(wrong) == 0 ? 0 : 2;
  }
  std::vector<run_record> runs;
  for (const std::string& path : files) {
    auto run = run_in(path);
    if (!run) {
      std::fprintf(stderr, "perron-soak: %s\n", run.error().text.c_str());
      return 2;
    }
    runs.push_back(std::move(*run));
  }
  if (runs.size() == 1 && !title.empty())
    runs[0].title = title;
  std::ofstream file(out, std::ios::binary);
  file << (runs.size() == 1 ? to_html(runs[0])
                            : to_html(runs, title.empty() ? "Runs beside each other" : title))
       << std::flush;
  if (!file) {
    std::fprintf(stderr, "perron-soak: %s: cannot be written\n", out.c_str());
    return 1;
  }
  std::printf("%s\n", out.c_str());
  return 0;
}

} // namespace perron::soak
