// What sees every operation of libtorch, in whatever program it is loaded into, and
// writes a line for each: docs/operations.md has the format.
//
// It is compiled against the very libtorch that it watches (it reads C++ objects), loaded
// by start.c, and asks to be called before and after each operation, as a profiler would.
// It never calls an operation itself, and never writes to a tensor.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/version.h>

#include <charconv>
#include <cmath>
#include <cstdarg>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using std::string;

// ---- The file -------------------------------------------------------------------------

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

// ---- Digests --------------------------------------------------------------------------

// 128 bits: two lanes, each as wyhash (64 x 64 bits multiplied, both halves of the
// product folded together), with secrets of their own, at memory speed. Two values that
// differ agree in a lane by a chance of about 2^-64, in both of 2^-128; among 10^7
// values are 5 * 10^13 pairs, so that a chance of 10^-25 is left. No one attacks it.
struct Digest {
  uint64_t a, b;
};

inline uint64_t fold(uint64_t x, uint64_t y) {
  __uint128_t product = static_cast<__uint128_t>(x) * y;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t word(const char* bytes) {
  uint64_t it;
  memcpy(&it, bytes, 8);
  return it;
}

Digest digest(const char* bytes, size_t count) {
  constexpr uint64_t s[8] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3,
                             0x589965cc75374cc3, 0x1d8e4e27c47d124f, 0xeb44accab455d165,
                             0x2d358dccaa6c78a5, 0x8bb84b93962eacc9};
  uint64_t a[2] = {s[0], s[1] ^ count}, b[2] = {s[2] ^ count, s[3]};
  size_t left = count;
  for (; left >= 32; left -= 32, bytes += 32) {  // four products that do not wait for each other
    uint64_t w0 = word(bytes), w1 = word(bytes + 8), w2 = word(bytes + 16), w3 = word(bytes + 24);
    a[0] = fold(w0 ^ s[4], w1 ^ a[0]), a[1] = fold(w2 ^ s[5], w3 ^ a[1]);
    b[0] = fold(w1 ^ s[6], w0 ^ b[0]), b[1] = fold(w3 ^ s[7], w2 ^ b[1]);
  }
  char rest[32] = {};
  memcpy(rest, bytes, left);
  a[0] = fold(word(rest) ^ s[4], word(rest + 8) ^ a[0]), a[1] = fold(word(rest + 16) ^ s[5], word(rest + 24) ^ a[1]);
  b[0] = fold(word(rest + 8) ^ s[6], word(rest) ^ b[0]), b[1] = fold(word(rest + 24) ^ s[7], word(rest + 16) ^ b[1]);
  return {fold(fold(a[0] ^ s[0], a[1] ^ s[1]) ^ count, s[4]), fold(fold(b[0] ^ s[2], b[1] ^ s[3]) ^ count, s[5])};
}

// ---- Words of a line ------------------------------------------------------------------

// A line as it grows. One for each thread, whose memory is used again.
struct Line : string {
  void hex(uint64_t it) {
    char text[16];
    for (int i = 15; i >= 0; i--, it >>= 4) text[i] = "0123456789abcdef"[it & 15];
    append(text, 16);
  }
  template <typename T>
  void number(T it) {
    char text[40];
    append(text, std::to_chars(text, text + sizeof text, it).ptr - text);
  }
  // In quotes, with no tab, comma, bracket or line break inside.
  void quoted(std::string_view it) {
    push_back('"');
    for (char c : it) {
      bool plain = isalnum(static_cast<unsigned char>(c)) || strchr(" _-+./:<>=", c);
      if (plain && c) push_back(c);
      else append("\\x"), hex2(static_cast<unsigned char>(c));
    }
    push_back('"');
  }

 private:
  void hex2(unsigned char c) {
    push_back("0123456789abcdef"[c >> 4]), push_back("0123456789abcdef"[c & 15]);
  }
};

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return "f32";
    case at::kDouble: return "f64";
    case at::kHalf: return "f16";
    case at::kBFloat16: return "bf16";
    case at::kLong: return "i64";
    case at::kInt: return "i32";
    case at::kShort: return "i16";
    case at::kChar: return "i8";
    case at::kByte: return "u8";
    case at::kBool: return "bool";
    default: return c10::toString(type);
  }
}

// ---- Tensors --------------------------------------------------------------------------

// Whether the values are plain numbers in this process' memory. Those of a GPU are not,
// nor those of a sparse tensor, of one without storage, or of a subclass made in Python.
bool is_readable(const at::Tensor& t) {
  auto keys = t.key_set();
  if (!t.is_cpu() || t.layout() != at::kStrided || !t.has_storage()) return false;
  if (keys.has(c10::DispatchKey::Python) || keys.has(c10::DispatchKey::FuncTorchBatched)) return false;
  if (keys.has(c10::DispatchKey::FuncTorchGradWrapper) || t.unsafeGetTensorImpl()->is_python_dispatch()) return false;
  if (t.is_quantized() || t.is_meta()) return false;
  int64_t last = t.storage_offset();
  for (int64_t i = 0; i < t.dim(); i++) {
    if (t.size(i) == 0) return true;
    last += (t.size(i) - 1) * t.stride(i);
  }
  auto storage = t.storage();
  return storage.device_type() == at::kCPU && storage.data() && static_cast<size_t>(last + 1) * t.itemsize() <= storage.nbytes();
}

template <typename Element>
void gather(const char* from, const int64_t* sizes, const int64_t* strides, int64_t dims, char*& to) {
  if (dims == 0) {
    memcpy(to, from, sizeof(Element)), to += sizeof(Element);
  } else if (dims == 1 && strides[0] == 1) {
    memcpy(to, from, sizes[0] * sizeof(Element)), to += sizes[0] * sizeof(Element);
  } else {
    for (int64_t i = 0; i < sizes[0]; i++, from += strides[0] * static_cast<int64_t>(sizeof(Element)))
      gather<Element>(from, sizes + 1, strides + 1, dims - 1, to);
  }
}

// The values in logical order, so that a transposed tensor and its copy are the same;
// neither shape nor dtype is of the digest: a view computes nothing.
const char* values(const at::Tensor& t, std::vector<char>& memory) {
  auto* data = static_cast<const char*>(t.storage().data()) + t.storage_offset() * t.itemsize();
  if (t.is_contiguous() || t.numel() == 0) return data;
  memory.resize(t.nbytes());
  char* to = memory.data();
  auto sizes = t.sizes().data(), strides = t.strides().data();
  switch (t.itemsize()) {
    case 1: gather<char>(data, sizes, strides, t.dim(), to); break;
    case 2: gather<char[2]>(data, sizes, strides, t.dim(), to); break;
    case 4: gather<char[4]>(data, sizes, strides, t.dim(), to); break;
    case 8: gather<char[8]>(data, sizes, strides, t.dim(), to); break;
    default: gather<char[16]>(data, sizes, strides, t.dim(), to); break;
  }
  return memory.data();
}

void element(Line& line, at::ScalarType type, const char* at) {
  switch (type) {
    case at::kFloat: return line.number(*reinterpret_cast<const float*>(at));
    case at::kDouble: return line.number(*reinterpret_cast<const double*>(at));
    case at::kHalf: return line.number(static_cast<float>(*reinterpret_cast<const at::Half*>(at)));
    case at::kBFloat16: return line.number(static_cast<float>(*reinterpret_cast<const at::BFloat16*>(at)));
    case at::kLong: return line.number(*reinterpret_cast<const int64_t*>(at));
    case at::kInt: return line.number(*reinterpret_cast<const int32_t*>(at));
    case at::kShort: return line.number(*reinterpret_cast<const int16_t*>(at));
    case at::kChar: return line.number(static_cast<int>(*reinterpret_cast<const int8_t*>(at)));
    case at::kByte: return line.number(static_cast<int>(*reinterpret_cast<const uint8_t*>(at)));
    case at::kBool: line += *at ? "true" : "false"; return;
    default: line += '?';
  }
}

// A number that comes up by chance: 0, 1, a count, a half.
bool is_round(at::ScalarType type, const char* at) {
  double it;
  switch (type) {
    case at::kFloat: it = *reinterpret_cast<const float*>(at); break;
    case at::kDouble: it = *reinterpret_cast<const double*>(at); break;
    case at::kHalf: it = static_cast<float>(*reinterpret_cast<const at::Half*>(at)); break;
    case at::kBFloat16: it = static_cast<float>(*reinterpret_cast<const at::BFloat16*>(at)); break;
    default: return true;
  }
  return std::abs(it) <= 1e6 && it * 1024 == std::floor(it * 1024);
}

enum class Read { nothing, digest, first_values };

// f32[64,10]{1,64}@7f05c0=0123...:0.5,0.25: dtype, shape, strides if not contiguous,
// storage, digest, "~" if one value or the same value all over ("~~": a round one),
// first values.
void tensor(Line& line, const at::Tensor& t, Read read) {
  if (!t.defined()) {
    line += '-';
    return;
  }
  static thread_local std::vector<char> memory;
  line += type_name(t.scalar_type());
  // First of all: what is only traced has no sizes to ask for, and a subclass answers in
  // Python, or refuses to.
  bool is_subclass = t.key_set().has(c10::DispatchKey::Python) || t.unsafeGetTensorImpl()->has_symbolic_sizes_strides();
  if (is_subclass || t.layout() != at::kStrided) {
    line += is_subclass ? "[subclass]" : "[sparse]";
    return;
  }
  line += '[';
  for (int64_t i = 0; i < t.dim(); i++) {
    if (i) line += ',';
    line.number(t.size(i));
  }
  line += ']';
  if (!is_readable(t)) return;
  if (!t.is_contiguous()) {
    line += '{';
    for (int64_t i = 0; i < t.dim(); i++) {
      if (i) line += ',';
      line.number(t.stride(i));
    }
    line += '}';
  }
  line += '@';
  char text[20];
  auto address = reinterpret_cast<uintptr_t>(t.storage().data());
  line.append(text, std::to_chars(text, text + sizeof text, address, 16).ptr - text);
  if (read == Read::nothing) return;
  const char* data = values(t, memory);
  size_t count = t.nbytes(), size = t.itemsize();
  Digest it = digest(data, count);
  // Lazily conjugated or negated: other values in the same memory.
  if (t.is_conj()) it.a ^= 0x9e3779b97f4a7c15;
  if (t.is_neg()) it.b ^= 0x9e3779b97f4a7c15;
  line += '=', line.hex(it.a), line.hex(it.b);
  if (count <= size || memcmp(data, data + size, count - size) == 0) {
    line += '~';
    if (count == 0 || is_round(t.scalar_type(), data)) line += '~';
  }
  if (read != Read::first_values && t.numel() != 1) return;
  line += ':';
  for (int64_t i = 0; i < std::min<int64_t>(t.numel(), 3); i++) {
    if (i) line += ',';
    element(line, t.scalar_type(), data + i * size);
  }
}

void value(Line& line, const c10::IValue& it, Read read) {
  if (it.isTensor()) return tensor(line, it.toTensor(), read);
  if (it.isNone()) line += '-';
  else if (it.isDouble()) line.number(it.toDouble());
  else if (it.isBool()) line += it.toBool() ? "true" : "false";
  else if (it.isInt()) line.number(it.toInt());
  else if (it.isString()) line.quoted(it.toStringRef());
  else if (it.isDevice()) line += it.toDevice().str();
  else if (it.isGenerator()) line += "generator";
  else if (it.isComplexDouble()) line.number(it.toComplexDouble().real()), line += 'j', line.number(it.toComplexDouble().imag());
  else if (it.isList() || it.isTuple()) {
    line += '(';
    bool first = true;
    auto each = [&](const c10::IValue& one) {
      if (!first) line += ';';
      first = false, value(line, one, read);
    };
    if (it.isTensorList()) for (const at::Tensor& one : it.toTensorVector()) each(one);
    else if (it.isTuple()) for (const auto& one : it.toTupleRef().elements()) each(one);
    else for (const c10::IValue& one : it.toListRef()) each(one);
    line += ')';
  } else line += '?';
}

// ---- Places ---------------------------------------------------------------------------

// Python's own functions, found in the process: no header of Python's is needed, and a
// program without Python has none. All of them are of the stable interface.
struct Python {
  template <typename F>
  static F* find(const char* name) { return reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name)); }
  int (*is_initialized)() = find<int()>("Py_IsInitialized");
  void* (*this_thread)() = find<void*()>("PyGILState_GetThisThreadState");
  int (*ensure)() = find<int()>("PyGILState_Ensure");
  void (*release)(int) = find<void(int)>("PyGILState_Release");
  void* (*frame)() = find<void*()>("PyEval_GetFrame");
  void* (*back)(void*) = find<void*(void*)>("PyFrame_GetBack");
  void* (*code)(void*) = find<void*(void*)>("PyFrame_GetCode");
  int (*line)(void*) = find<int(void*)>("PyFrame_GetLineNumber");
  int (*last)(void*) = find<int(void*)>("PyFrame_GetLasti");  // from 3.11 on
  void (*keep)(void*) = find<void(void*)>("Py_IncRef");
  void (*drop)(void*) = find<void(void*)>("Py_DecRef");
  void* (*attribute)(void*, const char*) = find<void*(void*, const char*)>("PyObject_GetAttrString");
  const char* (*text)(void*) = find<const char*(void*)>("PyUnicode_AsUTF8");
  void (*clear)() = find<void()>("PyErr_Clear");

  // A thread that Python knows: another one could wait for the interpreter's lock while
  // its holder waits for it.
  bool is_here() const {
    return ensure && frame && back && code && is_initialized() && this_thread();
  }
};

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

// ---- Operations -----------------------------------------------------------------------

// What is known of an operation from its schema, looked up once.
struct Name {
  int id;
  bool is_operation = true;
  bool composite = false;  // made of others, which have the digests
  bool fresh = false;      // its result holds whatever was there before
  bool random = false;
  std::vector<char> written;  // for each argument: ' ', or 'w' in place, 'o' only filled, 's' scratch
  int scratch = -1;           // the result that is
};

bool starts(const string& text, const char* with) { return text.rfind(with, 0) == 0; }

Name describe(const string& name, const string& overload) {
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) return {-1, false};
  bool is_new;
  string full = overload.empty() ? name : name + "." + overload;
  Name it{watch->number('n', full, is_new)};
  Line line;
  line += "n\t", line.number(it.id), line += '\t', line += full, line += '\t';
  static const std::set<string> fills = {"normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_",
                                         "log_normal_", "cauchy_", "copy_", "fill_", "zero_", "set_"};
  static const std::set<string> hosts = {"_local_scalar_dense", "equal"};
  string bare = name.substr(name.find("::") == string::npos ? 0 : name.find("::") + 2);
  string names;
  bool view = false;
  {
    const auto& schema = handle->schema();
    it.composite = handle->hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd);
    bool has_training = false;
    for (const auto& argument : schema.arguments()) has_training |= argument.name() == "training" || argument.name() == "train";
    for (const auto& argument : schema.arguments()) {
      auto alias = argument.alias_info();
      char how = ' ';
      if (alias && alias->isWrite()) how = argument.is_out() ? 'o' : 'w';
      if (how == 'w' && it.written.empty() && fills.count(bare)) how = 'o';
      // Written by batch_norm, whose schema keeps silent about it.
      if (has_training && starts(argument.name(), "running_")) how = 'w';
      if (argument.name() == "workspace" || argument.name() == "reserve") how = 's';
      it.written.push_back(how);
      it.random |= argument.type()->str() == "Generator?" || argument.type()->str() == "Generator";
      names += '\t' + argument.name();
    }
    for (const auto& result : schema.returns()) view |= result.alias_info() && !result.alias_info()->isWrite();
    view |= handle->hasTag(at::Tag::inplace_view);  // as_strided_: writes no value
  }
  // What a kernel keeps for its own backward pass: padding in it is never written to.
  if (bare == "mkldnn_rnn_layer") it.scratch = 3;
  it.fresh = starts(bare, "empty") || starts(bare, "new_empty") || starts(bare, "_empty") || bare == "resize_";
  if (it.composite) line += 'c';
  if (view) line += 'v';
  if (it.fresh) line += 'e';
  if (it.random) line += 'r';
  if (hosts.count(bare)) line += 'h';
  for (char how : it.written)
    if (how == 'w' || how == 'o') { line += how; break; }
  line += names, line += '\n';
  watch->put(line);
  return it;
}

// The state of the generator that will be drawn from: what a draw really depends on.
uint64_t generator_state(const at::RecordFunction& function) {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  for (const auto& it : function.inputs())
    if (it.isGenerator()) generator = it.toGenerator();
  if (generator.device().type() != at::kCPU) return 0;
  auto* of_cpu = static_cast<at::CPUGeneratorImpl*>(generator.unsafeGetGeneratorImpl());
  auto state = of_cpu->engine().data();
  auto normal = of_cpu->next_float_normal_sample();
  auto doubled = of_cpu->next_double_normal_sample();
  uint64_t parts[4] = {state.next_ | (uint64_t(normal.has_value()) << 32), 0, 0, 0};
  if (normal) memcpy(&parts[1], &*normal, 4);
  if (doubled) memcpy(&parts[2], &*doubled, 8), parts[0] |= uint64_t(1) << 33;
  parts[3] = digest(reinterpret_cast<const char*>(state.state_.data()), sizeof state.state_).a;
  return digest(reinterpret_cast<const char*>(parts), sizeof parts).a;
}

struct Node {
  string name;
  int64_t seq;
  uint64_t thread;
};

struct Operation : at::ObserverContext {
  Line line;                    // up to its arguments
  std::vector<at::Tensor> written;
  const Name* name = nullptr;
};

struct Thread {
  std::vector<int> places;  // of the operations that are under way
  std::vector<Node> nodes;  // of the backward pass that are under way
};

Thread& this_thread() {
  // Never destroyed: a program may call operations while it ends.
  static thread_local Thread* it = new Thread;
  return *it;
}

std::unique_ptr<at::ObserverContext> before(const at::RecordFunction& function) {
  if (!watch->is_on) return nullptr;
  auto it = std::make_unique<Operation>();
  auto& thread = this_thread();
  std::lock_guard<std::mutex> guard(watch->lock);
  if (!watch->is_on || !watch->begin()) return nullptr;
  static auto* names = new std::unordered_map<string, Name>;
  auto of = function.operator_name();
  string name = function.name(), overload = of ? of->overload_name : "";
  auto known = names->find(name + "." + overload);
  if (known == names->end()) known = names->emplace(name + "." + overload, describe(name, overload)).first;
  if (!known->second.is_operation) return nullptr;  // a mark for profilers
  it->name = &known->second;

  // What an operation calls itself is on its line; but the backward pass calls on its own.
  bool outermost = thread.places.empty() || thread.places.back() < 0;
  int place = outermost ? watch->place() : thread.places.back();
  Line& line = it->line;
  line += "o\t", line.number(std::count_if(thread.places.begin(), thread.places.end(), [](int p) { return p >= 0; }));
  line += '\t', line.number(it->name->id), line += '\t', line.number(place);
  line += '\t', line.number(at::RecordFunction::currentThreadId()), line += '\t', line.number(function.seqNr());
  line += '\t';
  if (thread.nodes.empty()) line += '-';
  else {
    auto& node = thread.nodes.back();
    line += node.name, line += ',', line.number(node.seq), line += ',', line.number(node.thread);
  }
  line += '\t';
  if (it->name->random) line.hex(generator_state(function));
  else line += '-';
  size_t i = 0;
  for (const auto& input : function.inputs()) {
    char how = i < it->name->written.size() ? it->name->written[i] : ' ';
    line += '\t';
    i++;
    if (how == 's') {
      line += "scratch";
      continue;
    }
    bool silent = it->name->composite || how == 'o' || it->name->fresh;
    if (how != ' ' && input.isTensor() && input.toTensor().defined()) line += '!', it->written.push_back(input.toTensor());
    if (how != ' ' && input.isTensorList())
      for (const at::Tensor& one : input.toTensorVector()) it->written.push_back(one);
    value(line, input, silent ? Read::nothing : Read::digest);
  }
  thread.places.push_back(place);  // last: what failed before is not told to after()
  return it;
}

void after(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* it = static_cast<Operation*>(context);
  if (!it) return;
  auto& thread = this_thread();
  if (!thread.places.empty()) thread.places.pop_back();
  Line& line = it->line;
  Read read = it->name->composite || it->name->fresh ? Read::nothing : Read::first_values;
  line += "\t>";
  std::vector<const void*> told;
  int at = 0;
  for (const auto& output : function.outputs()) {
    line += '\t';
    if (at++ == it->name->scratch) line += "scratch";
    else value(line, output, read);
    if (output.isTensor()) told.push_back(output.toTensor().unsafeGetTensorImpl());
  }
  for (const auto& one : it->written) {
    if (std::find(told.begin(), told.end(), one.unsafeGetTensorImpl()) != told.end()) continue;
    line += '\t', tensor(line, one, read);
  }
  line += '\n';
  std::lock_guard<std::mutex> guard(watch->lock);
  if (watch->is_on && watch->counts()) watch->put(line);
}

// The backward pass tells which node it is at; a node knows the number of the forward
// operation that made it.
std::unique_ptr<at::ObserverContext> before_node(const at::RecordFunction& function) {
  auto& thread = this_thread();
  if (thread.nodes.empty()) watch->backward(torch::autograd::get_current_graph_task_id());
  thread.nodes.push_back({function.name(), function.seqNr(), function.forwardThreadId()});
  thread.places.push_back(-1);
  return std::make_unique<Operation>();
}

void after_node(const at::RecordFunction&, at::ObserverContext* context) {
  auto& thread = this_thread();
  if (!context) return;
  if (!thread.nodes.empty()) thread.nodes.pop_back();
  if (!thread.places.empty()) thread.places.pop_back();
}

// A child made by fork, such as a DataLoader's worker, is not the program.
void in_child() { watch->is_on = false; }

}  // namespace

__attribute__((constructor)) static void begin() {
  const char* path = getenv("PARITY_WATCH_LIST");
  const char* bounds = getenv("PARITY_WATCH_BOUNDS");
  if (!path) return;
  watch = new Watch(strdup(path), bounds ? bounds : "");
  pthread_atfork(nullptr, nullptr, in_child);
  at::addGlobalCallback(at::RecordFunctionCallback(before, after).needsInputs(true).needsOutputs(true).scopes({at::RecordScope::FUNCTION}));
  at::addGlobalCallback(at::RecordFunctionCallback(before_node, after_node).scopes({at::RecordScope::BACKWARD_FUNCTION}));
}

__attribute__((destructor)) static void end() {
  if (!watch) return;
  std::lock_guard<std::mutex> guard(watch->lock);
  watch->finish(true);
}
