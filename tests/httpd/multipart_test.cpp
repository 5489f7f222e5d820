// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/multipart.hpp>

#include <perron/httpd/test_client.hpp>

#include "support/node_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {
namespace {

using namespace httpd;

std::string part(std::string_view disposition, std::string_view content) {
  return "--b\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
         std::string(content) + "\r\n";
}

std::vector<std::string> in_pieces(std::string_view body, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < body.size(); at += size)
    pieces.emplace_back(body.substr(at, size));
  return pieces;
}

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

class multipart_form : public node_fixture {
protected:
  test_answer post(handler h, std::string_view body, std::size_t size = 7,
                   std::string type = "multipart/form-data; boundary=b") {
    test_answer out;
    run([&] {
      router r;
      r.post("/", std::move(h));
      out = test_client(r).send(
          {.method = "POST", .headers = {{"Content-Type", std::move(type)}}, .body = in_pieces(body, size)});
    });
    return out;
  }

  temporary_folder folder;
};

TEST_F(multipart_form, parts_come_one_after_the_other) {
  const auto a = post(
      [](request& r) {
        std::string seen;
        multipart form(r);
        while (auto* p = form.next())
          seen.append(p->name()).append(p->is_file() ? "@" : "=").append(p->text()).append("\n");
        EXPECT_EQ(form.next(), nullptr);
        return text(seen);
      },
      part("name=a", "1") + part("name=b; filename=\"../b.txt\"", "22\r\n2") + part("name=c", "") +
          "--b--\r\n");
  EXPECT_EQ(a.body, "a=1\nb@22\r\n2\nc=\n");
}

TEST_F(multipart_form, content_is_read_in_pieces_of_any_size) {
  const std::string content(100'000, 'x');
  for (const std::size_t size : {std::size_t{1000}, std::size_t{200'000}}) {
    const auto a = post(
        [](request& r) {
          multipart form(r);
          auto* p = form.next();
          std::array<char, 333> piece{};
          std::size_t all = 0;
          while (const std::size_t n = p->read(piece))
            all += n;
          EXPECT_EQ(p->read(piece), 0U);
          return text(std::to_string(all));
        },
        part("name=a", content) + "--b--", size);
    EXPECT_EQ(a.body, "100000");
  }
}

TEST_F(multipart_form, part_that_is_not_read_is_skipped) {
  const auto a = post(
      [](request& r) {
        multipart form(r);
        std::string seen;
        std::array<char, 16> some{};
        while (auto* p = form.next()) {
          seen += p->name();
          seen.append(some.data(), p->read(std::span(some).first(1)));
        }
        return text(seen);
      },
      part("name=a", "123") + part("name=b", "456") + part("name=c", "") + "--b--");
  EXPECT_EQ(a.body, "a1b4c");
}

TEST_F(multipart_form, files_are_told_from_fields) {
  const auto a = post(
      [](request& r) {
        multipart form(r);
        std::string seen;
        while (auto* file = form.next_file())
          seen.append(file->file_name()).append("=").append(file->text()).append(" ");
        EXPECT_FALSE(form.field("none"));
        EXPECT_EQ(form.fields().size(), 2U);
        return text(seen.append(form.field("title").value_or("?")).append(form.field("last").value_or("?")));
      },
      part("name=title", "T") + part("name=f; filename=a", "1") + part("name=f; filename=b", "2") +
          part("name=last", "L") + "--b--");
  EXPECT_EQ(a.body, "a=1 b=2 TL");
}

TEST_F(multipart_form, files_are_saved_and_never_overwritten) {
  const auto a = post(
      [this](request& r) {
        multipart form(r);
        std::string seen;
        while (auto* p = form.next()) {
          const auto saved = p->save_in(folder.path());
          seen.append(saved.path.filename().string())
              .append(":")
              .append(std::to_string(saved.size))
              .append(" ");
        }
        return text(seen);
      },
      part("name=f; filename=\"a.txt\"", "one") + part("name=f; filename=\"/x/a.txt\"", "two") +
          part("name=f; filename=\"..\"", std::string(300'000, 'z')) + "--b--",
      100'000);
  EXPECT_EQ(a.body, "a.txt:3 a-1.txt:3 file:300000 ");
  EXPECT_EQ(content_of(folder.path() / "a.txt"), "one");
  EXPECT_EQ(content_of(folder.path() / "a-1.txt"), "two");
  EXPECT_EQ(content_of(folder.path() / "file").size(), 300'000U);
}

TEST_F(multipart_form, file_that_is_not_whole_is_removed) {
  const auto a = post(
      [this](request& r) {
        multipart form(r);
        return text(std::to_string(form.next()->save_to(folder.path() / "half")));
      },
      part("name=f; filename=a", std::string(1'000, 'x')).substr(0, 500), 100);
  EXPECT_EQ(a.status, 400);
  EXPECT_NE(a.body.find("malformed form: the body ends before its last boundary"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(multipart_form, existing_file_is_left_alone) {
  std::ofstream(folder.path() / "there") << "old";
  const auto a = post(
      [this](request& r) {
        multipart form(r);
        form.next()->save_to(folder.path() / "there");
        return text("");
      },
      part("name=f; filename=a", "new") + "--b--");
  EXPECT_EQ(a.status, 500);
  EXPECT_EQ(content_of(folder.path() / "there"), "old");
}

TEST_F(multipart_form, request_that_is_no_form_is_refused) {
  const handler read = [](request& r) {
    multipart form(r);
    while (form.next() != nullptr) {
    }
    return text("");
  };
  const std::string body = part("name=a", "1") + "--b--";
  EXPECT_EQ(post(read, body, 7, "text/plain").status, 415);
  EXPECT_EQ(post(read, body, 7, "multipart/mixed; boundary=b").status, 415);
  EXPECT_EQ(post(read, body, 7, "multipart/form-data").status, 400);
  EXPECT_EQ(post(read, body, 7, "multipart/form-data; boundary=\"\"").status, 400);
  EXPECT_EQ(post(read, body, 7, "multipart/form-data; boundary=c").status, 400);
  EXPECT_EQ(post(read, body, 7, "multipart/form-data; boundary=\"b\"").status, 200);
}

TEST_F(multipart_form, small_parts_and_fields_are_bounded) {
  const std::string body = part("name=a", std::string(1000, 'x')) + "--b--";
  EXPECT_EQ(post([](request& r) { return text(multipart(r).next()->text(999)); }, body).status, 413);
  EXPECT_EQ(post([](request& r) { return text(multipart(r).next()->text(1000)); }, body).status, 200);
  const auto collect = [](std::size_t most) {
    return [most](request& r) {
      multipart form(r, {.max_fields = most});
      EXPECT_EQ(form.next_file(), nullptr);
      return text(std::string(*form.field("a")));
    };
  };
  EXPECT_EQ(post(collect(1000), body).status, 413);
  EXPECT_EQ(post(collect(1001), body).status, 200);
}

} // namespace
} // namespace perron::testing
