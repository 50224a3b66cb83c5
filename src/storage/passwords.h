// Passwords as argon2id hashes, and secrets from the system's generator.
#pragma once

#include <string>
#include <string_view>

namespace querist::storage {

std::string hash_password(std::string_view password);
bool password_fits(std::string_view hash, std::string_view password);
std::string random_secret();                               // 256 bits as URL-safe text.
bool same_secret(std::string_view a, std::string_view b);  // In constant time.

}  // namespace querist::storage
