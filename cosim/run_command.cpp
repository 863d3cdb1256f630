// SPDX-License-Identifier: Apache-2.0
#include "cosim/run_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace heddle::cosim {
namespace {

constexpr std::size_t kTail = 2000;  ///< characters of the log in a message

Diagnostic failed(const std::string& program, std::string message) {
  Diagnostic d;
  d.error_class = ErrorClass::unsupported;
  d.code = "cosim.command";
  d.message = std::move(message);
  d.op = program;
  return d;
}

std::string tail_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

}  // namespace

Status run_command(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(failed(arguments[0], std::string("cannot be started: ") + std::strerror(error)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail(failed(arguments[0], "was lost"));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(failed(arguments[0], "failed; the end of " + log + ":\n" + tail_of(log)));
}

}  // namespace heddle::cosim
