// What columns hold: values of five kinds, and the facts of documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

using DocId = uint64_t;
using OwnerId = uint64_t;

// Kinds never mix: a number equals no text and no bool. Part of the file format.
enum class Kind : uint8_t { kNull = 0, kBool = 1, kNumber = 2, kText = 3, kPoint = 4 };

// A value as bytes that are ordered as the values of its kind are (cpp/FORMAT.md, "Keys").
struct Value {
  Kind kind;
  std::string key;
};

Value null_value();
Value bool_value(bool value);
Value text_value(std::string_view text);  // UTF-8: ordered by code points
// Whole numbers and floats are equal, and are ordered, exactly: 2^53 + 1 is above 2.0^53.
Value whole_value(int64_t number);
Value whole_value(uint64_t number);
Result<Value> float_value(double number);  // NaN is kInvalidArgument; infinities have their places
// A number that is only compared with: `nearest` is the double next to it, `side` says whether it
// lies below (-1), on (0) or above (1) that one. For whole numbers that 64 bits don't hold.
Value beside(double nearest, int side);

// In degrees. kInvalidArgument unless latitude is -90..90 and longitude -180..180.
Result<Value> point_value(double latitude, double longitude);

struct Place {
  double latitude;
  double longitude;
};
inline constexpr size_t kPointBytes = 16;
inline constexpr size_t kLatitudeBytes = 8;  // the first of them
Place place_of(const char* key);             // REQUIRES kPointBytes
std::string latitude_key(double latitude);   // the beginning of the keys of such points

// A path of one kind as it is sorted and stored: the path, a zero, the kind.
std::string column_name(std::string_view path, Kind kind);

// The documents of one put, one after another, each followed by its facts.
class Documents {
 public:
  struct Document {
    DocId doc;
    OwnerId owner;
    RowId row;  // 0: no row stands for it
  };
  struct Fact {
    uint32_t document;  // its number in documents()
    uint32_t column;    // its number in columns()
    uint64_t head;      // the first 8 bytes of the key as a big-endian number
    uint64_t begin;     // of the key
    uint64_t size;
  };

  void begin(DocId doc, OwnerId owner, RowId row) { documents_.push_back({doc, owner, row}); }
  // One fact of the document that was begun last. kInvalidArgument: a path with a zero in it.
  // REQUIRES that one was begun.
  Status say(std::string_view path, const Value& value);

  std::span<const Document> documents() const { return documents_; }
  std::span<const Fact> facts() const { return facts_; }
  std::span<const std::string> columns() const { return columns_; }
  std::string_view key(const Fact& fact) const {
    return std::string_view(bytes_).substr(fact.begin, fact.size);
  }

 private:
  uint32_t column_numbered(std::string name);

  std::vector<Document> documents_;
  std::vector<Fact> facts_;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, uint32_t> numbers_;  // of columns_
  std::string bytes_;
};

}  // namespace nearsight
