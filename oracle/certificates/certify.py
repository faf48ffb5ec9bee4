"""Certificates: finitely many experiments that settle a formula for every input size.

What they settle, and what they rest on, is proved in notes/validation.md.
"""

from __future__ import annotations

import pickle
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from analytic import affine
from analytic.arithmetic import INTEGERS, Integers
from analytic.axis import Axis, extent
from analytic.layer import Layer, integer
from analytic.totals import Products
from oracle import ones
from oracle.certificates import counterexample, samples, workers
from oracle.certificates.box import Box, torch_axes
from oracle.certificates.candidates import Candidate, CandidateError, closed_form, ready, truth_of
from oracle.certificates.certificate import (
    RAN,
    SAMPLED,
    SEED,
    Certificate,
    Sample,
    hypotheses,
    sentence,
)
from oracle.certificates.counterexample import PLAIN, Failure, layer_of
from oracle.certificates.record import Record, spoilt
from oracle.certificates.versions import versions


class Tally(NamedTuple):
    """What was found at some (k, s, d).

    ``axes`` are the (k, s, d, p, o) that were run, ``least`` is the least failure.
    """

    axes: int = 0
    experiments: int = 0
    mismatches: int = 0
    least: Failure | None = None
    seconds: float = 0.0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        failures = [one for one in (self.least, other.least) if one is not None]
        return Tally(
            self.axes + other.axes,
            self.experiments + other.experiments,
            self.mismatches + other.mismatches,
            min(failures, key=lambda failure: counterexample.order(failure.layer), default=None),
            self.seconds + other.seconds,
        )

    def as_json(self) -> dict[str, Any]:
        """The tally as a record keeps it."""
        least = self.least and {**self.least._asdict(), "layer": dict(self.least.layer.items())}
        return {**self._asdict(), "least": least}

    @classmethod
    def of_json(cls, fields: dict[str, Any]) -> Tally:
        """The inverse of `as_json`; fields of another step are left out."""
        kept = {name: fields[name] for name in cls._fields}
        for name in ("axes", "experiments", "mismatches"):
            integer(name, kept[name])
        kept["seconds"] = float(kept["seconds"])
        if kept["least"]:
            layer = Layer(**kept["least"]["layer"])
            kept["least"] = Failure(**{**kept["least"], "layer": layer})
        return cls(**kept)


#: An axis, its input sizes and what was measured at each, to the sizes at which that is not said.
Comparison = Callable[[Axis, range, list[tuple[int, int, int]]], list[int]]


def one_channel(axis: Axis) -> Layer:
    """The layer of one torch axis, one channel, no bias."""
    return layer_of((axis,), PLAIN)


remembered = lru_cache(maxsize=2**16)(INTEGERS.F)


class Remembering(Integers):
    """Python integers, with every `F` worked out once: a certificate asks for each many times."""

    @staticmethod
    def F(n: int, k: int, s: int, d: int, t: int) -> int:
        # Most thresholds leave nothing to count, which takes less time than to remember it.
        return 0 if t <= 0 or n <= 0 else remembered(n, k, s, d, t)


REMEMBERING = Remembering()


def comparison(candidate: Candidate) -> Comparison:
    """How the candidate is held against one axis, measured at some sizes."""
    if candidate.function is closed_form:
        return closed_form_differs
    truth = truth_of(candidate.quantity)

    def differs(axis: Axis, sizes: range, measured: list[tuple[int, int, int]]) -> list[int]:
        wrong = []
        for n, found in zip(sizes, measured, strict=True):
            layer = one_channel(axis._replace(n=n))
            if candidate.says(layer) != truth(layer, found[:1], Products(n, axis.k, *found)):
                wrong.append(n)
        return wrong

    return differs


def closed_form_differs(
    axis: Axis, sizes: range, measured: list[tuple[int, int, int]]
) -> list[int]:
    """The same for the closed form, which needs no `Layer`: that would take longer than torch."""
    _, *rest = axis
    said = [extent(REMEMBERING, Axis(n, *rest)) for n in sizes]
    if said == measured:
        return []
    return [n for n, ours, theirs in zip(sizes, said, measured, strict=True) if ours != theirs]


def input_sizes(candidate: Candidate, axis: Axis) -> range:
    """``n_min … max(n*, n₀) + 1``: the sizes that settle all sizes, corollary 6.1 of the notes."""
    first = affine.least_input_size(axis)
    last = affine.affine_from(axis)
    if candidate.function is not closed_form:
        last = max(last, candidate.affine_at(one_channel(axis._replace(n=first))))
    return range(first, last + 2)


class Task(NamedTuple):
    """Every experiment of one (k, s, d)."""

    candidate: Candidate
    k: int
    s: int
    d: int


#: What is to be done and what comes of it, passed on as it comes: where a progress bar looks in.
Follow = Callable[[list[Task], Iterator[tuple[Task, Tally]]], Iterator[tuple[Task, Tally]]]


def tally(task: Task) -> Tally:
    """Run a task: measure every axis at every size that matters, and compare."""
    start = time.thread_time()
    compare = comparison(task.candidate)
    axes = experiments = 0
    wrong: list[Axis] = []
    with ones.one_thread(), torch.inference_mode():
        for axis in torch_axes(task.k, task.s, task.d):
            sizes = input_sizes(task.candidate, axis)
            axes += 1
            experiments += len(sizes)
            differs = compare(axis, sizes, ones.extents(axis, sizes))
            wrong += [axis._replace(n=n) for n in differs]
        least = least_of(task.candidate, wrong)
    return Tally(axes, experiments, len(wrong), least, time.thread_time() - start)


def least_of(candidate: Candidate, wrong: list[Axis]) -> Failure | None:
    """The least of the axes on which the candidate is wrong, measured once more."""
    if not wrong:
        return None
    first = min(map(one_channel, wrong), key=counterexample.order)
    return counterexample.failure(candidate, first)


def certify(
    candidate: Candidate | str = "analytic",
    *,
    kernel_size: int | Iterable[int],
    stride: int | Iterable[int],
    dilation: int | Iterable[int],
    workers: int = 1,
    executor: Executor | None = None,
    record: str | Path | None = None,
    seed: int = SEED,
    sampled: int = SAMPLED,
    follow: Follow = lambda _tasks, results: results,
) -> Certificate:
    """Hold a candidate against torch on a box of (k, s, d), at the sizes that settle all sizes.

    For every kernel size, stride and dilation of the box, every output padding that torch takes,
    every padding below the bound of the crop reduction and ``n = n_min … max(n*, n₀) + 1``, one
    int64 experiment on one axis; then ``sampled`` layers with channels and up to three axes, and
    as many far larger ones, drawn with ``seed``.

    The experiments run here, or in so many ``workers`` (processes that end with this one), or in
    any ``executor`` of `concurrent.futures`. With ``record``, each finished (stride, dilation) is
    appended to that file, and a later call with the same arguments continues from it.
    ``follow(tasks, results)`` is given what is to be done and the iterator of what is, to pass on.

    Raises `LayerError` for a box with a value that is not positive, `ValueError` for a candidate
    that does not exist, `RecordError` for a file that is not the record of this run,
    `CandidateError` for a candidate that cannot be sent to ``workers`` or whose ``affine_from``
    gives no integer.
    Source: notes/validation.md.

    >>> found = certify(kernel_size=range(1, 4), stride=2, dilation=1)
    >>> found.established, found.mismatches, found.experiments
    (True, 0, 32)
    """
    start = time.perf_counter()
    chosen = ready(candidate) if isinstance(candidate, str) else candidate
    box = Box.of(kernel_size, stride, dilation)
    run = {**about(chosen), "box": box._asdict()}
    with nullcontext() if record is None else Record(record, run) as kept:
        total = of_box(chosen, box, kept, workers, executor, follow)
    return certificate(chosen, box, total, sample(chosen, box, seed, sampled), start)


def about(candidate: Candidate) -> dict[str, Any]:
    """The candidate and the versions that a run is about."""
    return {
        "candidate": candidate.name,
        "quantity": candidate.quantity,
        "affine": candidate.affine_from is not None,
        "crop_reduction": candidate.crop_reduction,
        "versions": versions(candidate),
    }


def of_box(
    candidate: Candidate,
    box: Box,
    record: Record | None,
    processes: int,
    executor: Executor | None,
    follow: Follow,
) -> Tally:
    """Every (k, s, d) of the box, but for the steps that are in the record already."""
    done = finished(record) if record else {}
    tasks = [
        Task(candidate, k, s, d)
        for s, d in box.steps()
        if (s, d) not in done
        for k in reversed(box.kernel_size)
    ]
    total = sum_of(done.values())
    parts: dict[tuple[int, int], list[Tally]] = defaultdict(list)
    if executor is None and processes > 1:
        check_portable(candidate)
    pools = workers.executor(processes) if executor is None else nullcontext(executor)
    with pools as pool, closing(workers.results(pool, tally, tasks)) as results:
        for task, found in follow(tasks, results):
            step = parts[task.s, task.d]
            step.append(found)
            if len(step) == len(box.kernel_size):
                whole = sum_of(step)
                total = total.plus(whole)
                if record:
                    record.append({"stride": task.s, "dilation": task.d, **whole.as_json()})
    return total


def finished(record: Record) -> dict[tuple[int, int], Tally]:
    """The steps of a record, by stride and dilation."""
    done = {}
    for number, step in enumerate(record.steps, 2):
        try:
            done[step["stride"], step["dilation"]] = Tally.of_json(step)
        except (KeyError, TypeError, ValueError):
            raise spoilt(record.path, number) from None
    return done


def check_portable(candidate: Candidate) -> None:
    """`CandidateError` for a candidate that another process cannot be given."""
    try:
        pickle.dumps(candidate)
    except (pickle.PicklingError, AttributeError, TypeError) as reason:
        raise CandidateError(
            f"several workers need a candidate whose functions are those of a module: {reason}"
        ) from None


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All together."""
    total = Tally()
    for one in tallies:
        total = total.plus(one)
    return total


def sample(
    candidate: Candidate, box: Box, seed: int, number: int
) -> tuple[list[Sample], list[Failure]]:
    """The layers beside the box: what was drawn, and those on which the candidate is wrong."""
    drawn = {
        "one to three axes, channels, groups, bias and batch": samples.of_channels_and_axes,
        "one axis, far larger sizes, paddings beyond the bound too": samples.far,
    }
    made, failures = [], []
    for what, draw in drawn.items():
        layers = draw(box, seed, number)
        wrong = [found for layer in layers if (found := counterexample.failure(candidate, layer))]
        several = sum(len(layer.axes) > 1 for layer in layers)
        made.append(Sample(what, seed, len(layers), len(wrong), several))
        failures += wrong
    return made, failures


def certificate(
    candidate: Candidate,
    box: Box,
    total: Tally,
    sampled: tuple[list[Sample], list[Failure]],
    start: float,
) -> Certificate:
    """What all of it says together."""
    made, failures = sampled
    failures += [total.least] if total.least else []
    worst = min(failures, key=lambda found: counterexample.order(found.layer), default=None)
    found = None
    if worst is not None:
        worst, searched = counterexample.least(candidate, box, worst)
        found = {**worst.as_json(), "searched": searched}

    return Certificate(
        candidate=candidate.name,
        quantity=candidate.quantity,
        box=box,
        axes=total.axes,
        experiments=total.experiments,
        mismatches=total.mismatches,
        samples=made,
        counterexample=found,
        established=worst is None,
        sentence=sentence(candidate, total.experiments, made, worst),
        hypotheses=hypotheses(candidate, made) if worst is None else [RAN],
        versions={**versions(candidate), "python": platform.python_version()},
        times={
            "seconds": time.perf_counter() - start,
            "CPU seconds of the experiments": total.seconds,
            "experiments a CPU second": total.experiments / max(total.seconds, 1e-9),
        },
    )
