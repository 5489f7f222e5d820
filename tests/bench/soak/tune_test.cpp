// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/tune.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace perron::soak {
namespace {

namespace fs = std::filesystem;

/// A folder that stands for /proc/sys.
class tune : public testing::Test {
protected:
  tune() : root_(fs::temp_directory_path() / ("perron_tune_" + std::to_string(::getpid()))) {
    put("fs/file-max", "100000");
    put("fs/nr_open", "1048576");
    put("fs/epoll/max_user_watches", "9000000");
    put("net/core/somaxconn", "4096");
    put("net/ipv4/tcp_max_syn_backlog", "65536");
    put("net/ipv4/ip_local_port_range", "32768\t60999");
    put("net/ipv4/tcp_mem", "10\t20\t9000000");
    put("net/ipv4/tcp_max_orphans", "9000000");
  }
  ~tune() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
  }
  std::string get(const std::string& path) const {
    std::ifstream file(root_ / path);
    std::string line;
    std::getline(file, line);
    return line;
  }
  setting of(const std::string& name, std::uint64_t connections) const {
    const auto all = settings_for(connections, root_);
    const auto found = std::find_if(all.begin(), all.end(), [&](const setting& s) { return s.name == name; });
    return found == all.end() ? setting{} : *found;
  }

  const fs::path root_;
};

TEST_F(tune, says_what_is_there_what_is_wanted_and_why) {
  const setting files = of("fs.file-max", 1'000'000);
  EXPECT_EQ(files.current, "100000");
  EXPECT_EQ(files.wanted, "2210000");
  EXPECT_FALSE(files.enough);
  EXPECT_FALSE(files.why.empty());
  EXPECT_TRUE(of("fs.file-max", 1000).enough);
  EXPECT_TRUE(of("net.ipv4.tcp_max_syn_backlog", 1'000'000).enough);
}

TEST_F(tune, wants_ports_only_for_more_than_there_are) {
  EXPECT_TRUE(of("net.ipv4.ip_local_port_range", 20'000).enough);
  const setting ports = of("net.ipv4.ip_local_port_range", 100'000);
  EXPECT_FALSE(ports.enough);
  EXPECT_EQ(ports.wanted, "1024 65535");
}

TEST_F(tune, makes_nothing_smaller) {
  EXPECT_EQ(of("net.ipv4.tcp_mem", 1'000'000).wanted, "1000000 1500000 9000000");
}

TEST_F(tune, leaves_out_the_packet_filter_where_there_is_none) {
  EXPECT_EQ(of("net.netfilter.nf_conntrack_max", 1'000'000).name, "");
  put("net/netfilter/nf_conntrack_max", "262144");
  EXPECT_EQ(of("net.netfilter.nf_conntrack_max", 1'000'000).wanted, "2000000");
}

TEST_F(tune, describes_the_commands_for_what_is_not_enough) {
  const std::string text = describe_settings(settings_for(1'000'000, root_));
  EXPECT_NE(text.find("sysctl -w fs.file-max='2210000'"), std::string::npos);
  EXPECT_EQ(text.find("sysctl -w fs.nr_open"), std::string::npos);
}

TEST_F(tune, sets_what_is_not_enough_and_says_how_to_undo_it) {
  const auto said = apply_settings(settings_for(1'000'000, root_), root_);
  ASSERT_TRUE(said) << said.error().text;
  EXPECT_EQ(get("fs/file-max"), "2210000");
  EXPECT_EQ(get("fs/nr_open"), "1048576");
  EXPECT_NE(said->find("sysctl -w net.ipv4.ip_local_port_range='32768 60999'"), std::string::npos);

  const auto again = apply_settings(settings_for(1'000'000, root_), root_);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, "Nothing needs to be set.\n");
}

TEST_F(tune, what_cannot_be_set_is_an_error) {
  const auto said = apply_settings(
      {{.name = "not.there", .current = "1", .wanted = "2", .why = "", .enough = false}}, root_);
  ASSERT_FALSE(said);
  EXPECT_NE(said.error().text.find("not.there"), std::string::npos);
}

} // namespace
} // namespace perron::soak
