// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/module.hpp>

#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <perron/httpd/module_abi.h>
#include <perron/httpd/module_export.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

std::string path_of(const std::string& name) { return PERRON_BIN_DIR "/modules/" + name + ".so"; }

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class module_test : public server_fixture {
protected:
  /// Loaded by a process, as modules in C++ may want to start some.
  runtime::result<loaded_module> load(const std::string& path, const std::string& configuration = {}) {
    runtime::result<loaded_module> out = runtime::error{"not loaded"};
    run([&] { out = load_module(path, configuration); });
    return out;
  }
  void serve_module(const std::string& name, const std::string& configuration = {},
                    const server_options& options = {}) {
    auto loaded = load(path_of(name), configuration);
    ASSERT_TRUE(loaded) << loaded.error().text;
    serve(router().mount("/m", loaded->routes), options);
  }
  std::string why_not(const std::string& path, const std::string& configuration = {}) {
    const auto loaded = load(path, configuration);
    EXPECT_FALSE(loaded);
    if (loaded)
      return {};
    EXPECT_THAT(loaded.error().text, HasSubstr(path)) << "the file is named";
    return loaded.error().text;
  }
};

// -- in C

TEST_F(module_test, one_in_c_answers_in_pieces_and_reads_bodies) {
  const auto loaded = load_module(path_of("hello"), "Good day");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->name, "hello");
  EXPECT_EQ(loaded->version, "1.0");
  serve(router().mount("/c", loaded->routes));
  raw_client c = client();
  ASSERT_TRUE(c.send("GET /c/Ann?n=2 HTTP/1.1\r\nHost: test\r\n\r\n"));
  const std::string all = c.read_until("0\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\n\r\nf\r\nGood day, Ann!\n\r\nf\r\nGood day, Ann!\n\r\n0\r\n\r\n"));
  EXPECT_EQ(c.post("/c/", "quietly").body, "QUIETLY");
}

TEST_F(module_test, a_call_that_fails_ends_the_request_when_the_module_has_returned) {
  serve_module("hello");
  raw_client c = client();
  EXPECT_EQ(c.ask("POST /m/ HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nno chunk").status,
            400);
  EXPECT_EQ(stats().crashed, 0U);
}

TEST_F(module_test, one_in_c_that_misbehaves_costs_its_request) {
  serve_module("bad_calls");
  std::uint64_t crashed = 0;
  for (const char* how : {"/m/", "/m/fails", "/m/twice", "/m/writes-too-soon"}) {
    EXPECT_EQ(client().get(how).status, 500) << how;
    ++crashed;
    await([&](const server_stats& s) { return s.crashed == crashed; });
  }
  raw_client c = client();
  ASSERT_TRUE(c.send("GET /m/ends-early HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_THAT(c.read_to_end(), ::testing::EndsWith("half"));
  await([&](const server_stats& s) { return s.crashed == crashed + 1; });
}

TEST_F(module_test, one_in_c_learns_that_its_client_has_left_and_that_it_is_to_end) {
  server_options options;
  options.drain_time = std::chrono::milliseconds(0);
  serve_module("bad_calls", {}, options);
  {
    raw_client c(4096);
    ASSERT_TRUE(c.connect(server().port));
    ASSERT_TRUE(c.send("GET /m/x HTTP/1.1\r\nHost: test\r\n\r\n"));
    EXPECT_FALSE(c.read_until("\r\n\r\n").empty());
    c.reset();
  }
  await([](const server_stats& s) { return s.client_gone == 1 && s.running == 0; });
  raw_client c(4096);
  ASSERT_TRUE(c.connect(server().port));
  ASSERT_TRUE(c.send("GET /m/x HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_FALSE(c.read_until("\r\n\r\n").empty());
  begin_stop(server());
  c.read_to_end();
  EXPECT_EQ(await_end(server()), runtime::exit_reason::shutdown());
}

// -- in C++

TEST_F(module_test, one_in_cpp_may_spawn_call_and_receive) {
  serve_module("visits", "visitor");
  raw_client c = client();
  EXPECT_EQ(c.get("/m/").body, "visitor number 1\n");
  EXPECT_EQ(c.get("/m/").body, "visitor number 2\n");
  EXPECT_EQ(c.get("/m/later").body, "at last\n");
  EXPECT_EQ(c.get("/m/nowhere").status, 404);
}

TEST_F(module_test, an_exception_in_one_is_a_crash_of_its_request) {
  serve_module("visits", "visitor");
  EXPECT_EQ(client().get("/m/crash").status, 500);
  await([](const server_stats& s) { return s.crashed == 1; });
  EXPECT_EQ(client().get("/m/").body, "visitor number 1\n");
}

TEST_F(module_test, a_handler_in_one_that_waits_is_told_when_its_client_leaves) {
  serve_module("visits", "visitor");
  raw_client c = client();
  ASSERT_TRUE(c.send("GET /m/wait HTTP/1.1\r\nHost: test\r\n\r\n"));
  await([](const server_stats& s) { return s.running == 1; });
  c.close();
  await([](const server_stats& s) { return s.client_gone == 1 && s.running == 0; });
}

TEST_F(module_test, each_load_is_a_module_of_its_own) {
  const auto one = load(path_of("visits"), "first");
  const auto other = load(path_of("visits"), "second");
  ASSERT_TRUE(one && other);
  serve(router().mount("/one", one->routes).mount("/other", other->routes));
  raw_client c = client();
  EXPECT_EQ(c.get("/one/").body, "first number 1\n");
  EXPECT_EQ(c.get("/one/").body, "first number 2\n");
  EXPECT_EQ(c.get("/other/").body, "second number 1\n");
}

// -- a new version of the file

TEST_F(module_test, a_file_may_be_replaced_while_the_old_module_answers) {
  const temporary_folder folder;
  const std::string file = (folder.path() / "version.so").string();
  const std::string told = (folder.path() / "told").string();
  const auto put = [&](const char* version) {
    std::filesystem::copy_file(path_of(version), file, std::filesystem::copy_options::overwrite_existing);
  };
  put("version_1");
  served old;
  {
    auto loaded = load_module(file, told);
    ASSERT_TRUE(loaded) << loaded.error().text;
    old = serve(std::move(loaded->routes));
  }
  // a request that the old module has in its hands
  raw_client under_way = client();
  ASSERT_TRUE(under_way.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n"));
  await([](const server_stats& s) { return s.running == 1; });

  put("version_2");
  {
    auto loaded = load_module(file, told);
    ASSERT_TRUE(loaded) << loaded.error().text;
    serve(std::move(loaded->routes));
  }
  EXPECT_EQ(client().get("/").body, "2");
  EXPECT_EQ(raw_client::to(old.port).get("/").body, "1");
  EXPECT_EQ(content_of(told), "") << "a module was unloaded that is in use";
  ASSERT_TRUE(under_way.send("ab"));
  EXPECT_EQ(under_way.read().body, "1");
}

TEST_F(module_test, one_in_c_is_unloaded_when_its_last_router_is_gone) {
  const temporary_folder folder;
  const std::string told = (folder.path() / "told").string();
  {
    const auto loaded = load_module(path_of("version_1"), told);
    ASSERT_TRUE(loaded);
    const router copy = loaded->routes;
    EXPECT_EQ(content_of(told), "");
  }
  EXPECT_EQ(content_of(told), "1");
}

// -- refused

TEST_F(module_test, what_is_no_module_is_refused_with_its_name_and_the_reason) {
  const temporary_folder folder;
  EXPECT_THAT(why_not("/nowhere/x.so"), HasSubstr("No such file"));
  EXPECT_THAT(why_not(folder.path().string()), HasSubstr("is no file"));
  const std::string text = (folder.path() / "text.so").string();
  std::ofstream(text) << "no library";
  EXPECT_THAT(why_not(text), HasSubstr("cannot be loaded"));
  EXPECT_THAT(why_not(path_of("bad_entry")), HasSubstr("has no function perron_module_v1"));
  EXPECT_THAT(why_not(path_of("bad_version")), HasSubstr("version 2 of the module interface"));
  EXPECT_THAT(why_not(path_of("bad_size")), HasSubstr("8 bytes"));
  EXPECT_THAT(why_not(path_of("bad_handle")), HasSubstr("neither"));
  EXPECT_THAT(why_not(path_of("bad_build")), HasSubstr("another compiler"));
  EXPECT_THAT(why_not(path_of("bad_refuses")), HasSubstr("refuses: not today"));
  EXPECT_THAT(why_not(path_of("visits")), HasSubstr("refuses: visits wants a greeting"));
  EXPECT_THAT(why_not(path_of("hello"), std::string(100, 'x')), HasSubstr("63 bytes"));
}

TEST_F(module_test, a_symbol_that_nobody_has_is_named) {
  if (under_sanitizer)
    GTEST_SKIP() << "sanitizers may bind late";
  EXPECT_THAT(why_not(path_of("bad_symbol")), HasSubstr("nobody_has_this"));
}

} // namespace
} // namespace perron::httpd
