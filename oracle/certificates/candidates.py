"""Anyone's formula as a `Candidate`, and the formulas that are ready to be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytic import affine, counters, integers, totals
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer, integer
from analytic.totals import Count, Products

#: Size, overlaps and covered together: what the closed form says of an axis, and everything else
#: follows from.
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
    that with ``2*`` before it; or `EXTENT`, for the tuple of output size and `Products`.

    What its author *proves* of the function makes a certificate reach further than the layers that
    were run; what is claimed here without a proof makes the certificate false:

    ``affine_from(layer)``  the input size from which the function is affine in each input size
    (whatever the layer's own); None where nothing is proved.

    ``crop_reduction``  that the function is unchanged by the crop reduction
    ``(n, p) → (n−2, p−s)`` wherever notes/derivation.md, corollary 8 (c), allows it.
    """

    name: str
    quantity: str
    function: Callable[[Layer], Any]
    affine_from: Callable[[Layer], int] | None = None
    crop_reduction: bool = False

    def __post_init__(self) -> None:
        truth_of(self.quantity)
        if self.function is closed_form and self.quantity != EXTENT:
            raise ValueError(
                f"the closed form gives size, overlaps and covered: its quantity is {EXTENT!r}, "
                f"got {self.quantity!r}"
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


#: What was measured of a layer, its output size and products, to the quantity.
Truth = Callable[[Layer, tuple[int, ...], Products], Any]


def truth_of(quantity: str) -> Truth:
    """How a quantity follows from what was measured; `ValueError` where there is none such."""
    if quantity == EXTENT:
        return lambda _layer, sizes, products: (sizes, products)
    factor, name = (2, quantity[2:]) if quantity.startswith("2*") else (1, quantity)
    field_name, _, choice = name.partition(":")
    chosen = quantity if field_name == EXTENT else field_name  # of all three there is no double
    totals.choose("quantity", dict.fromkeys((*FIELDS, EXTENT)), chosen)
    convention: Any = "nonzero"
    rule: Any = "exact"
    if choice and field_name == "macs":
        totals.choose("rule", totals.RULES, rule := choice)
    elif choice:
        totals.choose("convention", totals.CONVENTIONS, convention := choice)

    def truth(layer: Layer, sizes: tuple[int, ...], products: Products) -> Any:
        count = totals.count(INTEGERS, layer, sizes, products, convention, rule)
        return factor * getattr(count, field_name)

    return truth


def keeps_crop_reduction(quantity: str) -> bool:
    """Whether the true quantity is unchanged by the crop reduction, which lowers ``n``."""
    return not quantity.endswith("macs:input")


def closed_form(layer: Layer) -> Any:
    """What every count of `analytic` is made of: output size and products."""
    return totals.products(INTEGERS, layer.axes)


def grows_evenly(layer: Layer) -> int:
    """``n*``, from which size, overlaps and covered are affine; the largest over the axes."""
    return int(max(map(affine.affine_from, layer.axes)))


def everywhere(_layer: Layer) -> int:
    """For what is affine in each input size from the first on."""
    return 1


def documented_additions(layer: Layer) -> int:
    """The additions as the published text has them, whatever is covered."""
    return int(integers.count(layer, convention="documented").additions_per_filter)


#: The closed form: affine from n* on and unchanged by the crop reduction, as notes/validation.md
#: proves from the definition of F alone.
ANALYTIC = Candidate("analytic", EXTENT, closed_form, grows_evenly, crop_reduction=True)


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


#: What can be named: the closed form, the rules, the published text, and every counter's formula.
READY: Mapping[str, Candidate] = {
    "analytic": ANALYTIC,
    "input": Candidate("input", "macs", counters.input_rule, everywhere),
    "output": Candidate("output", "macs", counters.output_rule, everywhere, crop_reduction=True),
    "documented": Candidate(
        "documented",
        "additions_per_filter",
        documented_additions,
        grows_evenly,
        crop_reduction=True,
    ),
    **{
        name: of_counter(name, counter)
        for name, counter in counters.COUNTERS.items()
        if counters.MEANINGS[counter.reports].factor <= 2  # of the forward pass
    },
}


def ready(name: str) -> Candidate:
    """The ready candidate of that name, or a `ValueError` that lists them."""
    found: Candidate = totals.choose("candidate", READY, name)
    return found
