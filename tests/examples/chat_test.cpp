// SPDX-License-Identifier: BSD-3-Clause
#include "support/web_program.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using lines = std::vector<std::string>;

/// A page in a room, that polls.
class visitor {
public:
  visitor(raw_client to, std::string room, std::string nick)
      : http_(std::move(to)), room_(std::move(room)), nick_(std::move(nick)),
        query_("client=the-client-of-" + nick_ + "-0123&nick=" + nick_) {
    const answer a =
        post("/live/poll?" + query_,
             json::array({{{"type", "subscribe"}, {"topic", room_}, {"replay", 200}, {"watch", true}}}));
    EXPECT_EQ(a.status, 200) << a.body;
    take(json_of(a));
    wait_for("subscribed");
  }

  answer post(const std::string& target, const json& body) {
    const std::string text = body.dump();
    return http_.ask("POST " + target +
                     " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  /// What became of it.
  json say(const json& data) {
    const answer a =
        post("/live/publish?" + query_,
             json::array({{{"type", "publish"}, {"topic", room_}, {"number", ++number_}, {"data", data}}}));
    EXPECT_EQ(a.status, 200) << a.body;
    return json_of(a)["messages"][0];
  }
  void say_text(const std::string& text) { EXPECT_EQ(say({{"text", text}})["type"], "ack"); }

  /// Polls until a message of this type, or of this kind of data, has come.
  json wait_for(const std::string& what) {
    for (;;) {
      while (seen_ < messages_.size()) {
        const json& m = messages_[seen_++];
        if (m["type"] == what || (m.contains("data") && m["data"]["kind"] == what))
          return m;
      }
      if (!poll())
        return json::object();
    }
  }
  bool send_poll() const { return http_.send("GET " + where() + " HTTP/1.1\r\nHost: test\r\n\r\n"); }

  /// The texts of what was said, as far as it has come.
  lines said() const {
    lines out;
    for (const json& m : messages_)
      if (m["type"] == "message" && m["data"]["kind"] == "say")
        out.push_back(m["data"]["text"]);
    return out;
  }
  raw_client& http() { return http_; }

private:
  std::string where() const { return "/live/poll?lease=" + lease_ + "&cursor=" + std::to_string(cursor_); }
  bool poll() {
    const answer a = http_.get(where());
    EXPECT_EQ(a.status, 200) << a.body;
    if (a.status == 200)
      take(json_of(a));
    return a.status == 200;
  }
  void take(const json& news) {
    lease_ = news["lease"];
    cursor_ = news["cursor"];
    messages_.insert(messages_.end(), news["events"].begin(), news["events"].end());
  }

  raw_client http_;
  std::string room_;
  std::string nick_;
  std::string query_;
  std::string lease_;
  std::uint64_t cursor_ = 0;
  std::uint64_t number_ = 0;
  std::vector<json> messages_;
  std::size_t seen_ = 0;
};

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

private:
  std::filesystem::path folder_;
};

TEST_F(chat, serves_its_page) {
  web_program p = start();
  raw_client c = p.client();
  const answer page = c.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.field("Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_THAT(page.body, HasSubstr("/app.js"));
  for (const char* script : {"/app.js", "/session.js", "/storage.js"})
    EXPECT_EQ(c.get(script).field("Content-Type"), "text/javascript; charset=utf-8") << script;
  EXPECT_EQ(c.get("/style.css").status, 200);
  EXPECT_EQ(c.get("/live/client.js").status, 200);
  p.expect_orderly_end();
}

TEST_F(chat, draws_its_tree) {
  web_program p = start({"--tree"});
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^<[0-9]+> supervisor one_for_one"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^├── history <[0-9]+> \"history\" worker permanent"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^├── rooms <[0-9]+> \"rooms\" supervisor"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^│   └── .*<[0-9]+> \"rooms/lobby\" worker"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^├── door <[0-9]+> \"door\" supervisor"));
  EXPECT_THAT(p.read_line(), ::testing::ContainsRegex("^└── http <[0-9]+> \"http\""));
  p.expect_orderly_end();
}

TEST_F(chat, a_visitor_gets_what_another_says_under_the_name_of_the_connection) {
  web_program p = start();
  visitor ada(p.client(), "lobby", "ada");
  visitor bob(p.client(), "lobby", "bob");
  for (const char* text : {"first", "second"}) {
    bob.say_text(text);
    const json m = ada.wait_for("say");
    EXPECT_EQ(m["data"], json({{"kind", "say"}, {"nick", "bob"}, {"text", text}}));
  }
  p.expect_orderly_end();
}

TEST_F(chat, a_crashed_room_comes_back_with_its_history_and_other_rooms_do_not_notice) {
  web_program p = start();
  visitor ada(p.client(), "lobby", "ada");
  visitor carol(p.client(), "other", "carol");
  ada.say_text("before");
  carol.say_text("quiet here");
  EXPECT_EQ(ada.post("/api/rooms/lobby/crash", json::object()).status, 202);
  EXPECT_EQ(ada.wait_for("system")["data"]["incarnation"], 2);
  ada.say_text("after");
  while (ada.said().size() < 2)
    ada.wait_for("say");
  EXPECT_EQ(ada.said(), (lines{"before", "after"}));
  visitor dora(p.client(), "lobby", "dora");
  EXPECT_EQ(dora.said(), (lines{"before", "after"}));
  carol.say_text("still quiet");
  while (carol.said().size() < 2)
    carol.wait_for("say");
  EXPECT_EQ(carol.said(), (lines{"quiet here", "still quiet"}));
  const json all = json_of(ada.http().get("/api/rooms"));
  for (const json& room : all["rooms"])
    EXPECT_EQ(room["incarnation"], room["name"] == "lobby" ? 2 : 1) << room;
  p.expect_orderly_end();
}

TEST_F(chat, history_survives_a_restart_and_a_kill) {
  lines expected;
  for (const int round : {0, 1, 2}) {
    web_program p = start();
    visitor ada(p.client(), "lobby", "ada" + std::to_string(round));
    EXPECT_EQ(ada.said(), expected);
    expected.push_back(std::to_string(round));
    ada.say_text(expected.back());
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
  visitor ada(p.client(), "lobby", "ada");
  const json subscribe = json::array({{{"type", "subscribe"}, {"topic", "lobby"}}});
  EXPECT_EQ(ada.post("/live/poll?client=0123456789abcdef", subscribe).status, 400) << "no name";
  EXPECT_EQ(ada.say("no object")["type"], "rejected");
  EXPECT_EQ(ada.say({{"text", " "}})["type"], "rejected");
  EXPECT_EQ(ada.say({{"text", std::string(8001, 'a')}})["type"], "rejected");
  EXPECT_EQ(ada.post("/api/rooms/nowhere/crash", json::object()).status, 404);
  const answer taken = ada.post("/live/poll?client=another-client-0123&nick=ada", subscribe);
  ASSERT_EQ(taken.status, 200);
  const std::string lease = json_of(taken)["lease"];
  std::string said;
  // what comes first may be alone in the first answer
  for (json cursor = 0; said.find("refused") == std::string::npos;) {
    const answer a = ada.http().get("/live/poll?lease=" + lease + "&cursor=" + cursor.dump());
    ASSERT_EQ(a.status, 200) << a.body << said;
    cursor = json_of(a)["cursor"];
    said += a.body;
  }
  p.expect_orderly_end();
}

TEST_F(chat, stops_although_somebody_polls) {
  web_program p = start();
  visitor ada(p.client(), "lobby", "ada");
  ASSERT_TRUE(ada.send_poll());
  p.expect_orderly_end();
  ada.http().read_to_end();
}

} // namespace
} // namespace perron::testing
