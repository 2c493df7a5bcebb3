// The loops of all wide instruction sets, written once. A leaf includes this file within its
// anonymous namespace, after it has said in its own words:
//   NEARSIGHT_WIDE       the attribute of a function for this instruction set
//   F32, F16, I8         what a kind of row is made of (see below)
//   kTileQueries         so many queries times kTileRows sums stay in registers
//   ask(const void*)     for a cache line that will be read soon
// A kind has types Number (of a row), Query (a number of it), Numbers (some of either, side by
// side, widened), Sums (of their products) and Score (one sum), the constants kLanes (numbers in a
// Numbers) and kSums (so many Sums keep the multipliers of one row busy), and the functions zero,
// load (of both), multiply_add(Numbers, Numbers, Sums), add, sum_of(Sums) and
// sums_of_four(const Sums*, Score*).

// Rows are read once, and memory is the limit. The hardware prefetcher stops at each 4 KiB page,
// and guesses wrong where rows are left out: asking this far ahead carries the stream over both.
constexpr size_t kAheadBytes = 8192;
constexpr size_t kMostAhead = 32;  // rows, where little of each is read
constexpr size_t kLineBytes = 64;
constexpr size_t kTileRows = 4;
constexpr size_t kScalesAtOnce = 64;

// Asks for what lies `ahead` of `count` numbers that begin at number i of a row.
template <class Number>
NEARSIGHT_WIDE void ask_ahead(const Number* ahead, size_t i, size_t count) {
  for (size_t at = i; at < i + count; at += kLineBytes / sizeof(Number)) ask(ahead + at);
}

template <class Kind>
NEARSIGHT_WIDE typename Kind::Score dot(const typename Kind::Query* query,
                                        const typename Kind::Number* row, size_t dim,
                                        const typename Kind::Number* ahead) {
  constexpr size_t kLanes = Kind::kLanes, kSums = Kind::kSums;
  typename Kind::Sums sums[kSums];  // unrolled by hand: in memory they cost 15 ns a row
#pragma GCC unroll 8
  for (size_t s = 0; s < kSums; ++s) sums[s] = Kind::zero();
  size_t i = 0;
  for (; i + kSums * kLanes <= dim; i += kSums * kLanes) {
    ask_ahead(ahead, i, kSums * kLanes);
#pragma GCC unroll 8
    for (size_t s = 0; s < kSums; ++s) {
      const size_t at = i + kLanes * s;
      sums[s] = Kind::multiply_add(Kind::load(row + at), Kind::load(query + at), sums[s]);
    }
  }
  if (i < dim) ask_ahead(ahead, i, dim - i);
  for (; i < dim; i += kLanes) {
    sums[0] = Kind::multiply_add(Kind::load(row + i), Kind::load(query + i), sums[0]);
  }
#pragma GCC unroll 8
  for (size_t s = 1; s < kSums; ++s) sums[0] = Kind::add(sums[0], sums[s]);
  return Kind::sum_of(sums[0]);
}

// Four rows times kTileQueries queries: each number that is loaded is used several times.
template <class Kind>
NEARSIGHT_WIDE void score_tile(const typename Kind::Query* const* queries,
                               const typename Kind::Number* const* rows, size_t dim,
                               typename Kind::Score* out) {
  typename Kind::Sums sums[kTileQueries][kTileRows];
  for (auto& of_query : sums) {
    for (auto& sum : of_query) sum = Kind::zero();
  }
  for (size_t i = 0; i < dim; i += Kind::kLanes) {
    typename Kind::Numbers wanted[kTileQueries];
#pragma GCC unroll 8
    for (size_t q = 0; q < kTileQueries; ++q) wanted[q] = Kind::load(queries[q] + i);
#pragma GCC unroll 4
    for (size_t r = 0; r < kTileRows; ++r) {
      const auto row = Kind::load(rows[r] + i);
#pragma GCC unroll 8
      for (size_t q = 0; q < kTileQueries; ++q) {
        sums[q][r] = Kind::multiply_add(row, wanted[q], sums[q][r]);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t q = 0; q < kTileQueries; ++q) Kind::sums_of_four(sums[q], out + q * kTileRows);
}

template <class Kind>
NEARSIGHT_WIDE void score_many(const typename Kind::Query* queries, size_t query_count,
                               const typename Kind::Number* rows, const uint32_t* which,
                               size_t count, size_t dim, size_t stride, float* out) {
  for (size_t q = 0; q < query_count; q += kTileQueries) {
    const typename Kind::Query* wanted[kTileQueries];  // past the end the last one again
    for (size_t i = 0; i < kTileQueries; ++i) {
      wanted[i] = queries + (q + i < query_count ? q + i : query_count - 1) * dim;
    }
    for (size_t r = 0; r < count; r += kTileRows) {
      const typename Kind::Number* tile[kTileRows];
      for (size_t i = 0; i < kTileRows; ++i) {
        const size_t row = r + i < count ? r + i : count - 1;
        tile[i] = rows + (which == nullptr ? row : which[row]) * stride;
      }
      typename Kind::Score scores[kTileQueries * kTileRows];
      score_tile<Kind>(wanted, tile, dim, scores);
      for (size_t i = 0; i < kTileQueries && q + i < query_count; ++i) {
        for (size_t j = 0; j < kTileRows && r + j < count; ++j) {
          out[(q + i) * count + r + j] = static_cast<float>(scores[i * kTileRows + j]);
        }
      }
    }
  }
}

template <class Kind>
NEARSIGHT_WIDE void score(const typename Kind::Query* queries, size_t query_count,
                          const typename Kind::Number* rows, const uint32_t* which, size_t count,
                          size_t dim, size_t stride, float* out) {
  using Number = typename Kind::Number;
  if (query_count != 1) {
    return score_many<Kind>(queries, query_count, rows, which, count, dim, stride, out);
  }
  const size_t read = kAheadBytes / (dim * sizeof(Number)) + 1;  // so many rows of what is read
  const size_t rows_ahead = read < kMostAhead ? read : kMostAhead;
  if (which == nullptr) {
    const size_t bytes = rows_ahead * stride * sizeof(Number);
    const size_t skip =
        (dim < stride && bytes > kAheadBytes ? bytes : kAheadBytes) / sizeof(Number);
    for (size_t i = 0; i < count; ++i) {
      const Number* const row = rows + i * stride;
      const Number* const ahead = row + skip;
      out[i] = static_cast<float>(dot<Kind>(queries, row, dim, ahead));
    }
    return;
  }
  const size_t whole = kAheadBytes / (stride * sizeof(Number)) + 1;  // so many that are wanted
  const size_t skip = dim < stride && whole < rows_ahead ? rows_ahead : whole;
  for (size_t i = 0; i < count; ++i) {
    const Number* const ahead = rows + which[i + skip < count ? i + skip : count - 1] * stride;
    out[i] = static_cast<float>(dot<Kind>(queries, rows + which[i] * stride, dim, ahead));
  }
}

NEARSIGHT_WIDE void score_i8(const int16_t* queries, size_t query_count, const int8_t* rows,
                             const uint32_t* which, size_t count, size_t dim, size_t stride,
                             float* out) {
  score<I8>(queries, query_count, rows, which, count, dim, stride, out);
  float scales[kScalesAtOnce];
  for (size_t begin = 0; begin < count; begin += kScalesAtOnce) {
    const size_t some = count - begin < kScalesAtOnce ? count - begin : kScalesAtOnce;
    for (size_t i = 0; i < some; ++i) {
      const size_t row = which == nullptr ? begin + i : which[begin + i];
      __builtin_memcpy(scales + i, rows + (row + 1) * stride - sizeof(float), sizeof(float));
    }
    for (size_t q = 0; q < query_count; ++q) {
      for (size_t i = 0; i < some; ++i) out[q * count + begin + i] *= scales[i];
    }
  }
}
