"""Formulas against the integers: any subset of the parameters bound, evaluated at the rest."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import analytic
from analytic import Layer, symbolic
from analytic.totals import CONVENTIONS, RULES, Count
from tests.strategies import layers

FILTER = ("input_size", "kernel_size", "stride", "padding", "output_padding", "dilation")


def split(data: DataObject, layer: Layer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a layer, in those that are bound and those that stay symbols."""
    arguments = {name: value for name, value in layer.items() if value is not None}
    names = st.sets(st.sampled_from(sorted(arguments)))
    chosen = data.draw(names, label="bound") | {"end_padding"} & arguments.keys()
    bound = {name: arguments.pop(name) for name in list(arguments) if name in chosen}
    if "end_padding" in bound and data.draw(st.booleans(), label="symbolic end_padding"):
        arguments["end_padding"] = bound["end_padding"]
        bound["end_padding"] = (None,) * len(layer.axes)
    return bound, arguments


def flat(count: Count) -> dict[str, Any]:
    """The counts of a `Count` one by one."""
    sizes = {f"output_size_{at}": size for at, size in enumerate(count.output_size)}
    return {**dict(zip(count._fields[1:-2], count[1:-2], strict=True)), **sizes}


@settings(max_examples=60, deadline=None)
@given(layer=layers(), data=st.data())
def test_every_field_of_a_count_is_that_of_the_integers(layer: Layer, data: DataObject) -> None:
    convention = data.draw(st.sampled_from([*CONVENTIONS]))
    rule = data.draw(st.sampled_from([*RULES]))
    bound, rest = split(data, layer)
    formulas = flat(symbolic.count(axes=len(layer.axes), convention=convention, rule=rule, **bound))
    expected = flat(analytic.count(layer, convention=convention, rule=rule))
    assert formulas.keys() == expected.keys()
    assert {name: f.evaluate(**rest) for name, f in formulas.items()} == expected
