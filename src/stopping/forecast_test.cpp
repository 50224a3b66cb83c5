// Rules that carry the audited curve on, over curves whose law is known.
#include "stopping/parts/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stopping/rules_fixture.h"

namespace querist::stopping {

// Models every 20 labels whose error follows a + b m^-c as closely as `audit` labels can say it.
static History curve(size_t models, double a, double b, double c, int64_t audit = 4000) {
  History history{.batch_size = 20, .pool_left = 5000};
  for (size_t i = 1; i <= models; ++i) {
    const double error = a + b * std::pow(static_cast<double>(20 * i), -c);
    add_audited(history, 20 * i, std::llround((1 - error) * static_cast<double>(audit)), audit);
  }
  return history;
}

TEST(Forecast, FollowsTheLaw) {
  for (const size_t models : {12, 30, 200}) {
    const auto next = forecast(curve(models, 0.05, 1.5, 0.6, 1'000'000), 100);
    ASSERT_TRUE(next.has_value());
    const auto now = static_cast<double>(20 * models);
    const double gain = 1.5 * (std::pow(now, -0.6) - std::pow(now + 100, -0.6));
    EXPECT_NEAR(next->gain.value, gain, 1e-4) << models;  // Audits are rounded to 1e-6.
    EXPECT_LE(next->gain.ci_low, next->gain.value);
    EXPECT_GE(next->gain.ci_high, next->gain.value);
    ASSERT_TRUE(next->back_test.has_value());
    EXPECT_TRUE(next->back_test->held);
    EXPECT_EQ(next->back_test->models, 5u);
    EXPECT_NEAR(next->back_test->predicted.value, next->back_test->measured, 1e-3);
  }
}

TEST(Forecast, NeedsACurve) {
  EXPECT_FALSE(forecast({}, 100));
  // The last two thirds of five models are four; of four they are three.
  EXPECT_FALSE(forecast(curve(4, 0.1, 1, 0.5), 100));
  const auto next = forecast(curve(5, 0.1, 1, 0.5), 100);
  ASSERT_TRUE(next.has_value());
  EXPECT_FALSE(next->back_test);
  EXPECT_FALSE(forecast(curve(9, 0.1, 1, 0.5), 100)->back_test);
  EXPECT_TRUE(forecast(curve(10, 0.1, 1, 0.5), 100)->back_test);
  EXPECT_FALSE(forecast(curve(30, 0.1, 1, 0.5, 9), 100)) << "nine audit labels say nothing";
  EXPECT_FALSE(forecast(curve(30, 0.1, 1, 0.5), 0));
}

// Models every 20 labels that follow any law as closely as audits of a million labels say it.
static History lawful(size_t models, const metrics::CurveLaw& law) {
  History history{.batch_size = 20, .pool_left = 5000};
  for (size_t i = 1; i <= models; ++i) {
    const double error = law.error(static_cast<double>(20 * i));
    add_audited(history, 20 * i, std::llround((1 - error) * 1e6), 1'000'000);
  }
  return history;
}

TEST(Forecast, TakesTheFormThatForetellsHeldOutModels) {
  using metrics::CurveForm;
  for (const metrics::CurveLaw& law : {metrics::CurveLaw{0.05, 1.5, 0.6},
                                       {0.1, 0.5, 0.006, CurveForm::exponential},
                                       {0.05, 0.5, 3, CurveForm::mmf, 300}}) {
    const auto next = forecast(lawful(24, law), 100);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->choice.form, law.form);
    EXPECT_EQ(next->gain.method, metrics::curve_form_word(law.form));
    EXPECT_NEAR(next->gain.value, law.error(480) - law.error(580), 2e-4);
    ASSERT_EQ(next->choice.held_out.size(), 3u);
    EXPECT_LT(next->choice.held_out[static_cast<size_t>(law.form)].error, 1e-4);
    EXPECT_TRUE(next->back_test->held);
  }
}

TEST(TargetForecast, CountsTheLabelsToTheTarget) {
  const metrics::CurveLaw law{0.05, 1.5, 0.6};
  History history = lawful(24, law);
  EXPECT_FALSE(target_forecast(history)) << "no target";
  history.target = 1 - law.error(800);
  auto target = target_forecast(history);
  ASSERT_TRUE(target.has_value());
  EXPECT_NEAR(*target->more.labels, 320, 3);  // Audits are rounded to 1e-6.
  EXPECT_LE(*target->more.ci_low, *target->more.labels);
  EXPECT_GE(*target->more.ci_high, *target->more.labels);
  EXPECT_EQ(target->sentence.find("The target of "), 0u);
  EXPECT_NE(target->sentence.find(" takes about 320 more labels (95 % range 2"), std::string::npos)
      << target->sentence;
  history.audit_share = 0.2;  // Of five labels the model learns from four.
  EXPECT_NEAR(*target_forecast(history)->more.labels, 400, 4);
  EXPECT_NEAR(forecast(history, 100)->gain.value, law.error(480) - law.error(560), 1e-4);
  history.audit_share = 1;
  EXPECT_FALSE(target_forecast(history)->more.labels);
  EXPECT_EQ(forecast(history, 100)->gain.value, 0);
  history.audit_share = 0;
  history.pool_left = 200;
  EXPECT_NE(target_forecast(history)->sentence.find(
                "takes more labels than the 200 examples that are left."),
            std::string::npos)
      << target_forecast(history)->sentence;
  history.target = 0.99;
  target = target_forecast(history);
  EXPECT_FALSE(target->more.labels);
  EXPECT_EQ(target->sentence,
            "The target of 99 of 100 is not reachable by the curve, which "
            "levels off at about 95.0.");
  history.target = 0.5;
  EXPECT_EQ(target_forecast(history)->sentence, "The curve is at the target of 50 of 100 already.");
  history.models.resize(4);
  EXPECT_FALSE(target_forecast(history)) << "too short a curve";
}

TEST(TargetForecast, SaysWhatFewAuditLabelsLeaveOpen) {
  History history = curve(20, 0.05, 1.5, 0.6, 60);
  history.target = 0.93;
  const auto target = target_forecast(history);
  ASSERT_TRUE(target.has_value());
  EXPECT_FALSE(target->more.ci_high && *target->more.ci_high <= 5000) << target->sentence;
  EXPECT_EQ(*target->more.ci_low, 0);
  EXPECT_NE(target->sentence.find(", at best it is there already."), std::string::npos)
      << target->sentence;
  history.target = 0.97;
  const auto far = target_forecast(history);
  EXPECT_NE(far->sentence.find(", at best after about "), std::string::npos) << far->sentence;
  EXPECT_EQ(far->sentence.find("about 0 more"), std::string::npos) << far->sentence;
}

TEST(NoGain, StopsOnAFlatCurveOnly) {
  Advice advice = ask("no_gain", curve(20, 0.1, 0, 1));
  EXPECT_EQ(advice.verdict, Verdict::stop) << advice.sentence;
  EXPECT_NE(advice.sentence.find("The next 100 labels are expected to gain about"),
            std::string::npos);
  EXPECT_NE(advice.sentence.find("5 models ago the same forecast for today was 90.0 of 100, and "
                                 "the audit has 90.0."),
            std::string::npos)
      << advice.sentence;
  advice = ask("no_gain", curve(20, 0.05, 3, 0.5));
  EXPECT_EQ(advice.verdict, Verdict::continue_) << advice.sentence;
  EXPECT_GT(advice.value, 0.01);
  // The same flat curve measured on 40 labels may still hide a gain.
  EXPECT_EQ(ask("no_gain", curve(20, 0.1, 0, 1, 40)).verdict, Verdict::continue_);
  EXPECT_FALSE(ask("no_gain", curve(9, 0.1, 0, 1, 1'000'000)).met) << "no back-test yet";
  History all_labelled = curve(20, 0.1, 0, 1);
  all_labelled.pool_left = 0;
  EXPECT_FALSE(ask("no_gain", all_labelled).met);
  all_labelled.pool_left = 30;
  EXPECT_EQ(ask("no_gain", all_labelled).sentence.find("The next 30 labels"), 0u);
}

TEST(NoGain, DoesNotTrustACurveThatForetoldTheWrongPresent) {
  History history = curve(14, 0.1, 0, 1);
  for (size_t i = 15; i <= 20; ++i) add_audited(history, 20 * i, 3000, 4000);  // It got worse.
  const Advice advice = ask("no_gain", history);
  EXPECT_FALSE(advice.met) << advice.sentence;
  EXPECT_NE(advice.sentence.find("more off than chance explains."), std::string::npos);
}

TEST(CostBenefit, WeighsTheGainAgainstTheBatch) {
  History history = curve(20, 0.05, 3, 0.5);
  EXPECT_FALSE(ask("cost_benefit", history).met);
  history.value_per_point = 50;
  EXPECT_FALSE(ask("cost_benefit", history).met);
  history.cost_per_hour = 36;
  EXPECT_FALSE(ask("cost_benefit", history).met);
  history.seconds_per_label = 10;  // A label costs 0.1, the batch of 20 costs 2.
  const double gain = 3 * (std::pow(400, -0.5) - std::pow(420, -0.5));
  Advice advice = ask("cost_benefit", history);
  EXPECT_EQ(advice.verdict, Verdict::continue_) << advice.sentence;
  EXPECT_NEAR(advice.value, 100 * gain * 50 - 2, 1);  // The fit is of audits rounded to 1 / 4000.
  EXPECT_NE(advice.sentence.find("The next 20 labels cost about 2.00 for 3 min and are"),
            std::string::npos);
  history.value_per_point = 1;  // The gain of about a third of a point is worth less than 2.
  advice = ask("cost_benefit", history);
  EXPECT_EQ(advice.verdict, Verdict::stop) << advice.sentence;
  EXPECT_NEAR(advice.value, 100 * gain - 2, 0.05);
  history.models.erase(history.models.begin(), history.models.begin() + 14);
  EXPECT_FALSE(ask("cost_benefit", history).met) << "a curve without back-test never stops";
}

TEST(Advise, GoesOnWithTheGainOfTheNextHundredLabels) {
  const Verdicts verdicts = advise(curve(20, 0.05, 3, 0.5));
  EXPECT_EQ(verdicts.verdict, Verdict::continue_);
  EXPECT_EQ(verdicts.sentence.find("Go on: the next 100 labels are expected to gain about "), 0u)
      << verdicts.sentence;
  EXPECT_NE(verdicts.sentence.find("5 models ago"), std::string::npos);
}

TEST(Words, RoundToAHundredthOfAPoint) {
  EXPECT_EQ(gain_words({0.0123, 0.00004, 0.02, ""}), "about 1.23 of 100 (0 to 2)");
  EXPECT_EQ(gain_words({0, -1e-9, 0, ""}), "about 0 of 100 (0 to 0)");
}

}  // namespace querist::stopping
