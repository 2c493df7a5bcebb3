// Gives a target each input of the file that is named, a line of hexadecimal digits each: its
// corpus, without a fuzzer. Ends with an error where there was none.
#include <cstdio>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

namespace {

std::string bytes_of(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

int main(int count, char** paths) {
  size_t replayed = 0;
  std::ifstream corpus(count == 2 ? paths[1] : "");
  for (std::string line; std::getline(corpus, line); ++replayed) {
    const std::string bytes = bytes_of(line);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs replayed\n", replayed);
  return replayed > 0 ? 0 : 1;
}
