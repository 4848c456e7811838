// Tensors and other values, as words of a line.

#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "digest.h"
#include "line.h"

namespace {

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

}  // namespace
