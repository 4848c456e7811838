// Digests of values.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

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

}  // namespace
