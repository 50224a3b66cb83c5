// MMC and DIRECT against what other people's code answers: picks of ALiPy's class and of a hand run
// of the authors' order and boundary.
#include <gtest/gtest.h>

#include <numeric>

#include "strategies/strategy.h"

namespace querist::strategies {

static Matrix matrix(size_t cols, const std::vector<float>& values) {
  Matrix m(values.size() / cols, cols);
  m.values = values;
  return m;
}

// ALiPy 1.2.5's QueryMultiLabelMMC over these marginals (its binary relevance replaced by one that
// returns them; scikit-learn 1.9.1's LogisticRegression(solver="newton-cg", tol=1e-10) for the
// number of labels), asked again and again for one row; the scores are its own. libact's class,
// which it follows, indexes its predicted labels by row and reads decisions instead of values.
TEST(PeersGolden, MmcPicksWhatAlipyPicks) {
  const Matrix marginals =
      matrix(4, {.05f, .16f, .74f, .49f, .06f, .34f, .39f, .1f,  .66f, .07f, .3f,  .42f, .34f, .5f,
                 .66f, .92f, .2f,  .56f, .62f, .21f, .01f, .94f, .21f, .23f, .84f, .49f, .38f, .7f,
                 .02f, .63f, .28f, .05f, .58f, .89f, .14f, .54f, .21f, .67f, .64f, .15f, .77f, .57f,
                 .6f,  .76f, .34f, .69f, .83f, .06f, .79f, .3f,  .39f, .09f, .62f, .21f, .82f, .19f,
                 .47f, .31f, .52f, .13f, .12f, .67f, .68f, .48f, .88f, .14f, .79f, .11f, .93f, .54f,
                 .52f, .94f, .72f, .72f, .03f, .28f, .05f, .13f, .14f, .8f});
  const Matrix labels =
      matrix(4, {0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1,
                 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0});
  std::vector<int64_t> rows(20);
  std::iota(rows.begin(), rows.end(), 0);
  Pool pool;
  pool.size = 20;
  pool.classes = 4;
  pool.labeled = std::span(rows).first(12);
  pool.candidates = std::span(rows).subspan(12);
  pool.probabilities = marginals;
  pool.label_matrix = labels;
  const auto found = select_batch(mmc(), pool, 8, Params(), 0);
  EXPECT_EQ(found.rows, (std::vector<int64_t>{14, 18, 15, 12, 13, 17, 16, 19}));
  const std::vector<double> scores = {1.45, 1.31, 1.25, 1.21, 1.2, 1.19, 1.16, .52};
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(found.utilities[i], scores[i], 1e-6);  // The marginals are float32.
  }
}

// The authors' code (LabelBench at 93b02b62, strategy_impl/direct.py) run by hand: each class's
// order by p_c - max p + 1e-8 max p, the first cut of most right labels, one row above it and one
// below in turn. Its random order of classes is taken as rarest first. The labelled rows are each
// class's last row above and first below its cut, so that no version space is left and nothing is
// drawn; nothing else is labelled on the way, where it would let a side's turn pass.
TEST(PeersGolden, DirectLabelsAroundTheCutsAsItsAuthorsDo) {
  const Matrix probabilities = matrix(
      3, {.376f, .367f, .257f, .036f, .922f, .042f, .572f, .345f, .083f, .28f,  .23f,  .49f,  .271f,
          .482f, .247f, .588f, .298f, .114f, .201f, .361f, .438f, .099f, .807f, .094f, .079f, .518f,
          .403f, .237f, .491f, .272f, .467f, .507f, .026f, .719f, .197f, .084f, .315f, .5f,   .185f,
          .433f, .566f, .001f, .19f,  .345f, .465f, .304f, .663f, .033f, .538f, .436f, .026f, .252f,
          .4f,   .348f, .358f, .629f, .013f, .673f, .158f, .169f, .818f, .039f, .143f, .518f, .305f,
          .177f, .39f,  .132f, .478f, .041f, .455f, .504f, .781f, .096f, .123f, .313f, .109f, .578f,
          .736f, .262f, .002f, .288f, .27f,  .442f, .344f, .641f, .015f, .605f, .292f, .103f});
  const std::vector<int64_t> labeled = {0, 6, 10, 17};
  const std::vector<int32_t> labels = {0, 2, 1, 1};
  std::vector<int64_t> candidates;
  for (int64_t row = 0; row < 30; ++row) {
    if (!std::binary_search(labeled.begin(), labeled.end(), row)) candidates.push_back(row);
  }
  const Pool pool{30, 3, candidates, labeled, labels, probabilities};
  const auto found = select_batch(direct(), pool, 9, Params(), 0);
  EXPECT_EQ(found.rows, (std::vector<int64_t>{21, 22, 16, 27, 8, 14, 4, 23, 9}));
}

}  // namespace querist::strategies
