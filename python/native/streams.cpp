// Streams: one object that runs any stream strategy.
#include "streams/stream.h"

#include "base/error.h"
#include "native/module.h"

namespace querist::python {

using streams::Stream;
using Doubles = Array<double, 1>;
using DoubleRows = Array<double, 2>;

static Features features_of(const std::optional<Array<float, 2>>& rows) {
  return rows ? Features(view_of(rows)) : Features();
}

static Stream make_stream(const std::string& name, const Named& given, uint32_t seed) {
  const auto& card = streams::find(name);
  return Stream(card, params_of(card.params, given), seed);
}

static Listed stream_cards() {
  Listed list;
  for (const auto& card : streams::all()) {
    nb::dict row;
    row["name"] = text(card.name);
    row["summary"] = text(card.summary);
    row["source"] = text(card.source);
    row["params"] = param_list(card.params);
    list.append(row);
  }
  return list;
}

static nb::ndarray<nb::numpy, bool, nb::ndim<1>> query_many(
    Stream& stream, DoubleRows probabilities, const std::optional<Array<float, 2>>& embeddings) {
  std::vector<uint8_t> asked(probabilities.shape(0));
  without_lock([&] {
    return stream.query_many({probabilities.data(), probabilities.size()}, probabilities.shape(1),
                             features_of(embeddings), asked);
  });
  auto* kept = new std::vector<uint8_t>(std::move(asked));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<uint8_t>*>(p); });
  return {kept->data(), {kept->size()}, owner};
}

void bind_streams(nb::module_& module) {
  module.def("stream_cards", &stream_cards, "The card of every stream strategy, by name.");
  nb::class_<Stream>(module, "Stream", "A running stream strategy.")
      .def_static("make", &make_stream, nb::arg("name"), nb::arg("params"), nb::arg("seed"))
      .def_static(
          "load", [](const std::string& saved) { return Stream::load(saved); }, nb::arg("saved"))
      .def("save", &Stream::save)
      .def(
          "query",
          [](Stream& stream, Doubles probabilities,
             const std::optional<Array<float, 1>>& embedding) {
            return stream.query(span_of(probabilities), span_of(embedding));
          },
          nb::arg("probabilities").noconvert(), nb::arg("embedding").noconvert() = nb::none())
      .def(
          "query",
          [](Stream& stream, Doubles probabilities, Doubles embedding) {
            std::vector<float> narrow(embedding.size());
            for (size_t i = 0; i < narrow.size(); ++i)
              narrow[i] = static_cast<float>(embedding.data()[i]);
            return stream.query(span_of(probabilities), narrow);
          },
          nb::arg("probabilities").noconvert(), nb::arg("embedding").noconvert())
      .def("query_many", &query_many, nb::arg("probabilities").noconvert(),
           nb::arg("embeddings").noconvert() = nb::none())
      .def_prop_ro("name", [](const Stream& s) { return std::string(s.strategy().name); })
      .def_prop_ro("budget", [](const Stream& s) { return s.params().number("budget"); })
      .def_prop_ro("spent", &Stream::spent)
      .def_prop_ro("seen", &Stream::seen)
      .def_prop_ro("asked", &Stream::asked)
      .def_prop_ro("skipped", &Stream::skipped);
}

}  // namespace querist::python
