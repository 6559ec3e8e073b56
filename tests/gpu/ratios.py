#!/usr/bin/env python3
"""Rates to a GPU and their ratios, of one run of tests/gpu/run.sh.

usage: ratios.py RUN_FOLDER

Of each case the median over its valid runs, with the smallest and largest: bytes of the model / the clock, or, of a
program, / the time that it prints for its weights alone. Ratios are medians over runs of the same repetition. Needs
nothing but Python's standard library.
"""
import json
import os
import statistics
import sys


def metric(run, tag):
    return next((each["value"] for each in run["metrics"] if each["tag"] == tag), None)


def seconds_of(run):
    weights_ns = metric(run, "command/weights_ns")
    return (run["load_ns"] if weights_ns is None else weights_ns) / 1e9


def valid_runs(document):
    cases = {}
    for run in document["runs"]:
        if run["status"] == "ok" and run["repetition"] > 0 and run["proof"]["valid"]:
            cases.setdefault(run["case"], {})[run["repetition"]] = run
    return cases


def print_rates(cases):
    width = max(map(len, cases), default=4)
    print(f"{'case':<{width}}  runs   GB/s  least   most  copying  link GB/s  hidden  waited s  setup s")
    for case, runs in cases.items():
        rates = [run["bytes"]["model"] / seconds_of(run) / 1e9 for run in runs.values()]
        line = f"{case:<{width}}  {len(runs):4} {statistics.median(rates):6.2f} {min(rates):6.2f} {max(rates):6.2f}"
        of = {tag: [metric(run, f"cuda/{tag}") for run in runs.values()] for tag in
              ("copy_ns", "copy_rate", "copy_hidden", "buffer_wait_ns")}
        if all(value is not None for values in of.values() for value in values):
            middle = {tag: statistics.median(values) for tag, values in of.items()}
            setup = statistics.median(run["phases_ns"]["destination"] for run in runs.values()) / 1e9
            line += (f" {middle['copy_ns'] / 1e9:7.3f}s {middle['copy_rate'] / 1e9:10.2f} {middle['copy_hidden']:7.3f}"
                     f" {middle['buffer_wait_ns'] / 1e9:9.3f} {setup:8.3f}")
        print(line)


def print_ratio(cases, faster, slower, target):
    for case, runs in cases.items():
        backend, strategy, destination, cache = (case.split("/") + [""] * 4)[:4]
        other = slower(backend, strategy, cache)
        if not faster(strategy, destination) or other not in cases or other == case:
            continue
        both = sorted(set(runs) & set(cases[other]))
        ratios = [seconds_of(cases[other][number]) / seconds_of(runs[number]) for number in both]
        if ratios:
            of_medians = (statistics.median(map(seconds_of, cases[other].values()))
                          / statistics.median(map(seconds_of, runs.values())))
            print(f"{case} / {other}: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), "
                  f"of the medians {of_medians:.3f}  {target}")


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
        document = json.load(file)
    cases = valid_runs(document)
    print_rates(cases)
    for run in document["runs"]:
        if run["status"] != "ok":
            print(f"{run['case']}: {run['status']}: {run['reason']}")
    print("throughput ratios, of the same repetition: median (least to most)")
    to_gpu = lambda strategy, destination: destination.startswith("gpu")  # noqa: E731
    print_ratio(cases, to_gpu, lambda backend, _, cache: f"{backend}/load-file/stream/{cache}", "looked for, warm: 8")
    print_ratio(cases, to_gpu, lambda backend, _, cache: f"{backend}/lazy/stream/{cache}", "")
    print_ratio(cases, to_gpu, lambda backend, strategy, cache: f"{backend}/{strategy}/stream/{cache}",
                "looked for, cold: 0.97")
    for device in document["environment"].get("devices", []):
        print(", ".join(f"{key} {value}" for key, value in device.items()))
    for probe in document["probes"]:
        print(f"{probe['moment']:<6}{probe['tag']:<26}{probe['bytes_per_second'] / 1e9:7.2f} GB/s  {probe['detail']}")


if __name__ == "__main__":
    main()
