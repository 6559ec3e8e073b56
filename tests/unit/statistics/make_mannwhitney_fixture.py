#!/usr/bin/env python3
"""Writes mannwhitney_scipy.txt beside this script: random samples and the p-values SciPy gives for them.

    python3 make_mannwhitney_fixture.py         with SciPy 1.10 or later (in its own environment: the distribution's
                                                package conflicts with libboost1.81-dev)

Three lines a sample: "exact P" or "asymptotic P", then the two samples. Without ties P is mannwhitneyu's. With ties its
exact method is wrong (it assumes none), so there P comes from permutation_test over every assignment, of the distance of
the rank sum from its mean.
"""

import os

import numpy
import scipy
from scipy import stats


def distance_of_rank_sum(first, second, axis=-1):
    ranks = stats.rankdata(numpy.concatenate([first, second], axis=axis), axis=axis)
    count = first.shape[axis]
    return numpy.abs(ranks[..., :count].sum(axis=axis) - count * (ranks.shape[axis] + 1) / 2)


def p_by_all_assignments(first, second):
    return stats.permutation_test((first, second), distance_of_rank_sum, vectorized=True, n_resamples=numpy.inf,
                                  alternative="greater").pvalue


def samples(generator, first_count, second_count, distinct):
    shift = generator.choice([0.0, 0.0, 0.3, 1.0]) * distinct
    first = generator.integers(0, distinct, first_count).astype(float)
    second = generator.integers(0, distinct, second_count).astype(float) + numpy.floor(shift / 2)
    return first, second


def has_ties(first, second):
    pooled = numpy.concatenate([first, second])
    return len(numpy.unique(pooled)) < len(pooled)


def cases(generator):
    untied_count = 0
    while untied_count < 90:
        first, second = samples(generator, generator.integers(1, 25), generator.integers(1, 25), 10**6)
        if has_ties(first, second):
            continue
        untied_count += 1
        yield "exact", stats.mannwhitneyu(first, second, alternative="two-sided", method="exact").pvalue, first, second
    tied_count = 0
    while tied_count < 90:
        first, second = samples(generator, generator.integers(2, 8), generator.integers(2, 8), generator.integers(2, 9))
        if not has_ties(first, second):
            continue
        tied_count += 1
        yield "exact", p_by_all_assignments(first, second), first, second
    for distinct in [10**6] * 10 + [30] * 10:
        first, second = samples(generator, generator.integers(33, 50), generator.integers(33, 50), distinct)
        p = stats.mannwhitneyu(first, second, alternative="two-sided", method="asymptotic", use_continuity=True).pvalue
        yield "asymptotic", p, first, second


def main():
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mannwhitney_scipy.txt")
    with open(target, "w", encoding="ascii") as out:
        out.write(f"# SciPy {scipy.__version__}, NumPy {numpy.__version__}, by make_mannwhitney_fixture.py\n")
        for method, p, first, second in cases(numpy.random.default_rng(20240501)):
            out.write(f"{method} {p:.17g}\n")
            for sample in (first, second):
                out.write(" ".join(f"{value:.0f}" for value in sample) + "\n")


if __name__ == "__main__":
    main()
