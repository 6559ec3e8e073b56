#!/usr/bin/env python3
"""Holds one run of tests/gpu/run.sh to what must be true of it; prints one line.

usage: check.py RUN_FOLDER EXIT_STATUS [--out-of-memory]

Every case that ran is ok, all brought the same bytes, no pinned memory was left. Cases to a GPU that is not there are
skipped and name the driver. Needs nothing but Python's standard library.
"""
import json
import os
import sys


def metric(run, tag):
    return next((each["value"] for each in run["metrics"] if each["tag"] == tag), None)


def may_be_absent(reason):
    return "no CUDA driver" in reason or "no GPUDirect Storage" in reason


def faults_of(document, status):
    runs = document["runs"]
    to_gpu = [run for run in runs if "/gpu" in run["case"]]
    if not to_gpu:
        yield "no case to a GPU"
    without = [run for run in to_gpu if "CUDA driver" in run["reason"]]
    if without and len(without) != len(to_gpu):
        yield f"some cases to the GPU were skipped for want of a driver, some not: {without[0]['reason']}"
    for run in runs:
        if run["status"] == "skipped" and run in to_gpu and may_be_absent(run["reason"]):
            continue
        if run["status"] != "ok":
            yield f"{run['case']}: {run['status']}: {run['reason']}"
        elif run in to_gpu and metric(run, "cuda/pinned_left_bytes") != 0:
            yield f"{run['case']}: pinned memory left: {metric(run, 'cuda/pinned_left_bytes')}"
        elif run in to_gpu and "cufile_mode" not in run["evidence"] and metric(run, "cuda/copied_bytes") != run["bytes"]["model"]:
            yield f"{run['case']}: {metric(run, 'cuda/copied_bytes')} bytes copied of {run['bytes']['model']}"
    sums = {run["checksum"] for run in runs if run["repetition"] == 0 and run["status"] == "ok"}
    if len(sums) != 1 or "" in sums:
        yield f"{len(sums)} checksums, expected one: {sorted(sums)}"
    if status != 0:
        yield f"exit status {status}"


def faults_of_memory(document, status):
    runs = document["runs"]
    if len(runs) != 1 or runs[0]["status"] != "failed" or "of GPU memory are not there" not in runs[0]["reason"]:
        yield f"expected one failed record: {[(run['status'], run['reason']) for run in runs]}"
    if status != 4:
        yield f"exit status {status}, expected 4"


def main():
    folder, status = sys.argv[1], int(sys.argv[2])
    try:
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        sys.exit(f"{folder}: {error}")
    out_of_memory = "--out-of-memory" in sys.argv
    faults = list((faults_of_memory if out_of_memory else faults_of)(document, status))
    for fault in faults:
        print(f"  {fault}")
    ran = [run for run in document["runs"] if run["status"] == "ok"]
    skipped = sum(run["status"] == "skipped" for run in document["runs"])
    for run in ran:
        if "cufile_mode" in run["evidence"] and run["repetition"] == 0:
            print(f"  {run['case']}: {run['evidence']['cufile_mode']}")
    for reason in sorted({run["reason"] for run in document["runs"] if run["status"] == "skipped"}):
        print(f"  skipped: {reason}")
    if not faults:
        detail = document["runs"][0]["reason"] if out_of_memory else f"{len(ran)} runs, one checksum, {skipped} skipped"
        print(f"ok: {os.path.basename(folder)}: {detail}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
