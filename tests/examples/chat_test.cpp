// SPDX-License-Identifier: BSD-3-Clause
#include "examples/web_program.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace perron::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class chat : public ::testing::Test {
protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "perron-chat-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  web_program start(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"--port", "0", "--db", (folder_ / "chat.db").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {"chat", arguments};
  }

  static json join(raw_client& c, const std::string& room, const std::string& nick) {
    return json_of(c.post("/api/rooms/" + room + "/join", json{{"nick", nick}}.dump()));
  }
  static answer say(raw_client& c, const std::string& room, const json& member, const std::string& text) {
    return c.post("/api/rooms/" + room + "/messages",
                  json{{"member", member["member"]}, {"text", text}}.dump());
  }
  /// The request of a long poll, from where `joined` stands.
  static std::string poll(const std::string& room, const json& joined) {
    return "GET /api/rooms/" + room + "/poll?member=" + joined["member"].get<std::string>() +
           "&cursor=" + joined["cursor"].dump() + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  /// The texts of what was said, in order.
  static std::vector<std::string> said(const json& lines) {
    std::vector<std::string> out;
    for (const json& line : lines)
      if (line["kind"] == "say")
        out.push_back(line["text"]);
    return out;
  }

private:
  std::filesystem::path folder_;
};

using lines = std::vector<std::string>;

TEST_F(chat, serves_its_page) {
  web_program p = start();
  raw_client c = p.client();
  const answer page = c.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.field("Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_THAT(page.body, HasSubstr("/app.js"));
  EXPECT_EQ(c.get("/app.js").status, 200);
  EXPECT_EQ(c.get("/style.css").status, 200);
  p.expect_orderly_end();
}

TEST_F(chat, draws_its_tree) {
  web_program p = start({"--tree"});
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^<[0-9]+> supervisor one_for_one"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^├── history <[0-9]+> \"history\" worker permanent"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^├── rooms <[0-9]+> \"rooms\" supervisor"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^│   └── .*<[0-9]+> \"room:lobby\" worker"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^└── http <[0-9]+> \"http\""));
  p.expect_orderly_end();
}

TEST_F(chat, a_long_poll_gets_what_another_posts) {
  web_program p = start();
  raw_client ada = p.client();
  raw_client bob = p.client();
  json of_ada = join(ada, "lobby", "ada");
  const json of_bob = join(bob, "lobby", "bob");
  ASSERT_TRUE(of_ada.contains("member")) << of_ada;
  ASSERT_TRUE(of_bob.contains("member")) << of_bob;
  EXPECT_EQ(join(bob, "lobby", "ada").value("error", ""), "somebody in this room is called that already");

  for (const char* text : {"first", "second"}) {
    lines heard;
    std::thread poster;
    ASSERT_TRUE(ada.send(poll("lobby", of_ada)));
    poster = std::thread([&] { EXPECT_EQ(say(bob, "lobby", of_bob, text).status, 200); });
    while (heard.empty()) { // that bob came is news as well
      const json news = json_of(ada.read());
      if (!news.contains("messages")) {
        ADD_FAILURE() << news;
        break;
      }
      heard = said(news["messages"]);
      of_ada["cursor"] = news["cursor"];
      if (heard.empty() && !ada.send(poll("lobby", of_ada)))
        break;
    }
    poster.join();
    EXPECT_EQ(heard, lines{text});
  }
  p.expect_orderly_end();
}

TEST_F(chat, a_crashed_room_comes_back_with_its_history_and_other_rooms_do_not_notice) {
  web_program p = start();
  raw_client c = p.client();
  raw_client elsewhere = p.client();
  const json in_lobby = join(c, "lobby", "ada");
  const json in_other = join(elsewhere, "other", "ada");
  ASSERT_TRUE(in_lobby.contains("member") && in_other.contains("member"));
  EXPECT_EQ(say(c, "lobby", in_lobby, "before").status, 200);
  EXPECT_EQ(say(elsewhere, "other", in_other, "quiet here").status, 200);

  EXPECT_EQ(c.post("/api/rooms/lobby/crash", "").status, 202);
  // the old member is unknown to the next incarnation; until that is there, requests are told to come back
  answer a = say(c, "lobby", in_lobby, "too late");
  while (a.status == 503 || a.status == 200)
    a = say(c, "lobby", in_lobby, "too late");
  EXPECT_EQ(a.status, 403);
  const json again = join(c, "lobby", "ada");
  ASSERT_TRUE(again.contains("history")) << again;
  EXPECT_EQ(said(again["history"]).front(), "before");

  const json rest = join(elsewhere, "other", "bob");
  EXPECT_EQ(said(rest["history"]), lines{"quiet here"});
  EXPECT_EQ(rest["members"], json({"ada", "bob"}));
  p.expect_orderly_end();
}

TEST_F(chat, history_survives_a_restart_and_a_kill) {
  for (const int round : {0, 1, 2}) {
    web_program p = start();
    raw_client c = p.client();
    const json joined = join(c, "lobby", "ada");
    ASSERT_TRUE(joined.contains("history")) << joined;
    lines expected;
    for (int i = 0; i < round; ++i)
      expected.push_back(std::to_string(i));
    EXPECT_EQ(said(joined["history"]), expected);
    EXPECT_EQ(say(c, "lobby", joined, std::to_string(round)).status, 200);
    if (round == 1) {
      p.signal(SIGKILL);
      EXPECT_EQ(p.wait(), 128 + SIGKILL);
    } else {
      p.expect_orderly_end();
    }
  }
}

TEST_F(chat, refuses_what_makes_no_sense) {
  web_program p = start();
  raw_client c = p.client();
  EXPECT_EQ(c.post("/api/rooms/lobby/join", "not json").status, 400);
  EXPECT_EQ(c.post("/api/rooms/lobby/join", R"({"nick": ""})").status, 400);
  EXPECT_EQ(c.post("/api/rooms/NO%20ROOM/join", R"({"nick": "ada"})").status, 404);
  EXPECT_EQ(c.get("/api/rooms/lobby/poll?member=nobody&cursor=0").status, 403);
  EXPECT_EQ(c.post("/api/rooms/lobby/messages", R"({"member": "nobody", "text": "hi"})").status, 403);
  EXPECT_EQ(c.get("/api/rooms").status, 200);
  p.expect_orderly_end();
}

TEST_F(chat, stops_although_somebody_polls) {
  web_program p = start();
  raw_client c = p.client();
  const json joined = join(c, "lobby", "ada");
  ASSERT_TRUE(joined.contains("member"));
  ASSERT_TRUE(c.send(poll("lobby", joined)));
  p.expect_orderly_end();
  c.read_to_end();
}

} // namespace
} // namespace perron::testing
