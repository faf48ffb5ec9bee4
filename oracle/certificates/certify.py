"""Certificates: finitely many experiments that settle a formula for every input size.

What they settle, and what they rest on, is proved in notes/validation.md.
"""

from __future__ import annotations

import pickle
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from functools import lru_cache, reduce
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch

from analytic import affine
from analytic.arithmetic import INTEGERS, Integers
from analytic.axis import Axis, extent, inputs_reached, ordinary, size, taps_reached
from analytic.layer import Layer, integer
from analytic.totals import Products, Reached
from oracle import ones
from oracle.certificates import counterexample, samples, workers
from oracle.certificates.box import Box, torch_axes
from oracle.certificates.candidates import Candidate, CandidateError, closed_form, ready, truth_of
from oracle.certificates.certificate import (
    KINDS,
    RAN,
    SAMPLED,
    SEED,
    Certificate,
    Sample,
    agreed,
    hypotheses,
    refuted,
    sentence,
)
from oracle.certificates.counterexample import PLAIN, Failure, difference, layer_of
from oracle.certificates.record import Record, spoilt
from oracle.certificates.versions import versions
from oracle.ones import Side, Sides
from oracle.oracles import TORCH, Oracle


class Tally(NamedTuple):
    """What came out at some (k, s, d).

    ``axes`` are the (k, s, d, p, o) that were run, ``experiments`` the layers, ``ordinary`` of them
    ordinary ones; ``least`` is the least failure.
    """

    axes: int = 0
    experiments: int = 0
    ordinary: int = 0
    mismatches: int = 0
    seconds: float = 0.0
    least: Failure | None = None

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        *ours, _ = self
        *theirs, _ = other
        sums = [a + b for a, b in zip(ours, theirs, strict=True)]
        return Tally._make([*sums, least_failure([self.least, other.least])])

    def as_json(self) -> dict[str, Any]:
        """The tally as a record keeps it."""
        least = self.least and {**self.least._asdict(), "layer": dict(self.least.layer.items())}
        return {**self._asdict(), "least": least}

    @classmethod
    def of_json(cls, fields: dict[str, Any]) -> Tally:
        """The inverse of `as_json`; fields of another step are left out."""
        kept = {name: fields[name] for name in cls._fields}
        for name in ("axes", "experiments", "ordinary", "mismatches"):
            integer(name, kept[name])
        kept["seconds"] = float(kept["seconds"])
        if kept["least"]:
            layer = Layer(**kept["least"]["layer"])
            kept["least"] = Failure(**{**kept["least"], "layer": layer})
        return cls(**kept)


def least_failure(failures: Iterable[Failure | None]) -> Failure | None:
    """The failure with the least layer; None where there is none."""
    real = [failure for failure in failures if failure is not None]
    return min(real, key=lambda failure: counterexample.order(failure.layer), default=None)


#: An axis and what was measured of it at its n to what is wrong there.
Comparison = Callable[[Axis, bool, Sides], Failure | None]


def one_channel(axis: Axis, transposed: bool) -> Layer:
    """The layer of one torch axis, one channel, no bias."""
    return layer_of((axis,), PLAIN, transposed)


remembered = lru_cache(maxsize=2**16)(INTEGERS.F)


class Remembering(Integers):
    """Python integers, with every `F` worked out once: a certificate asks for each many times."""

    @staticmethod
    def F(n: int, k: int, s: int, d: int, t: int) -> int:
        # Most thresholds leave nothing to count, which takes less time than to remember it.
        return 0 if t <= 0 or n <= 0 else remembered(n, k, s, d, t)


REMEMBERING = Remembering()


def comparison(candidate: Candidate) -> Comparison:
    """How the candidate is held against one axis."""
    if candidate.function is closed_form:
        return closed_form_fails
    truth = truth_of(candidate.quantity)

    def fails(axis: Axis, transposed: bool, sides: Sides) -> Failure | None:
        layer = one_channel(axis, transposed)
        return difference(layer, candidate.says(layer), truth(layer, *read(sides)))

    return fails


def read(sides: Sides) -> tuple[tuple[int, ...], Reached]:
    """Output size and products of one axis, from its three passes."""
    outputs, inputs, taps = sides
    products = Products(
        inputs.elements, taps.elements, outputs.elements, outputs.products, outputs.reached
    )
    return (outputs.elements,), Reached(products, inputs.reached, taps.reached)


def closed_form_fails(axis: Axis, transposed: bool, measured: Sides) -> Failure | None:
    """The same for the closed form, which needs no `Layer`: that would take longer than torch.

    Every pass has the overlaps for its products, whatever it sums into.
    """
    own = axis if transposed else ordinary(size(axis), *axis[1:6])
    length, overlaps, covered = extent(REMEMBERING, own)
    many = Side(length, overlaps, covered)
    few = Side(own.n, overlaps, inputs_reached(REMEMBERING, own, overlaps))
    taps = Side(own.k, overlaps, taps_reached(REMEMBERING, own, overlaps))
    said = Sides(many, few, taps) if transposed else Sides(few, many, taps)
    return None if said == measured else difference(one_channel(axis, transposed), said, measured)


def input_sizes(candidate: Candidate, axis: Axis, transposed: bool) -> range:
    """``n_min … max(n**, n₀) + 1``: what settles every ``n``, corollary 6.1 of the notes."""
    first = affine.least_input_size(axis)
    last = affine.reached_affine_from(axis, REMEMBERING)
    if candidate.function is not closed_form:
        last = max(last, candidate.affine_at(one_channel(axis._replace(n=first), transposed)))
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
    candidate, k, s, d = task
    compare = comparison(candidate)
    axes, experiments = 0, {True: 0, False: 0}
    failures: list[Failure] = []
    with ones.one_thread(), torch.inference_mode():
        for transposed in candidate.kinds:
            for axis in torch_axes(k, s, d, transposed):
                sizes = input_sizes(candidate, axis, transposed)
                axes += 1
                experiments[transposed] += len(sizes)
                measured = ones.all_sides(axis, sizes, transposed)
                for n, sides in zip(sizes, measured, strict=True):
                    if failure := compare(axis._replace(n=n), transposed, sides):
                        failures.append(failure)
    return Tally(
        axes=axes,
        experiments=sum(experiments.values()),
        ordinary=experiments[False],
        mismatches=len(failures),
        seconds=time.thread_time() - start,
        least=least_failure(failures),
    )


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

    For layers of the candidate's kinds, every kernel size, stride and dilation of the box, every
    output padding that torch takes, every padding below the bound of the crop reduction and
    ``n = n_min … max(n**, n₀) + 1``, one experiment on one axis: forward, and both gradients. Then,
    of each kind, ``sampled`` layers with channels and up to three axes, and as many far larger
    ones, drawn with ``seed``.

    The experiments run here, or in so many ``workers`` (processes that end with this one), or in
    any ``executor`` of `concurrent.futures`. With ``record``, each finished (stride, dilation) is
    appended to that file, and a later call with the same arguments continues from it.
    ``follow(tasks, results)`` is given what is to be done and the iterator of what is, to pass on.

    Raises `LayerError` for a box with a value that is not positive, `ValueError` for a candidate
    that does not exist, `RecordError` for a file that is not the record of this run,
    `CandidateError` for a candidate that cannot be sent to ``workers`` or whose ``affine_from``
    gives no integer.
    Source: notes/validation.md.

    >>> certificate = certify(kernel_size=range(1, 4), stride=2, dilation=1)
    >>> certificate.established, certificate.mismatches, certificate.experiments
    (True, 0, 76)
    """
    start = time.perf_counter()
    chosen, box = named(candidate), Box.of(kernel_size, stride, dilation)
    run = {**about(chosen), "box": box._asdict()}
    with nullcontext() if record is None else Record(record, run) as kept:
        total = of_box(chosen, box, kept, workers, executor, follow)
    return certificate(chosen, box, total, sample(chosen, box, seed, sampled), start)


def certify_samples(
    candidate: Candidate | str = "analytic",
    *,
    kernel_size: int | Iterable[int],
    stride: int | Iterable[int],
    dilation: int | Iterable[int],
    by: Oracle,
    seed: int = SEED,
    sampled: int = SAMPLED,
) -> Certificate:
    """Hold a candidate against any oracle on layers drawn from a box and beside it.

    Of each kind of layers, ``sampled`` experiments of the box, as many layers of the two samples
    that `certify` draws with the same seed. They can refute, and settle nothing beyond themselves.
    Raises as `certify`, and `ValueError` for no layers. Cost: XLA compiles each layer anew.

    >>> box = {"kernel_size": [1, 2, 3], "stride": 2, "dilation": 1}
    >>> certify_samples(**box, by=TORCH, sampled=9).sentence.split(" says on ")[1]
    'all 54 layers that were drawn from the box and beside it; nothing is said of any other.'
    """
    start = time.perf_counter()
    chosen, box = named(candidate), Box.of(kernel_size, stride, dilation)
    if sampled < 1:
        raise ValueError(f"there must be layers in each sample, got {sampled}")
    drawn = sample(chosen, box, seed, sampled, by, {OF_BOX: samples.of_box, **SAMPLES})
    return certificate(chosen, box, Tally(), drawn, start, by)


def named(candidate: Candidate | str) -> Candidate:
    """A candidate, or the ready one of that name."""
    return ready(candidate) if isinstance(candidate, str) else candidate


def about(candidate: Candidate) -> dict[str, Any]:
    """The candidate and the versions that a run is about."""
    return {
        "candidate": candidate.name,
        "quantity": candidate.quantity,
        "affine": candidate.affine_from is not None,
        "crop_reduction": candidate.crop_reduction,
        "kinds": candidate.kinds,
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
        for task, part in follow(tasks, results):
            step = parts[task.s, task.d]
            step.append(part)
            if len(step) == len(box.kernel_size):
                finished_step = sum_of(step)
                total = total.plus(finished_step)
                if record:
                    record.append({"stride": task.s, "dilation": task.d, **finished_step.as_json()})
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
    return reduce(Tally.plus, tallies, Tally())


#: How layers of one kind are drawn from a box, or beside it: with a seed, so many.
Draw = Callable[[Box, int, int, bool], list[Layer]]

#: The layers beside the box, by what they are.
SAMPLES: Mapping[str, Draw] = {
    "one to three axes, channels, groups, bias and batch": samples.of_channels_and_axes,
    "one axis, far larger sizes, paddings beyond the bound too": samples.far,
}
OF_BOX = "experiments of the box"


def sample(
    candidate: Candidate,
    box: Box,
    seed: int,
    number: int,
    by: Oracle = TORCH,
    draws: Mapping[str, Draw] = SAMPLES,
) -> tuple[list[Sample], list[Failure]]:
    """Seeded layers: what was drawn, and those on which the candidate is wrong."""
    drawn, failures = [], []
    for transposed, (what, draw) in product(candidate.kinds, draws.items()):
        layers = draw(box, seed, number, transposed)
        answers = [counterexample.failure(candidate, layer, by) for layer in layers]
        wrong = [failure for failure in answers if failure is not None]
        several = sum(len(layer.axes) > 1 for layer in layers)
        drawn.append(Sample(f"{KINDS[transposed]}, {what}", seed, len(layers), len(wrong), several))
        failures += wrong
    return drawn, failures


def certificate(
    candidate: Candidate,
    box: Box,
    total: Tally,
    sampled: tuple[list[Sample], list[Failure]],
    start: float,
    by: Oracle = TORCH,
) -> Certificate:
    """What all of it says together."""
    drawn, failures = sampled
    worst = least_failure([*failures, total.least])
    rests, counter = [RAN.format(oracle=by.name)], None
    if worst is not None:
        searched = "the layers of the samples"
        if total.experiments:
            worst, searched = counterexample.least(candidate, box, worst)
        says = refuted(candidate, worst, by.name)
        counter = {**worst.as_json(by), "searched": searched}
    elif total.experiments:
        says, rests = sentence(candidate, total.experiments, drawn), hypotheses(candidate, drawn)
    else:
        says = agreed(candidate, drawn, by.name)

    return Certificate(
        oracle=by.name,
        candidate=candidate.name,
        quantity=candidate.quantity,
        kinds=[KINDS[kind] for kind in candidate.kinds],
        box=box,
        axes=total.axes,
        experiments=total.experiments,
        ordinary=total.ordinary,
        mismatches=total.mismatches,
        samples=drawn,
        counterexample=counter,
        established=worst is None,
        sentence=says,
        hypotheses=rests,
        versions={**versions(candidate, by), "python": platform.python_version()},
        times={"seconds": time.perf_counter() - start, **speed(total)},
    )


def speed(total: Tally) -> dict[str, float]:
    """What the box took, where it was run."""
    if not total.experiments:
        return {}
    return {
        "CPU seconds of the experiments": total.seconds,
        "experiments a CPU second": total.experiments / max(total.seconds, 1e-9),
    }
