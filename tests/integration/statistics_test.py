"""The statistics against SciPy's and NumPy's, on random samples from a fixed seed."""

import itertools
import os
import subprocess
import sys
import unittest
from collections import Counter

from coldload_cli import BUILD, CliTest

ANSWERS = os.path.join(BUILD, "bin/statistics_answers")
# Where ./dev test unpacks it; a SciPy that is installed serves as well.
sys.path.append(os.environ["COLDLOAD_SCIPY"])
import numpy  # noqa: E402
from scipy import stats  # noqa: E402

SEED = 20261124
SAMPLES = 1000
TOLERANCE = 1e-9
# The program's own limit: of larger samples p is approximate.
EXACT_PAIRS_MAX = 1024


def ask(questions):
    """The program's answers, as lists of words."""
    done = subprocess.run([ANSWERS], input="\n".join(questions) + "\n", capture_output=True, text=True, timeout=300,
                          check=True)
    answers = [line.split() for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def text(values):
    return " ".join(repr(float(value)) for value in values)


def draw(generator, count, tied):
    """Run times in seconds: of several shapes, heavy tails among them; rounded so that some are equal if `tied`."""
    shape = generator.integers(0, 4)
    values = (generator.normal(2.0, 0.1, count) if shape == 0 else generator.lognormal(0, 1.5, count) if shape == 1
              else generator.pareto(0.8, count) + 0.1 if shape == 2 else generator.exponential(0.01, count))
    values = numpy.abs(values) + 1e-3
    return numpy.round(values, 0 if shape == 2 else 1) + 1 if tied else values


def pairs_of_samples(generator):
    """(first, second, tied): a third without ties and small, a third with ties, a third of up to 60."""
    for number in range(SAMPLES):
        kind = number % 3
        most = 16 if kind == 0 else 20 if kind == 1 else 60
        sizes = generator.integers(1, most + 1, 2)
        tied = kind == 1 or (kind == 2 and number % 2 == 0)
        first, second = draw(generator, sizes[0], tied), draw(generator, sizes[1], tied)
        yield first, second * generator.choice([1.0, 1.0, 1.2, 2.0])


def has_ties(first, second):
    return max(Counter([*first, *second]).values()) > 1


def counts_by_rank_sum(doubled_ranks, chosen):
    """How many choices of `chosen` ranks have each sum: whole numbers, packed as the digits of one large one."""
    digit = len(doubled_ranks) + 1
    packed = [1] + [0] * chosen
    for rank in doubled_ranks:
        for taken in range(chosen, 0, -1):
            packed[taken] += packed[taken - 1] << (digit * rank)
    number, mask, counts = packed[chosen], (1 << digit) - 1, []
    while number:
        counts.append(number & mask)
        number >>= digit
    return counts


def exact_p_with_ties(first, second):
    """The share of all assignments of the mid-ranks whose sum is at least as far from its mean."""
    doubled = [int(round(2 * rank)) for rank in stats.rankdata([*first, *second])]
    observed, mean = sum(doubled[:len(first)]), len(first) * (len(doubled) + 1)
    counts = counts_by_rank_sum(doubled, len(first))
    as_far = sum(count for total, count in enumerate(counts) if abs(total - mean) >= abs(observed - mean))
    return as_far / sum(counts)


def p_by_enumeration(first, second):
    doubled = [int(round(2 * rank)) for rank in stats.rankdata([*first, *second])]
    mean = len(first) * (len(doubled) + 1)
    observed = abs(sum(doubled[:len(first)]) - mean)
    sums = [abs(sum(choice) - mean) for choice in itertools.combinations(doubled, len(first))]
    return sum(distance >= observed for distance in sums) / len(sums)


def holm(p_values):
    adjusted, so_far = [0.0] * len(p_values), 0.0
    for step, position in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        so_far = max(so_far, min(1.0, (len(p_values) - step) * p_values[position]))
        adjusted[position] = so_far
    return adjusted


class EqualToSciPy(CliTest):
    def setUp(self):
        super().setUp()
        self.generator = numpy.random.default_rng(SEED)

    def assert_close(self, got, expected, what):
        self.assertLessEqual(abs(got - expected), TOLERANCE * abs(expected), f"{what}: {got} and {expected}")

    def test_mann_whitney_on_1000_pairs_of_samples(self):
        samples = list(pairs_of_samples(self.generator))
        answers = ask([f"mann_whitney {text(first)} | {text(second)}" for first, second in samples])
        seen = Counter()
        for number, ((first, second), (u, p, how)) in enumerate(zip(samples, answers)):
            exact, tied = len(first) * len(second) <= EXACT_PAIRS_MAX, has_ties(first, second)
            what = f"pair {number}, {len(first)} and {len(second)}, {'ties' if tied else 'no ties'}, {how}"
            seen[(exact, tied)] += 1
            self.assertEqual(how, "exact" if exact else "approximate", what)
            # The program counts the pairs in which the second is the greater, SciPy those of its first argument.
            expected = stats.mannwhitneyu(second, first, alternative="two-sided", use_continuity=True,
                                          method="exact" if exact and not tied else "asymptotic")
            self.assert_close(float(u), expected.statistic, f"{what}: U")
            # SciPy's exact method assumes that there are no ties.
            expected_p = exact_p_with_ties(first, second) if exact and tied else expected.pvalue
            self.assert_close(float(p), expected_p, f"{what}: p")
        self.assertEqual(sum(seen.values()), SAMPLES)
        for kind in itertools.product((True, False), (True, False)):
            self.assertGreater(seen[kind], 50, f"(exact, tied) {kind} is hardly tried: {seen}")

    def test_the_oracle_for_ties_is_itself_right(self):
        for _ in range(50):
            sizes = self.generator.integers(2, 7, 2)
            first, second = draw(self.generator, sizes[0], True), draw(self.generator, sizes[1], True)
            self.assert_close(exact_p_with_ties(first, second), p_by_enumeration(first, second), "oracle")

    def test_quantiles_on_1000_samples(self):
        questions, expected = [], []
        for number in range(SAMPLES):
            sample = draw(self.generator, self.generator.integers(1, 61), number % 2 == 0)
            q = self.generator.choice([0, 0.025, 0.25, 0.5, 0.75, 0.975, 1, self.generator.random()])
            questions.append(f"quantile {float(q)!r} {text(sample)}")
            expected.append(numpy.quantile(sample, q, method="linear"))
        for question, answer, wanted in zip(questions, ask(questions), expected):
            self.assert_close(float(answer[0]), wanted, question)

    def test_summaries_on_1000_samples(self):
        samples = [draw(self.generator, self.generator.integers(1, 61), number % 2 == 0) for number in range(SAMPLES)]
        for sample, answer in zip(samples, ask([f"summary {text(sample)}" for sample in samples])):
            expected = (numpy.median(sample), numpy.mean(sample), numpy.min(sample), numpy.max(sample),
                        numpy.quantile(sample, 0.25), numpy.quantile(sample, 0.75))
            for got, wanted, name in zip(answer, expected, ("median", "mean", "min", "max", "quartile", "quartile")):
                self.assert_close(float(got), wanted, f"{name} of {sample}")

    def test_percentile_intervals_of_given_resamples(self):
        # Which resamples are drawn is the program's own; what interval follows from them is not.
        resamples = [draw(self.generator, 2000, number % 2 == 0) for number in range(50)]
        for sample, answer in zip(resamples, ask([f"interval {text(sample)}" for sample in resamples])):
            for got, wanted in zip(answer, numpy.percentile(sample, [2.5, 97.5])):
                self.assert_close(float(got), wanted, "interval")

    def test_holm_on_1000_families(self):
        families = []
        for number in range(SAMPLES):
            p_values = self.generator.random(self.generator.integers(1, 30)) ** 3
            families.append(numpy.round(p_values, 2) if number % 2 else p_values)
        for family, answer in zip(families, ask([f"holm {text(family)}" for family in families])):
            for got, wanted in zip(answer, holm([float(p) for p in family])):
                self.assert_close(float(got), wanted, f"holm of {family}")


if __name__ == "__main__":
    unittest.main()
