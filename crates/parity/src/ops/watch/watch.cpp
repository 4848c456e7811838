// What sees every operation of libtorch, in whatever program it is loaded into, and
// writes a line for each: docs/operations.md has the format.
//
// It is compiled against the very libtorch that it watches (it reads C++ objects), loaded
// by start.c, and asks to be called before and after each operation, as a profiler would.
// It never calls an operation itself, and never writes to a tensor.

#include <ATen/record_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include <algorithm>
#include <memory>

#include <pthread.h>

#include "places.h"
#include "schema.h"
#include "value.h"

namespace {

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
