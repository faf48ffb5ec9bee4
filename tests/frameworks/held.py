"""Translations held to their frameworks, setting by setting."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

import analytic
from analytic.layer import Layer, LayerError
from tests.frameworks.runs import Run, Words


def coverage(layer: Layer) -> Any:
    """What every position of ones receives from one input channel."""
    names = ("kernel_size", "stride", "padding", "output_padding", "dilation", "end_padding")
    geometry: Any = {name: getattr(layer, name) for name in (*names, "transposed")}
    return np.array(analytic.coverage(layer.input_size, **geometry))


def verdict(run: Run, words: Words) -> str:
    """How a framework and its translation agree on a setting: a word, or how they differ."""
    try:
        layer = run.translate(words)
    except LayerError as refusal:
        return verdict_of_refused(run, words, str(refusal))
    try:
        result = channel(run, words, run.execute(words))
    except Exception as reason:  # whatever a framework raises is a refusal
        if any(limit in str(reason) for limit in run.limits):
            return "not run"
        return f"differ: only the framework refuses, {str(reason)[:200]}"
    return verdict_of_result(run, layer, result)


def channels_last(run: Run, words: Words) -> bool:
    """Whether the channels of a result stand behind its sizes."""
    if "dimension_numbers" in words:
        return bool(words["dimension_numbers"][2].endswith("C"))
    format_ = words.get("data_format") or ("channels_last" if run.channels < 0 else "NC")
    return format_ != "channels_first" and not format_.startswith("NC")


def channel(run: Run, words: Words, result: Any) -> Any:
    """What is made of the first of a batch, with its channels first."""
    return np.moveaxis(result[0], -1, 0) if channels_last(run, words) else result[0]


def verdict_of_result(run: Run, layer: Layer, result: Any) -> str:
    """Whether a result is what a layer says, at every position of every channel."""
    expected = coverage(layer) * (layer.in_channels // layer.groups)
    if result.shape != (layer.out_channels, *expected.shape):
        return f"differ: the shape is {result.shape}, ours {layer.out_channels, *expected.shape}"
    if np.array_equal(np.rint(result), np.broadcast_to(expected, result.shape)):
        return "equal at every position"
    if run.faults(layer):
        return "wrong there"
    return f"differ: {result[0].tolist()}, ours {expected.tolist()}"


def verdict_of_refused(run: Run, words: Words, refusal: str) -> str:
    """What a framework makes of a setting that its translation refuses."""
    if run.unasked is not None and refusal.startswith(run.unasked):
        return "not asked"
    try:
        result = run.execute(words)
    except Exception:  # whatever a framework raises is a refusal
        return "refused by both"
    if result.size == 0:
        return "no output"
    if "padding must not be negative" in refusal:  # zeros that are cut off, with a stride
        return "no layer"
    return f"differ: only we refuse, {refusal}; the shape is {result.shape}"


def held(run: Run, settings: int, seed: int = 0) -> tuple[Counter[str], list[tuple[Words, str]]]:
    """How often which verdict, and the settings on which the two differ."""
    draw = random.Random(f"{run.name} {seed}")
    tally: Counter[str] = Counter()
    differing = []
    for _ in range(settings):
        words = run.draw(draw)
        said = verdict(run, words)
        tally[said.split(":")[0]] += 1
        if said.startswith("differ"):
            differing.append((words, said))
    return tally, differing


def figures(values: Any) -> list[int]:
    """The sum of values, and their sum weighted by place in row-major order: what moves shows."""
    flat = np.rint(values).astype(np.int64).ravel()
    return [int(flat.sum()), int((flat * np.arange(1, flat.size + 1)).sum())]


def recorded(run: Run, settings: int) -> Iterator[dict[str, Any]]:
    """What a framework makes of settings: shape and `figures` of a channel, or a refusal."""
    draw = random.Random(f"{run.name} recorded")
    for _ in range(settings):
        words = run.draw(draw)
        if verdict(run, words) == "equal at every position":
            values = channel(run, words, run.execute(words))[0]
            outcome: dict[str, Any] = {"shape": list(values.shape), "figures": figures(values)}
        elif verdict(run, words) == "refused by both":
            outcome = {"refused": True}
        else:
            continue
        yield {"function": run.name, "words": words, **outcome}
