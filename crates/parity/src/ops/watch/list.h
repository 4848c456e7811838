// The list of operations: a file that grows.

#pragma once

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

// A window of a shared mapping: what is in it is in the file however the program ends,
// exit() from a thread, a signal or SIGKILL, without a handler or a call for each line.
// Memory does not grow with the run. The rest of the last window is zeros, cut off if
// the program ends as programs should.
class List {
 public:
  static constexpr size_t kWindow = 4 << 20;
  explicit List(const char* path)
      : file_(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {}

  // Whether this process is the one that writes: the first that calls an operation.
  bool is_open() const { return file_ >= 0; }

  void write(const char* bytes, size_t count) {
    while (count > 0 && is_open()) {
      if (used_ == kWindow || !window_) next();
      if (!window_) return;
      size_t part = std::min(count, kWindow - used_);
      memcpy(window_ + used_, bytes, part);
      used_ += part, bytes += part, count -= part;
    }
  }

  void finish() {
    if (!is_open()) return;
    if (ftruncate(file_, start_ + used_)) {}
    close(file_);
    file_ = -1;
  }

 private:
  void next() {
    if (window_) munmap(window_, kWindow), start_ += kWindow;
    window_ = nullptr, used_ = 0;
    // A full disk must end the list, not the program: a mapping without blocks behind
    // it would raise SIGBUS when written to.
    if (posix_fallocate(file_, start_, kWindow) == 0) {
      void* place = mmap(nullptr, kWindow, PROT_READ | PROT_WRITE, MAP_SHARED, file_, start_);
      if (place != MAP_FAILED) window_ = static_cast<char*>(place);
    }
    if (!window_) finish();
  }

  int file_;
  off_t start_ = 0;
  size_t used_ = 0;
  char* window_ = nullptr;
};

}  // namespace
