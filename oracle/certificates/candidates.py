"""Anyone's formula as a `Candidate`, and the formulas that are ready to be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from analytic import affine, counters, integers, totals
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer, integer
from analytic.totals import Count, Pass, Passes, Reached

#: Size, overlaps, and what is covered and reached, together: what the closed form says of an axis,
#: and everything else follows from.
EXTENT = "extent"

#: The fields of `Count` that are one integer; after a colon they take a convention, or macs a rule.
FIELDS = tuple(name for name in Count._fields if name not in {"output_size", "convention", "rule"})


class CandidateError(ValueError):
    """A candidate that a certificate cannot be made of."""


@dataclass(frozen=True)
class Candidate:
    """A formula that is said to give a quantity of every layer.

    ``function(layer)`` returns the integer called ``quantity``: a field of `Count`, in the default
    convention and rule or in those named after a colon (``total:exact``, ``macs:input``); twice
    that with ``2*`` before it; ``inputs_reached`` or ``taps_reached``; a field of a pass
    (``grad_weight.additions``); or `EXTENT`, for the tuple of output size and `Reached`.

    ``transposed`` says of which kind of layers it is a formula: None for both.

    What its author *proves* of the function makes a certificate reach further than the layers that
    were run; what is claimed here without a proof makes the certificate false:

    ``affine_from(layer)``  the input size from which the function is affine in each input size
    (whatever the layer's own); of ordinary layers, the output size from which it is affine in each
    output size, with what the stride leaves over at the end as it is; None where nothing is proved.

    ``crop_reduction``  that the function is unchanged by the crop reduction
    ``(n, p) → (n−2, p−s)`` wherever notes/derivation.md, corollary 8 (c), allows it; of ordinary
    layers, by ``p → p−s`` there.
    """

    name: str
    quantity: str
    function: Callable[[Layer], Any]
    affine_from: Callable[[Layer], int] | None = None
    crop_reduction: bool = False
    transposed: bool | None = True

    @property
    def kinds(self) -> tuple[bool, ...]:
        """Whether it is of transposed layers, for each kind that it is of."""
        return (True, False) if self.transposed is None else (self.transposed,)

    def __post_init__(self) -> None:
        truth_of(self.quantity)
        if self.function is closed_form and self.quantity != EXTENT:
            raise ValueError(
                f"the closed form gives all that is counted of the axes: its quantity is "
                f"{EXTENT!r}, got {self.quantity!r}"
            )

    def says(self, layer: Layer) -> Any:
        """What the function answers; where it raises or answers no integer, that, as text."""
        try:
            answer = self.function(layer)
            return answer if self.quantity == EXTENT else integer("the answer", answer)
        except Exception as reason:  # whatever a reader's formula raises is its answer
            return f"{type(reason).__name__}: {reason}"

    def affine_at(self, layer: Layer) -> int:
        """The size from which the function is said to be affine; 1 where nothing is."""
        if self.affine_from is None:
            return 1
        try:
            return int(integer("affine_from", self.affine_from(layer)))
        except Exception as reason:
            raise CandidateError(
                f"affine_from of {self.name}, of {layer}: {type(reason).__name__}: {reason}"
            ) from None


#: What was measured of a layer, its output size and `Reached`, to the quantity.
Truth = Callable[[Layer, tuple[int, ...], Reached], Any]


def of_pass(name: str, field: str) -> Callable[[Layer, Reached], int]:
    """A field of what one pass costs."""

    def cost(layer: Layer, axes: Reached) -> int:
        passes = totals.passes(INTEGERS, layer, axes, "exact")
        return int(getattr(getattr(passes, name), field))

    return cost


#: Quantities by their name: what is reached of one filter, and what each pass costs.
OF_PASSES: Mapping[str, Callable[[Layer, Reached], int]] = {
    "inputs_reached": lambda _layer, axes: axes.inputs,
    "taps_reached": lambda _layer, axes: axes.taps,
    **{
        f"{name}.{field}": of_pass(name, field)
        for name, field in product(Passes._fields, Pass._fields)
    },
}


def truth_of(quantity: str) -> Truth:
    """How a quantity follows from what was measured; `ValueError` where there is none such."""
    if quantity == EXTENT:
        return lambda _layer, sizes, axes: (sizes, axes)
    factor, name = (2, quantity[2:]) if quantity.startswith("2*") else (1, quantity)
    field, _, choice = name.partition(":")
    chosen = quantity if field == EXTENT else field  # of all of them there is no double
    totals.choose("quantity", dict.fromkeys((*FIELDS, EXTENT, *OF_PASSES)), chosen)
    convention: Any = "nonzero"
    rule: Any = "exact"
    if choice and field == "macs":
        totals.choose("rule", totals.RULES, rule := choice)
    elif choice:
        totals.choose("convention", totals.CONVENTIONS, convention := choice)

    def truth(layer: Layer, sizes: tuple[int, ...], axes: Reached) -> Any:
        if field in OF_PASSES:
            return factor * OF_PASSES[field](layer, axes)
        count = totals.count(
            INTEGERS, layer, sizes, axes.products, convention, rule, layer.transposed
        )
        return factor * getattr(count, field)

    return truth


def keeps_crop_reduction(quantity: str, transposed: bool) -> bool:
    """Whether the true quantity is unchanged by the crop reduction, which lowers ``n``.

    That is the number of inputs of a transposed layer, and of outputs of an ordinary one.
    """
    lowered = "inputs" if transposed else "positions"
    layer = Layer((9,), 2, 2, 3, transposed=transposed)
    sizes, axes = closed_form(layer)
    less = axes._replace(products=axes.products._replace(**{lowered: 1}))
    truth = truth_of(quantity)
    return bool(truth(layer, sizes, axes) == truth(layer, sizes, less))


def closed_form(layer: Layer) -> tuple[tuple[int, ...], Reached]:
    """What every count of `analytic` is made of: output size, products and what is reached."""
    sizes, _ = totals.products(INTEGERS, layer.axes, layer.transposed)
    return sizes, totals.reached(INTEGERS, layer.axes, layer.transposed)


def grows_evenly(layer: Layer) -> int:
    """``n*``, from which size, overlaps and covered are affine; the largest over the axes."""
    return int(max(map(affine.affine_from, layer.axes)))


def reaches_evenly(layer: Layer) -> int:
    """``n**``, from which inputs and taps reached are affine too; the largest over the axes."""
    return int(max(map(affine.reached_affine_from, layer.axes)))


def everywhere(_layer: Layer) -> int:
    """For what is affine in each input size from the first on."""
    return 1


def input_rule(layer: Layer) -> int:
    """The MACs as if every input met a whole kernel."""
    return integers.macs(layer, rule="input")


def output_rule(layer: Layer) -> int:
    """The MACs as if every output were a whole kernel."""
    return integers.macs(layer, rule="output")


def documented_additions(layer: Layer) -> int:
    """The additions as the published text has them, whatever is covered."""
    return int(integers.count(layer, convention="documented").additions_per_filter)


#: The closed form: affine from n** on and unchanged by the crop reduction, as notes/validation.md
#: proves from the definition of F alone.
ANALYTIC = Candidate("analytic", EXTENT, closed_form, reaches_evenly, True, transposed=None)


def of_counter(name: str, counter: counters.Counter) -> Candidate:
    """A counter's formula, as the exact quantity that it is meant to be.

    Products of constants and of n or L on each axis are affine in each input size from the first.
    """
    meaning = counters.MEANINGS[counter.reports]
    quantity = meaning.field if meaning.factor == 1 else f"{meaning.factor}*{meaning.field}"
    if counter.reads == "pairs":
        return Candidate(name, quantity, counter.formula)
    # Cropping keeps the outputs, and not the inputs.
    kept = counter.reads == "outputs"
    return Candidate(name, quantity, counter.formula, everywhere, crop_reduction=kept)


#: What can be named: the closed form, the rules and the published text, for transposed and for
#: ordinary layers, and every counter's formula.
READY: Mapping[str, Candidate] = {
    "analytic": ANALYTIC,
    "input": Candidate("input", "macs", input_rule, everywhere),
    "output": Candidate("output", "macs", output_rule, everywhere, crop_reduction=True),
    "documented": Candidate(
        "documented", "additions_per_filter", documented_additions, grows_evenly, True
    ),
    "ordinary-input": Candidate(
        "ordinary-input", "macs", input_rule, everywhere, True, transposed=False
    ),
    "ordinary-output": Candidate(
        "ordinary-output", "macs", output_rule, everywhere, transposed=False
    ),
    "ordinary-documented": Candidate(
        "ordinary-documented",
        "additions_per_filter",
        documented_additions,
        everywhere,
        transposed=False,
    ),
    **{
        name: of_counter(name, counter)
        for name, counter in counters.COUNTERS.items()
        if counters.MEANINGS[counter.reports].factor <= 2  # of the forward pass
    },
}


def ready(name: str) -> Candidate:
    """The ready candidate of that name, or a `ValueError` that lists them."""
    return totals.choose("candidate", READY, name)
