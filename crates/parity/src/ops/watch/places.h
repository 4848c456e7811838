// Where an operation was called, told once each.

#pragma once

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <execinfo.h>
#include <link.h>
#include <unistd.h>

#include "line.h"
#include "list.h"
#include "python.h"

namespace {

struct Object {
  uintptr_t from, to, base;
  int id;
  bool own;
};

string word_of(uint64_t a, uint64_t b) {
  return string(reinterpret_cast<char*>(&a), 8) + string(reinterpret_cast<char*>(&b), 8);
}

class Watch {
 public:
  Watch(const char* path, const char* bounds) : path_(path) { sscanf(bounds, "%lu,%lu,%lu", &first_, &from_, &to_); }

  std::mutex lock;  // of all below
  bool is_on = true;

  bool begin();
  void put(const Line& line) { list_->write(line.data(), line.size()); }
  void finish(bool whole);
  int place();

  // Numbers of things that are told once: "f 3 lesson.py 13 forward".
  int number(char kind, const string& what, bool& is_new) {
    auto [at, made] = numbers_[kind].try_emplace(what, numbers_[kind].size());
    is_new = made;
    return at->second;
  }

  // Counts an operation; false beyond the bounds.
  bool counts() {
    if (step_ < from_ || step_ >= to_ || written_ >= first_) return false;
    return ++written_ > 0;
  }

  // A node of the backward pass with this number; the first one begins a step.
  void backward(int pass) {
    std::lock_guard<std::mutex> guard(lock);
    if (pass > pass_) pass_ = pass, step_++;
  }

 private:
  int python_place();
  int native_place();
  const Object* object(uintptr_t address);

  const char* path_;
  uint64_t first_ = -1, from_ = 0, to_ = -1, written_ = 0, step_ = 0;
  int pass_ = -1;
  List* list_ = nullptr;
  Python python_;
  std::map<char, std::unordered_map<string, int>> numbers_;
  std::unordered_map<string, int> frames_;
  std::vector<Object> objects_;
};

bool Watch::begin() {
  if (list_) return true;
  list_ = new List(path_);
  if (!list_->is_open()) return is_on = false;
  Line line;
  line += "parity operations 1\n";
  line += "libtorch\t" TORCH_VERSION "\nthreads\t", line.number(at::get_num_threads());
  line += "\ncpu\t" + at::get_cpu_capability() + "\n";
  put(line);
  return true;
}

void Watch::finish(bool whole) {
  if (!list_ || !list_->is_open()) return;
  Line line;
  line += whole ? "end\t" : "cut\t", line.number(written_), line += '\n';
  put(line);
  list_->finish();
  is_on = false;
}

int Watch::place() {
  if (python_.is_here()) return python_place();
  return native_place();
}

// The whole stack, innermost first, as numbers of frames; told once each.
int Watch::python_place() {
  int held = python_.ensure();
  Line line, key;
  void* frame = python_.frame();
  if (frame) python_.keep(frame);
  for (int depth = 0; frame && depth < 200; depth++) {
    void* code = python_.code(frame);
    int at = python_.last ? python_.last(frame) : python_.line(frame);
    auto [known, made] = frames_.try_emplace(word_of(reinterpret_cast<uintptr_t>(code), at), frames_.size());
    if (made) {
      // The code is kept for good, so that its address never means another one.
      python_.keep(code);
      void* file = python_.attribute(code, "co_filename");
      void* name = python_.attribute(code, "co_qualname");
      if (!name) python_.clear(), name = python_.attribute(code, "co_name");
      const char* words[] = {file ? python_.text(file) : nullptr, name ? python_.text(name) : nullptr};
      line += "f\t", line.number(known->second), line += '\t', line.quoted(words[0] ? words[0] : "?");
      line += '\t', line.number(python_.line(frame)), line += '\t', line.quoted(words[1] ? words[1] : "?"), line += '\n';
      if (file) python_.drop(file);
      if (name) python_.drop(name);
      python_.clear();
    }
    key += '\t', key.number(known->second);
    python_.drop(code);
    void* outer = python_.back(frame);
    python_.drop(frame);
    frame = outer;
  }
  if (frame) python_.drop(frame);
  python_.release(held);
  bool is_new;
  int id = number('s', key, is_new);
  if (is_new) line += "s\t", line.number(id), line += key, line += '\n';
  put(line);
  return id;
}

// Objects that are the program's own: not libtorch's folder, not the system's. Names
// are never looked up here: dladdr walks through libtorch's symbols, 10 ms a call. The
// addresses suffice; who reads the list knows the rest from debug information.
const Object* Watch::object(uintptr_t address) {
  for (int round = 0; round < 2; round++) {
    for (auto& it : objects_)
      if (it.from <= address && address < it.to) return &it;
    objects_.clear();
    dl_iterate_phdr([](dl_phdr_info* info, size_t, void* data) {
      auto& self = *static_cast<Watch*>(data);
      string name = info->dlpi_name;
      bool own = name.empty();
      if (own) {
        char text[4096];
        ssize_t count = readlink("/proc/self/exe", text, sizeof text);
        name = count > 0 ? string(text, count) : "?";
      } else {
        const char* others[] = {"/lib/", "/lib64/", "/usr/lib", "/torch/lib/", "/libtorch", "/nvidia/", "linux-vdso"};
        own = true;
        for (auto other : others) own &= name.find(other) == string::npos;
        const char* folder = getenv("PARITY_WATCH_LIBTORCH");
        if (folder && name.rfind(folder, 0) == 0) own = false;
        if (name.find("parity-watch") != string::npos) own = false;
      }
      bool is_new = false;
      int id = own ? self.number('m', name, is_new) : -1;
      if (is_new) {
        Line line;
        line += "m\t", line.number(id), line += '\t', line.quoted(name), line += '\n';
        self.put(line);
      }
      for (int i = 0; i < info->dlpi_phnum; i++) {
        auto& part = info->dlpi_phdr[i];
        if (part.p_type != PT_LOAD || !(part.p_flags & PF_X)) continue;
        uintptr_t from = info->dlpi_addr + part.p_vaddr;
        self.objects_.push_back({from, from + part.p_memsz, info->dlpi_addr, id, own});
      }
      return 0;
    }, this);
  }
  return nullptr;
}

int Watch::native_place() {
  void* addresses[192];
  int count = backtrace(addresses, 192);
  Line key;
  for (int i = 0; i < count; i++) {
    auto address = reinterpret_cast<uintptr_t>(addresses[i]) - 1;  // the call, not what follows it
    const Object* it = object(address);
    if (!it || !it->own) continue;
    char text[20];
    key += '\t', key.number(it->id), key += '+';
    key.append(text, std::to_chars(text, text + sizeof text, address - it->base, 16).ptr - text);
  }
  bool is_new;
  int id = number('a', key, is_new);
  if (is_new) {
    Line line;
    line += "a\t", line.number(id), line += key, line += '\n';
    put(line);
  }
  return id;
}

Watch* watch;

}  // namespace
