// What an operation does with its arguments, by its schema.

#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include <set>
#include <vector>

#include "digest.h"
#include "places.h"

namespace {

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

}  // namespace
