// The words of a line.

#pragma once

#include <c10/core/ScalarType.h>

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using std::string;

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

}  // namespace
