"""The NumPy evaluator: held to the experiment, to brute force, and row by row to `analytic`."""

from __future__ import annotations

import copy
import itertools
import math
import re
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytic
import oracle
from analytic import arrays
from analytic.arrays import Layers
from analytic.arrays.blocks import blocks, within
from analytic.axis import covered, overlaps
from analytic.layer import Layer, LayerError
from analytic.protocols import ConventionName, RuleName
from analytic.totals import CONVENTIONS, RULES, Count, Passes
from tests.strategies import layers

FUNCTIONS = (
    "output_size",
    "overlaps",
    "covered",
    "inputs_reached",
    "taps_reached",
    "additions_per_filter",
)

# Rows of columns, as a loop over them sees them.

Shape = tuple[int, ...]


def at(value: Any, index: Shape, shape: Shape) -> Any:
    """What an argument is in a row of a broadcast."""
    if isinstance(value, tuple):
        return tuple(at(part, index, shape) for part in value)
    return np.broadcast_to(value, shape)[index] if isinstance(value, np.ndarray) else value


def loop(function: Callable[..., Any], shape: Shape, arguments: dict[str, Any]) -> list[Any]:
    """What a function says of every row, or what it raises."""
    results = []
    for index in np.ndindex(shape):
        row = {name: at(value, index, shape) for name, value in arguments.items()}
        try:
            results.append(function(**row))
        except (ValueError, TypeError) as reason:
            results.append(reason)
    return results


def listed(results: Iterable[Any], shape: Shape) -> list[Any]:
    """What arrays have for every row, None where it is masked."""
    columns = []
    for array in results:
        data, mask = np.ma.getdata(array), np.ma.getmaskarray(array)
        masked = np.ma.array(np.broadcast_to(data, shape), mask=np.broadcast_to(mask, shape))
        columns.append(masked.ravel().tolist())
    return list(zip(*columns, strict=True))


def expected_of(results: list[Any], width: int) -> list[Any]:
    """What a loop says, as `listed` has it."""
    return [(None,) * width if isinstance(row, Exception) else row for row in results]


def numbers(count: Count[Any]) -> tuple[Any, ...]:
    return (*count.output_size, *count.numbers())


# Columns of layers, most of them legal, many of them not, some of them huge; grids among them.

SMALL = st.integers(1, 6)
ANY = st.one_of(SMALL, SMALL, st.integers(-2, 2), st.integers(0, 2**70), st.just(2**63))
#: Each fits int64, as does what is counted along an axis; products of a few of them do not.
LARGE = st.integers(2**16, 2**40)
HUGE = st.one_of(st.integers(1, 2**70), st.sampled_from([2**16, 2**31, 2**63 + 5, 2**64]))


def integers(values: Iterable[int]) -> np.ndarray[Any, Any]:
    return np.array(list(values), dtype=object)


@st.composite
def columns(draw: st.DrawFn, shape: Shape, element: st.SearchStrategy[int]) -> Any:
    """One integer, or a column along one dimension or all, in a dtype that holds its integers."""
    if draw(st.booleans()):
        return draw(element)
    own = draw(st.sampled_from([shape, *[sides(shape, axis) for axis in range(len(shape))]]))
    size = math.prod(own)
    values = integers(draw(st.lists(element, min_size=size, max_size=size))).reshape(own)
    fitting: list[Any] = [object]
    for dtype in (np.int8, np.int32, np.int64, np.uint64):
        info = np.iinfo(dtype)
        if all(info.min <= value <= info.max for value in values.flat):
            fitting.append(dtype)
    return values.astype(draw(st.sampled_from(fitting)))


def sides(shape: Shape, axis: int) -> Shape:
    """The shape of a column along one dimension of a grid."""
    return tuple(n if i == axis else 1 for i, n in enumerate(shape))


@st.composite
def sweeps(draw: st.DrawFn) -> tuple[Shape, dict[str, Any]]:
    """The shape of columns or of a grid, and the arguments of `Layers` that have it."""
    shape = draw(st.sampled_from([(1,), (2,), (4,), (2, 2), (3, 2)]))
    axes = draw(st.integers(1, 3))
    element = draw(st.sampled_from([SMALL, ANY, LARGE]))
    step = draw(st.sampled_from([SMALL, ANY, HUGE]))
    crop = draw(st.sampled_from([st.just(0), st.integers(0, 2), ANY, st.integers(-2, 2)]))

    def per_axis(each: st.SearchStrategy[int]) -> Any:
        if draw(st.booleans()):
            return draw(columns(shape, each))
        return tuple(draw(columns(shape, each)) for _ in range(axes))

    arguments = {
        "input_size": tuple(draw(columns(shape, element)) for _ in range(axes)),
        "in_channels": draw(columns(shape, element)),
        "out_channels": draw(columns(shape, element)),
        "kernel_size": per_axis(element),
        "stride": per_axis(step),
        "padding": per_axis(crop),
        "output_padding": per_axis(st.integers(0, 1)),
        "groups": draw(columns(shape, st.sampled_from([1, 1, 1, 2, 0]))),
        "bias": np.array(draw(columns(shape, st.integers(0, 1)))) == 1,
        "dilation": per_axis(step),
        "batch_size": draw(columns(shape, st.integers(0, 3))),
    }
    if draw(st.booleans()):
        arguments["end_padding"] = per_axis(st.integers(-2, 2))
    kinds = draw(st.sampled_from(["transposed", "ordinary", "both"]))
    if kinds == "both":
        arguments["transposed"] = np.array(draw(columns(shape, st.integers(0, 1)))) == 1
    elif kinds == "ordinary":
        arguments["transposed"] = False
        if "end_padding" not in arguments and draw(st.booleans()):
            arguments["padding"] = draw(st.sampled_from(["same", "valid"]))
    if kinds != "transposed":
        arguments["output_padding"] = draw(columns(shape, st.sampled_from([0, 0, 0, 1])))
    return shape, arguments


@given(sweeps(), st.sampled_from([*CONVENTIONS]), st.sampled_from([*RULES]))
@settings(max_examples=120)
def test_every_row_is_counted_as_by_itself(
    sweep: tuple[Shape, dict[str, Any]], convention: ConventionName, rule: RuleName
) -> None:
    shape, arguments = sweep
    choices: dict[str, Any] = {"convention": convention, "rule": rule}
    alone = loop(lambda **row: numbers(analytic.count(Layer(**row), **choices)), shape, arguments)
    fields = numbers(
        arrays.count(Layers(**arguments), invalid="mask", overflow="object", **choices)
    )
    assert listed(fields, shape) == expected_of(alone, len(fields))
    assert {field.dtype.kind for field in fields} <= set("iO")


@given(sweeps())
@settings(max_examples=120)
def test_the_first_illegal_row_raises_what_it_raises_by_itself(
    sweep: tuple[Shape, dict[str, Any]],
) -> None:
    shape, arguments = sweep
    layers = Layers(**arguments)
    alone = loop(lambda **row: (analytic.macs(Layer(**row)),), shape, arguments)
    illegal = [row for row, result in enumerate(alone) if isinstance(result, Exception)]
    if not illegal:
        assert listed([arrays.macs(layers, overflow="object")], shape) == alone
        return
    index = [int(i) for i in np.unravel_index(illegal[0], shape)][len(shape) - len(layers.shape) :]
    where = f" at index {index[0] if len(index) == 1 else tuple(index)}" if index else ""
    with pytest.raises(type(alone[illegal[0]])) as caught:
        arrays.macs(layers, overflow="object")
    assert str(caught.value) == f"{alone[illegal[0]]}{where}"


@given(sweeps(), st.sampled_from([*RULES]))
@settings(max_examples=80)
def test_macs_by_every_rule(sweep: tuple[Shape, dict[str, Any]], rule: RuleName) -> None:
    shape, arguments = sweep
    alone = loop(lambda **row: (analytic.macs(Layer(**row), rule=rule),), shape, arguments)
    macs = arrays.macs(Layers(**arguments), rule=rule, invalid="mask", overflow="object")
    assert listed([macs], shape) == expected_of(alone, 1)


@given(sweeps(), st.sampled_from([*RULES]))
@settings(max_examples=120)
def test_every_pass(sweep: tuple[Shape, dict[str, Any]], rule: RuleName) -> None:
    shape, arguments = sweep

    def flat(passes: Passes[Any]) -> tuple[Any, ...]:
        return tuple(itertools.chain(*passes))

    alone = loop(lambda **row: flat(analytic.passes(Layer(**row), rule=rule)), shape, arguments)
    layers = Layers(**arguments)
    together = flat(arrays.passes(layers, rule=rule, invalid="mask", overflow="object"))
    assert listed(together, shape) == expected_of(alone, len(together))


@given(sweeps(), st.sampled_from(FUNCTIONS), st.sampled_from([*CONVENTIONS]))
@settings(max_examples=120)
def test_functions_of_axes(
    sweep: tuple[Shape, dict[str, Any]], name: str, convention: ConventionName
) -> None:
    shape, arguments = sweep
    choice = {"convention": convention} if name == "additions_per_filter" else {}
    geometry = {
        key: value
        for key, value in arguments.items()
        if key not in {"in_channels", "out_channels", "groups", "bias", "batch_size"}
    }

    def parts(result: Any) -> tuple[Any, ...]:
        return result if isinstance(result, tuple) else (result,)

    function = partial(getattr(analytic, name), **choice)
    alone = loop(lambda **row: parts(function(**row)), shape, geometry)
    together = parts(getattr(arrays, name)(**geometry, **choice, invalid="mask", overflow="object"))
    assert listed(together, shape) == expected_of(alone, len(together))


@given(st.lists(layers(most_axes=1, transposed=None), min_size=1, max_size=4))
@settings(max_examples=30)
def test_the_experiment(rows: list[Layer]) -> None:
    counts = list(arrays.rows(arrays.count(Layers.of(rows))))
    assert counts == [oracle.count(layer) for layer in rows]
    passes = [
        *zip(
            *[field.tolist() for cost in arrays.passes(Layers.of(rows)) for field in cost],
            strict=True,
        )
    ]
    assert passes == [tuple(itertools.chain(*oracle.passes(layer))) for layer in rows]


def counted(pairs: set[tuple[int, int, int]], outputs: int, *, transposed: bool) -> list[int]:
    """Outputs, overlaps, covered, inputs reached, taps reached, of pairs with their values."""
    first, taps, values = [len({pair[i] for pair in pairs}) for i in range(3)]
    covered, reached = (values, first) if transposed else (first, values)
    return [outputs, len(pairs), covered, reached, taps]


def test_a_box_of_both_kinds() -> None:
    sides = [range(1, 6), range(1, 4), range(1, 4), range(1, 4), range(5), range(4), range(2)]
    x, k, s, d, b, e, kind = np.ix_(*[np.array(side) for side in sides])
    options: Any = {
        "stride": s, "padding": b, "dilation": d, "end_padding": e, "transposed": kind == 1,
        "invalid": "mask",
    }  # fmt: skip
    (size,) = arrays.output_size([x], k, **options)
    names = ("overlaps", "covered", "inputs_reached", "taps_reached")
    fields = [size, *[getattr(arrays, name)([x], k, **options) for name in names]]
    legal = 0
    for index in np.ndindex(size.shape):
        x1, k1, s1, d1, b1, e1, transposed = [y[i] for y, i in zip(sides, index, strict=True)]
        if transposed:
            outputs = length = (x1 - 1) * s1 + (k1 - 1) * d1 + 1 - b1 - e1
            rows = x1
        else:
            outputs = rows = (x1 + b1 + e1 - d1 * (k1 - 1) - 1) // s1 + 1
            length = x1
        if outputs < 1:
            assert all(field[index] is np.ma.masked for field in fields)
            continue
        legal += 1
        values = {(i, t, i * s1 + t * d1 - b1) for i in range(rows) for t in range(k1)}
        pairs = {pair for pair in values if 0 <= pair[2] < length}
        assert [int(field[index]) for field in fields] == counted(
            pairs, outputs, transposed=transposed == 1
        )
    assert legal > 4000


@pytest.mark.parametrize("word", ["same", "valid"])
def test_a_box_of_paddings_in_words(word: Any) -> None:
    sides = [range(1, 8), range(1, 5), range(1, 3), range(1, 4)]
    n, k, s, d = np.ix_(*[np.array(side) for side in sides])
    layers = Layers([n], 2, 2, k, stride=s, dilation=d, padding=word, transposed=False)
    macs = arrays.macs(layers, invalid="mask")
    for index in np.ndindex(macs.shape):
        n1, k1, s1, d1 = [side[i] for side, i in zip(sides, index, strict=True)]
        zeros = (k1 - 1) * d1 if word == "same" else 0
        outputs = range(0, n1 + zeros - (k1 - 1) * d1, s1)
        read = [i + t * d1 - zeros // 2 for i in outputs for t in range(k1)]
        if not outputs or (word == "same" and s1 > 1):
            assert macs[index] is np.ma.masked
        else:
            assert macs[index] == 4 * sum(0 <= x < n1 for x in read)


def test_a_box_with_illegal_corners_is_one_call() -> None:
    sides = [range(1, 5), range(1, 4), range(1, 4), range(1, 4), range(4), range(3)]
    n, k, s, d, p, o = np.ix_(*[np.array(side) for side in sides])
    sizes, pairs, positions = arrays.extents(
        [n], k, stride=s, padding=p, output_padding=o, dilation=d, invalid="mask"
    )
    for index in np.ndindex(pairs.shape):
        n1, k1, s1, d1, p1, o1 = [side[i] for side, i in zip(sides, index, strict=True)]
        size = (n1 - 1) * s1 - 2 * p1 + d1 * (k1 - 1) + o1 + 1
        landed = [i * s1 + t * d1 - p1 for i in range(n1) for t in range(k1)]
        landed = [y for y in landed if 0 <= y < size]
        if size < 1 or o1 >= max(s1, d1):
            assert pairs[index] is positions[index] is sizes[0][index] is np.ma.masked
        else:
            counted = [int(field[index]) for field in (sizes[0], pairs, positions)]
            assert counted == [size, len(landed), len(set(landed))]


# Exact, or refused.


def test_huge_sizes_are_exact() -> None:
    sizes = np.array([5, 10**18, 3])
    expected = [analytic.macs(Layer((int(n), 7), 4, 6, 4, stride=2, padding=1)) for n in sizes]
    layers = Layers((sizes, 7), 4, 6, 4, stride=2, padding=1)
    assert expected[1] > 2**63
    assert arrays.macs(layers, overflow="object").tolist() == expected
    with pytest.raises(OverflowError, match=f"^macs does not fit int64 at index 1: {expected[1]}$"):
        arrays.macs(layers)
    # Numbers on the way that do not fit are no overflow where the result fits.
    deep = arrays.additions_per_filter([sizes], 2, stride=2)
    assert deep.dtype == np.int64
    assert deep.tolist() == [0, 0, 0]


def test_only_what_does_not_fit_is_of_objects() -> None:
    count = arrays.count(Layers([np.array([1, 2**61])], 8, 8, 3), overflow="object")
    assert count.total.dtype == count.macs.dtype == object
    assert count.covered.dtype == count.filters.dtype == np.int64
    assert count.covered.tolist() == [3, 2**61 + 2]


def test_an_overflow_that_is_too_long_for_decimal_digits_is_shown_all_the_same() -> None:
    huge = 1 << 20_000
    with pytest.raises(OverflowError, match=f"overlaps does not fit int64: {re.escape(hex(huge))}"):
        arrays.overlaps([huge], 1)


def test_narrow_columns_do_not_wrap() -> None:
    bytes_ = np.array([100, 127], np.int8)
    assert arrays.output_size([bytes_], 3, stride=bytes_)[0].tolist() == [9903, 126 * 127 + 3]
    assert arrays.overlaps([np.array([2**63], np.uint64)], 1, overflow="object").tolist() == [2**63]


@pytest.mark.parametrize("huge", [2**64, np.array([2**63 + 5] * 4, np.uint64)])
def test_what_a_rule_does_not_read_may_be_huge(huge: Any) -> None:
    sizes = np.array([8, 8, 8, 8])
    assert arrays.macs(Layers([8], 1, 1, 3, stride=2**64), rule="input").tolist() == 24
    for steps in ({"stride": huge}, {"dilation": huge}):
        macs = arrays.macs(Layers([sizes], 1, 1, 3, **steps), rule="input")
        assert macs.tolist() == [24] * 4


def test_nothing_on_the_way_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    most = []

    def recorded(lib: Any, axis: Any, overlaps: Any) -> Any:
        if isinstance(axis.n, np.ndarray):  # and not the bound of it
            most.append(np.iinfo(axis.n.dtype).max)
        return covered(lib, axis, overlaps)

    monkeypatch.setitem(arrays.sweep.SHADOWS, "covered", recorded)
    stride, dilation = 2**16 + 1, 2**16
    arrays.covered([np.array([1, 2])], 1, stride=stride, dilation=dilation)
    assert min(most) >= math.lcm(stride, dilation)


@given(st.data())
@settings(max_examples=80)
def test_at_the_edges_of_the_types(data: st.DataObject) -> None:
    edges = [b + o for b in (0, 2**15, 2**30, 2**31, 2**61, 2**62, 2**63) for o in (-1, 0, 1)]
    n, k, s, d = (data.draw(st.sampled_from([v for v in edges if v > 0])) for _ in range(4))
    p = data.draw(st.integers(0, ((n - 1) * s + (k - 1) * d) // 2))
    for name in ("overlaps", "covered"):
        expected = getattr(analytic, name)([n], k, stride=s, dilation=d, padding=p)
        small = getattr(analytic, name)([3], 2, stride=2, padding=1)
        got = getattr(arrays, name)(
            [integers([3, n])],
            integers([2, k]),
            stride=integers([2, s]),
            dilation=integers([1, d]),
            padding=integers([1, p]),
            overflow="object",
        )
        assert got.tolist() == [small, expected]


# Illegal entries.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"stride": np.array([1, 2, 0])}, "stride must be positive, got 0 on axis 0 at index 2"),
        ({"stride": np.array([1.0, 2, 3])}, "stride must be an integer, got np.float64(1.0)"),
        (
            {"stride": np.array([1, 1, 2.5], object)},
            "stride must be an integer, got 2.5 at index 2",
        ),
        ({"stride": np.array([True, False])}, "stride must be an integer, got np.True_ at index 0"),
        (
            {"stride": (1, np.array([1, -1]))},
            "stride must be positive, got -1 on axis 1 at index 1",
        ),
        ({"stride": (1, np.array(["1"]))}, "stride must be an integer, got np.str_('1') on axis 1"),
        (
            {"stride": np.ma.array([1, 2], mask=[False, True])},
            "stride must be an integer, got masked at",
        ),
        ({"stride": 1.5}, "stride must be an integer, got 1.5"),
        ({"kernel_size": np.array([[1], [0]])}, "kernel_size must be positive, got 0 on axis 0 at"),
        ({"stride": (1, 1, 1)}, "stride must have one entry an axis (2), got 3"),
        ({"input_size": np.array([8, 8])}, "input_size must be a list or tuple"),
        ({"stride": np.ones(2, int), "dilation": np.ones(3, int)}, "broadcast to one shape, got"),
        ({"bias": np.array([0, 1])}, "bias must be True or False, got np.int64(0) at index 0"),
        ({"bias": 1}, "bias must be True or False, got 1"),
        (
            {"stride": np.array([(2, 2), None], object)[:1]},
            "stride must be an integer, got (2, 2) at index 0",
        ),
        (
            {"stride": (1, np.array([3, [2], None], object))},
            "stride must be an integer, got [2] on axis 1 at index 1",
        ),
        (
            {"end_padding": np.array([0, None], object)},
            "end_padding must be an integer, got None at index 1",
        ),
        ({"bias": np.array([True, (1,)], object)}, "bias must be True or False, got (1,) at index"),
        ({"groups": np.array([1, 3])}, "in_channels must be divisible by groups 3, got 4 at index"),
        ({"transposed": 1}, "transposed must be True or False, got 1"),
        (
            {"transposed": np.array([True, None], object)},
            "transposed must be True or False, got None at index 1",
        ),
        (
            {"transposed": np.array([True, False]), "stride": np.ones(3, int)},
            "arrays must broadcast to one shape, got stride (3,), stride (3,), transposed (2,)",
        ),
        (
            {"transposed": np.array([True, False]), "output_padding": 1, "stride": 2},
            "output_padding must be 0 in an ordinary convolution, got 1 on axis 0 at index 1",
        ),
        (
            {"transposed": False, "padding": np.array([1, -1])},
            "padding must not be negative, got -1 on axis 0 at index 1",
        ),
        (
            {"transposed": np.array([True, False]), "end_padding": -1},
            "end_padding must not be negative, got -1 on axis 0 at index 1",
        ),
        (
            {"transposed": False, "kernel_size": np.array([8, 9])},
            "output_size must be positive, got 0 on axis 0 at index 1",
        ),
        (
            {"transposed": False, "padding": "same", "stride": (1, np.array([1, 2]))},
            'stride must be 1 where padding is "same", got 2 on axis 1 at index 1',
        ),
        (
            {"transposed": False, "padding": "some"},
            """padding must be an integer, "same" or "valid", got 'some'""",
        ),
        (
            {"transposed": False, "padding": "valid", "end_padding": 0},
            'end_padding must be None where padding is "valid", got 0',
        ),
        (
            {"transposed": False, "padding": "valid", "end_padding": "x"},
            """end_padding must be None where padding is "valid", got 'x'""",
        ),
        ({"padding": "same"}, "padding must be an integer, got 'same'"),
        (
            {"transposed": np.array([False, False]), "padding": "same"},
            "padding must be an integer, got 'same'",
        ),
    ],
)
def test_refusals(arguments: dict[str, Any], words: str) -> None:
    given = {"input_size": (8, 8), "in_channels": 4, "out_channels": 6, "kernel_size": 4}
    with pytest.raises((LayerError, TypeError), match=re.escape(words)):
        arrays.count(Layers(**{**given, **arguments}))


def test_what_is_no_entry_an_axis_is_refused_before_the_word_for_the_padding() -> None:
    with pytest.raises(LayerError, match=r"stride must have one entry an axis \(1\), got 2"):
        Layers([8], 1, 1, 3, stride=(1, 1), padding="some", transposed=False)  # type: ignore[arg-type]


def test_the_index_is_that_of_the_broadcast() -> None:
    heights, widths = np.array([5, 4, 0])[:, None], np.array([3, 2, 0, 1])
    with pytest.raises(LayerError, match=r"got 0 on axis 1 at index \(0, 2\)$"):
        arrays.overlaps((heights, widths), 2)
    with pytest.raises(LayerError, match=r"got 0 on axis 0 at index \(2, 0\)$"):
        arrays.overlaps((heights, widths[:2]), 2)


def test_masked_rows_stay_masked_and_wrong_types_raise_all_the_same() -> None:
    sizes = np.ma.array([4, 5, 6], mask=[False, True, False])
    count = arrays.count(Layers([sizes], 2, 2, np.array([3, 3, 0])), invalid="mask")
    assert all(np.ma.getmaskarray(field).tolist() == [0, 1, 1] for field in numbers(count))
    again = arrays.overlaps([count.output_size[0]], 3, invalid="mask")
    assert again.tolist() == [18, None, None]
    assert again.dtype == np.int64
    wrong: Any = np.ma.array(np.array([None, 3.5, 4], object), mask=[True, False, False])
    with pytest.raises(TypeError, match=r"got 3\.5 on axis 0 at index 1$"):
        arrays.overlaps([wrong], 1, invalid="mask")
    floats = np.ma.array([2.0, 3.0], mask=[True, False])
    with pytest.raises(TypeError, match=r"got np\.float64\(3\.0\) on axis 0 at index 1$"):
        arrays.overlaps([floats], 1, invalid="mask")


def test_a_masked_row_does_not_overflow() -> None:
    kernels, sizes = np.array([3, 2**40]), np.array([3, 2**40])
    masked = arrays.macs(Layers([sizes], np.array([4, 0]), 4, kernels), invalid="mask")
    assert masked.tolist() == [144, None]


def test_choices_that_do_not_exist() -> None:
    layers = Layers([8], 4, 6, 4)
    for name in ("convention", "rule", "invalid", "overflow"):
        with pytest.raises(ValueError, match=f"^{name} must be one of .*, got 'x'$"):
            arrays.count(layers, **{name: "x"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^convention must be one of .*, got 'x'$"):
        arrays.additions_per_filter([8], 4, convention="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^rule must be one of .*, got 'x'$"):
        arrays.macs(layers, rule="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"layers must be an analytic\.arrays\.Layers, got Layer"):
        arrays.count(Layer([8], 4, 6, 4))  # type: ignore[arg-type]


def test_a_disagreement_with_the_scalar_rules_does_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Layers, "row", lambda *_: None)
    with pytest.raises(AssertionError, match="takes the layer at index 0"):
        arrays.overlaps([np.array([0])], 1)


# Shapes.


def test_a_list_is_one_entry_an_axis_and_an_array_is_a_column() -> None:
    column = np.array([1, 2])
    assert arrays.overlaps((8, 8), column).tolist() == [64, 256]
    assert arrays.overlaps((8, 8), [1, 2]).tolist() == 128
    assert arrays.overlaps((8, 8), (column, 1)).tolist() == [64, 128]

    class Series:  # as pandas has it
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return np.array([1, 2], dtype, copy=copy)

    assert arrays.overlaps((8, 8), Series()).tolist() == [64, 256]


def test_no_rows() -> None:
    empty = np.empty((0, 1), int)
    count = arrays.count(Layers((empty, np.arange(1, 4)), 4, 6, 4))
    assert count.total.shape == count.output_size[0].shape == (0, 3)
    assert arrays.overlaps([np.array([])], 0).tolist() == []


@given(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(1, 40))
def test_blocks_are_the_rows_in_order(shape: list[int], most: int) -> None:
    rows = np.arange(math.prod(shape)).reshape(shape)
    parts = [rows[block].ravel() for block in blocks(tuple(shape), most)]
    assert np.concatenate([np.empty(0, int), *parts]).tolist() == list(range(rows.size))
    assert all(part.size <= most for part in parts)


def test_within_keeps_what_repeats() -> None:
    table = np.arange(6).reshape(2, 1, 3)
    block = (slice(1, 2), slice(4, 6), slice(0, 2))
    assert within(table, block).tolist() == [[[3, 4]]]
    assert within(np.arange(3), block).tolist() == [0, 1]


def test_each_axis_is_evaluated_on_its_own_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated = []

    def recorded(lib: Any, axis: Any) -> Any:
        if isinstance(axis.n, np.ndarray):  # and not the bound of it
            evaluated.append(np.broadcast(*axis).size)
        return overlaps(lib, axis)

    monkeypatch.setattr(arrays.sweep, "overlaps", recorded)
    heights, widths = np.arange(1, 301)[:, None], np.arange(1, 401)
    grid = arrays.additions_per_filter((heights, widths), 4, stride=2, padding=1)
    assert sum(evaluated) == 300 + 400
    assert grid[9, 19] == analytic.additions_per_filter((10, 20), 4, stride=2, padding=1)
    assert grid[-1, -1] == analytic.additions_per_filter((300, 400), 4, stride=2, padding=1)
    evaluated.clear()
    arrays.overlaps((widths, widths), 4)  # axes that are alike are one
    assert sum(evaluated) == 400


def test_a_size_alone_evaluates_no_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays.sweep, "overlaps", None)
    assert arrays.output_size([np.array([3, 4])], 2)[0].tolist() == [4, 5]
    assert arrays.macs(Layers([np.array([3, 4])], 1, 1, 2), rule="output").tolist() == [8, 10]


def test_extra_memory_does_not_grow_with_the_rows() -> None:
    extra = []
    for rows in (2**17, 2**19):
        n, k = np.full(rows, 9), np.arange(rows) % 11 + 1
        tracemalloc.start()
        arrays.overlaps([n], k, padding=1)
        extra.append(tracemalloc.get_traced_memory()[1] - 8 * rows)
        tracemalloc.stop()
    assert extra[1] < 20 * 2**20
    assert extra[1] < 1.2 * extra[0]


def test_rows_beyond_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays.sweep, "BLOCK", 5)
    monkeypatch.setattr(arrays.sweep, "BLOCK_OF_PRODUCTS", 7)
    n = np.arange(1, 24)
    n[17] = 0
    with pytest.raises(
        LayerError, match="input_size must be positive, got 0 on axis 0 at index 17"
    ):
        arrays.overlaps([n], 3)
    n[17] = 2**62
    with pytest.raises(OverflowError, match=f"at index 17: {3 * 2**62}$"):
        arrays.overlaps([n], 3)
    assert arrays.overlaps([n], 3, overflow="object").tolist() == [3 * int(i) for i in n]
    grid = arrays.overlaps((n[:, None], n[:9]), 2, overflow="object")
    assert grid.tolist() == [[4 * int(i) * int(j) for j in n[:9]] for i in n]


def test_layers_have_the_fields_of_a_layer() -> None:
    stride = np.array([1, 2])
    layers = Layers((8, 8), 4, 6, 4, stride=stride, end_padding=0)
    assert all(hasattr(layers, name) for name in Layer.FIELDS)
    assert [column.tolist() for column in layers.stride] == [[1, 2], [1, 2]]
    assert layers.end_padding == (0, 0)
    assert layers.row((1,)) == Layer((8, 8), 4, 6, 4, stride=2, end_padding=0)
    same = Layers((8, 8), 4, 6, 4, padding="same", transposed=False)
    assert same.padding == ("same", "same")
    assert same.row(()) == Layer((8, 8), 4, 6, 4, padding=1, end_padding=2, transposed=False)


@given(st.lists(layers(least_axes=2, most_axes=2, transposed=None), min_size=1, max_size=5))
@settings(max_examples=30)
def test_columns_of_layers(rows: list[Layer]) -> None:
    counts = arrays.rows(arrays.count(Layers.of(rows), overflow="object"))
    assert list(counts) == [analytic.count(layer) for layer in rows]


@given(layers(transposed=None))
@settings(max_examples=30)
def test_a_layer_comes_back_from_its_columns(layer: Layer) -> None:
    assert Layers.of([layer]).row((0,)) == layer


def test_columns_of_layers_with_and_without_an_end_padding() -> None:
    both = Layers.of([Layer([8], 1, 1, 3, padding=1), Layer([8], 1, 1, 3, end_padding=2)])
    assert both.row((0,)) == Layer([8], 1, 1, 3, padding=1, end_padding=1)
    assert both.row((1,)) == Layer([8], 1, 1, 3, end_padding=2)


def test_columns_of_layers_of_both_kinds() -> None:
    kinds = [Layer([8], 1, 1, 3, padding=1, transposed=kind) for kind in (False, True, False)]
    assert Layers.of(kinds).transposed.tolist() == [False, True, False]
    assert Layers.of(kinds[::2]).transposed is False
    assert [count.total for count in arrays.rows(arrays.count(Layers.of(kinds)))] == [
        analytic.count(layer).total for layer in kinds
    ]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([], LayerError, "layers must have at least one entry, got none"),
        ([Layer([8], 1, 1, 1), 3], TypeError, "must be of analytic.Layer, got 3 at index 1"),
        (
            [Layer([8], 1, 1, 1), Layer([8, 8], 1, 1, 1)],
            LayerError,
            "layers must have one number of axes, got 1 at index 0 and 2 at index 1",
        ),
    ],
)
def test_what_are_no_columns(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)):
        Layers.of(given)


def test_layers_are_frozen() -> None:
    columns = Layers([np.array([8, 9])], 4, 6, 10**5000)
    with pytest.raises(AttributeError, match=r"^Layers are frozen: stride cannot be set$"):
        columns.stride = (2,)
    with pytest.raises(AttributeError, match=r"^Layers are frozen: stride cannot be deleted$"):
        del columns.stride
    assert repr(columns).startswith("Layers(input_size=[array([8, 9])], in_channels=4, out_ch")
    assert copy.deepcopy(columns).row((1,)) == columns.row((1,))


def test_rows_of_a_grid_of_one_layer_and_of_masked_layers() -> None:
    n, k = np.array([3, 0, 5])[:, None], np.array([2, 3])
    legal = [Layer([n1, 4], 2, 2, k1) for n1 in (3, 5) for k1 in (2, 3)]
    grid = arrays.count(Layers([n[::2], 4], 2, 2, k))
    assert list(arrays.rows(grid)) == [analytic.count(layer) for layer in legal]
    masked = arrays.count(Layers([n, 4], 2, 2, k), invalid="mask")
    assert list(arrays.rows(masked)) == [analytic.count(layer) for layer in legal]
    single = arrays.count(Layers([3, 4], 2, 2, 2))
    assert list(arrays.rows(single)) == [analytic.count(legal[0])]


def test_columns_of_huge_layers() -> None:
    huge = Layer([2**70], 1, 1, 1)
    assert Layers.of([Layer([3], 1, 1, 1), huge]).row((1,)) == huge
