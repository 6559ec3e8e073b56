"""Which numbers a sentence of a report may hold: those that follow from the rows it names.

Written apart from the program: medians, differences, ratios and shares are computed here anew from result.json, and
written as the documents say they are written.
"""

import itertools
import math
import re
import statistics

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


def three_figures(value):
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def duration(seconds):
    ns = round(seconds * 1e9)
    if ns <= 0:
        return "0 s"
    for limit, divisor, unit in ((1e3, 1, "ns"), (999.5e3, 1e3, "µs"), (999.5e6, 1e6, "ms"), (120e9, 1e9, "s")):
        if ns < limit:
            return (str(ns) if divisor == 1 else three_figures(ns / divisor)) + " " + unit
    whole = (ns + 500_000_000) // 1_000_000_000
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def decimal_bytes(count):
    for limit, divisor, unit in ((999.5e3, 1e3, "kB"), (999.5e6, 1e6, "MB"), (999.5e9, 1e9, "GB"), (1e30, 1e12, "TB")):
        if count < 1e3:
            return f"{count} B"
        if count < limit:
            return three_figures(count / divisor) + " " + unit
    raise ValueError(count)


def percent(share):
    value = share * 100
    return f"{value:.1f} %" if abs(value) < 1 and value != 0 else f"{value:.0f} %"


def count(value):
    return f"{math.ceil(value):.0f}" if value >= 100 or value == math.floor(value) else f"{value:.1f}"


def factor(value):
    return f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def strings_in(value):
    """Every text and number of a JSON value, as text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)
    elif value is not None:
        yield str(value)


def numbers(text):
    return set(NUMBER.findall(text))


class Derived:
    """The numbers that follow from some rows of one document."""

    def __init__(self, document):
        self.document = document
        self.cases = {case["id"]: case for case in document["cases"]}
        self.valid = {name: [] for name in self.cases}
        for run in document["runs"]:
            if run["status"] == "ok" and run["repetition"] > 0 and run["proof"]["valid"]:
                self.valid[run["case"]].append(run)

    def ranked(self, case):
        key = "first_start_ns" if self.cases[case]["cache"] == "first-start" else "cold_load_ns"
        return [run[key] * 1e-9 for run in self.valid[case]]

    def of_case(self, case):
        """Texts with the numbers of one case alone."""
        record, runs = self.cases[case], self.valid[case]
        texts = list(strings_in({**record, "id": case}))
        all_runs = [run for run in self.document["runs"] if run["case"] == case]
        texts += [str(len(all_runs)), str(len([r for r in all_runs if r["repetition"] > 0])), str(len(runs))]
        texts += [r["proof"].get("reason", "") + r["proof"].get("caveat", "") + r["reason"] for r in all_runs]
        texts += [text for r in all_runs for text in r["disturbed"]]
        if not runs:
            return texts
        seconds = self.ranked(case)
        median = statistics.median(seconds)
        texts += [duration(value) for value in seconds + [median]]
        texts += [percent(max(seconds) / median - 1), decimal_bytes(record["model_bytes"])]
        texts += [duration(statistics.median(run["cold_load_ns"] * 1e-9 for run in runs))]
        texts += [duration(statistics.median(run["phases_ns"].get("prepare", 0) * 1e-9 for run in runs))]
        for tag in {metric["tag"] for run in runs for metric in run["metrics"]}:
            value = statistics.median([m["value"] for run in runs for m in run["metrics"] if m["tag"] == tag])
            texts.append(duration(value * 1e-9))
            texts += [percent(value / load) for load in (statistics.median(run["load_ns"] for run in runs),) if load]
        texts += [percent(record["model_bytes"] / median / probe["bytes_per_second"]) for probe in self.document["probes"]]
        return texts

    def csv_numbers(self, case):
        """The numbers of a case's row in storage_layout_bench.csv, but for the interval's two ends."""
        record, runs = self.cases[case], self.valid[case]
        attempted = [run for run in self.document["runs"] if run["case"] == case and run["repetition"] > 0
                     and run["status"] not in ("skipped", "cancelled")]
        row = {"runs_valid": len(runs), "runs_attempted": len(attempted), "model_bytes": record["model_bytes"],
               "disturbed_runs": len([run for run in attempted if run["disturbed"]])}
        if not runs:
            return row
        median = statistics.median(self.ranked(case))
        row["load_s"] = statistics.median(run["load_ns"] for run in runs) * 1e-9
        row["cold_load_s"] = statistics.median(run["cold_load_ns"] for run in runs) * 1e-9
        row["gb_per_s"] = record["model_bytes"] / median * 1e-9
        prepare = [run["phases_ns"]["prepare"] for run in runs if run["phases_ns"].get("prepare")]
        if prepare:
            row["prepare_s"] = statistics.median(prepare) * 1e-9
        if record["cache"] == "first-start":
            row["first_start_s"] = statistics.median(run["first_start_ns"] for run in runs) * 1e-9
        baseline = record.get("baseline", "")
        if baseline and baseline != case and self.valid[baseline]:
            row["against_baseline"] = median / statistics.median(self.ranked(baseline))
        return row

    def of_cases(self, cases, engine_seconds, restarts_per_day):
        """And those of several cases together."""
        texts = [text for case in cases for text in self.of_case(case)]
        medians = [statistics.median(self.ranked(case)) for case in cases if self.valid[case]]
        texts += [duration(median + engine) for median in medians for engine in engine_seconds]
        for one, other in itertools.permutations(medians, 2):
            texts += [factor(one / other), duration(one - other), percent(one / other - 1)]
            texts += [percent((one - other) / (one + engine)) for engine in engine_seconds]
        for first, network, restart in itertools.permutations(medians, 3):
            if network <= restart:
                continue
            restarts = max(first - network, 0) / (network - restart)
            texts += [count(restarts), f"{math.ceil(restarts)}"]
            texts += [count(restarts / per_day) for per_day in restarts_per_day]
        texts.append(str(len(cases)))
        return texts

    def of_basis(self, basis):
        """Every number that a sentence resting on `basis` may hold."""
        policy = self.document["scenario"].get("policy", {})
        # Where the policy is named its own numbers come in; the engine's start may be counted in from there.
        engine = [0] + ([policy["engine_start_ns"] * 1e-9] if "engine_start_ns" in policy else [])
        per_day = [policy["restarts_per_day"]] if policy.get("restarts_per_day") else []
        cases = [entry for entry in basis if entry in self.cases]
        texts = self.of_cases(cases, engine, per_day)
        for place in (entry for entry in basis if entry not in self.cases):
            value = self.document
            for name in place.split("."):
                value = value[name]
            texts += [*strings_in(value), str(len(value)) if hasattr(value, "__len__") else decimal_bytes(value)]
            texts += [text for number in self.integers_in(value)
                      for text in (decimal_bytes(number), duration(number * 1e-9), f"{number // 1024}")]
            if place == "scenario.policy":
                limits = [number * 1e-9 for number in self.integers_in(policy)]
                medians = [statistics.median(self.ranked(case)) for case in cases if self.valid[case]]
                texts += [duration(abs(limit - median - start)) for limit in limits for median in medians
                          for start in engine]
        return {number for text in texts for number in numbers(text)}

    @staticmethod
    def integers_in(value):
        if isinstance(value, bool):
            return
        if isinstance(value, int):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from Derived.integers_in(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from Derived.integers_in(inner)
