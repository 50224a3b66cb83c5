// libsodium's argon2id and random bytes.
#include "storage/passwords.h"

#include <sodium.h>

#include <mutex>

#include "base/check.h"
#include "base/error.h"

namespace querist::storage {

static void start_sodium() {
  static const int started = sodium_init();
  QUERIST_CHECK(started >= 0);
}

// One at a time: each takes 64 MiB on purpose, and a flood of log-ins must not take the machine's
// memory.
static std::mutex& one_at_a_time() {
  static std::mutex mutex;
  return mutex;
}

std::string hash_password(std::string_view password) {
  start_sodium();
  const std::lock_guard hold(one_at_a_time());
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    fail(Code::resource_exhausted, "there is not enough memory to hash a password; try again");
  }
  return hash;
}

bool password_fits(std::string_view hash, std::string_view password) {
  start_sodium();
  const std::lock_guard hold(one_at_a_time());
  const std::string stored(hash);
  return crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0;
}

std::string random_secret() {
  start_sodium();
  unsigned char bytes[32];
  randombytes_buf(bytes, sizeof bytes);
  char text[sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  sodium_bin2base64(text, sizeof text, bytes, sizeof bytes,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text;
}

bool same_secret(std::string_view a, std::string_view b) {
  start_sodium();
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace querist::storage
