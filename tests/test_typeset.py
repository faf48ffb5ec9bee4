"""What a reader sees: LaTeX and MathML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from sympy import Symbol

from analytic import Layer, export, symbolic
from analytic.protocols import LanguageName
from analytic.symbolic.formula import Formula

PLAIN: Any = {"kernel_size": 4, "stride": 2, "padding": 1, "output_padding": 0, "dilation": 1}
CUT: Any = {"kernel_size": 3, "stride": 2, "padding": 3, "output_padding": 0, "dilation": 3}
MATHML = "{http://www.w3.org/1998/Math/MathML}"


def test_a_polynomial_is_one_line() -> None:
    assert symbolic.additions_per_filter(**PLAIN).to("latex") == (
        r"\text{additions} = 12 H_{in} W_{in} - 8 H_{in} - 8 W_{in} + 4"
        r" \qquad \text{for integers } H_{in}, W_{in} \geq 1"
    )


def test_a_number_needs_no_side_condition() -> None:
    layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    assert symbolic.count(layer).total.to("latex") == r"\text{total} = 239808"


def test_cases() -> None:
    text = symbolic.overlaps(axes=1, **CUT).to("latex")
    assert r"\begin{cases} 3 L_{in} - 4 & \text{for}\: L_{in} \geq 3" in text
    assert text.startswith("T = ")


def test_the_theorem_is_shown_part_by_part() -> None:
    lines = symbolic.additions_per_filter().to("latex").split("\n")
    assert lines[1] == r"\text{additions} &= T_{0} T_{1} - C_{0} C_{1} \\"
    assert lines[2].startswith(r"\text{where} \quad L_{0} &= ")
    text = "\n".join(lines)
    k, p, o, s = (
        rf"\text{{{name}}}[1]"
        for name in (r"kernel\_size", "padding", r"output\_padding", "stride")
    )
    assert (
        rf"T_{{1}} &= {k} \cdot W_{{in}} - F_{{1}}\left(W_{{in}}, {k}; {p}\right) - F_{{1}}" in text
    )
    assert rf"- F_{{1}}\left(W_{{in}}, {k}; {p} - {o}\right) \\" in text
    assert rf"F_{{1}}(n, k; t) &= \#\left\{{(i, j) \in [0, n) \times [0, k) : i \cdot {s}" in text
    assert rf"\max\left(\text{{dilation}}[1], {s}\right) > {o}" in text
    assert r"L_{1} \geq 1" in text
    for stem in "LTCguv":
        for at in (0, 1):
            assert text.count(f"{stem}_{{{at}}} &= ") == 1


@pytest.mark.parametrize(
    ("axes", "inputs"),
    [
        (1, ["L_{in}"]),
        (2, ["H_{in}", "W_{in}"]),
        (3, ["D_{in}", "H_{in}", "W_{in}"]),
        (4, ["n_{0}", "n_{1}", "n_{2}", "n_{3}"]),
    ],
)
def test_inputs_are_called_as_in_the_published_text(axes: int, inputs: list[str]) -> None:
    text = symbolic.macs(axes=axes, rule="input", **PLAIN).to("latex")
    assert all(name in text for name in inputs)
    (size, *_) = symbolic.output_size(axes=axes, **PLAIN)
    assert size.to("latex").startswith(inputs[0].replace("in", "out").replace("n_", "L_") + " = 2 ")


def test_one_f_where_the_axes_share_stride_and_dilation() -> None:
    text = symbolic.overlaps(stride=2, dilation=1).to("latex")
    assert text.count(r"F(n, k; t) &= \#") == 1
    assert r"i \cdot 2 + j < t" in text


def test_the_letters_of_f_are_none_of_the_formula() -> None:
    k, j = (Symbol(name, integer=True, positive=True) for name in "kj")
    formula = symbolic.overlaps(axes=1, kernel_size=2 * k, stride=k, dilation=j)
    text = formula.to("latex")
    pairs = r"\#\left\{(i, j') \in [0, n) \times [0, k') : i \cdot k + j' \cdot j < t\right\}"
    assert f"F(n, k'; t) &= {pairs}" in text
    assert "F(n,k′;t)=#{(i,j′)∈[0,n)×[0,k′):i·k+j′·j<t}" in words(formula)
    primed = {"kernel_size": 2 * k, "stride": Symbol("k'", integer=True, positive=True)}
    assert "F(n, k''; t) &= " in symbolic.overlaps(axes=1, dilation=1, **primed).to("latex")


@pytest.mark.parametrize("language", ["latex", "mathml"])
@pytest.mark.parametrize("name", ["T", "T0", "T_0", "L_in", "F"])
def test_a_symbol_is_not_taken_for_something_else(name: str, language: LanguageName) -> None:
    formula = symbolic.overlaps(axes=1, kernel_size=Symbol(name, integer=True, positive=True))
    with pytest.raises(ValueError, match=r"a symbol cannot be typeset as .*, which is taken"):
        formula.to(language)


def test_a_sum_is_kept_together_as_a_factor() -> None:
    m = Symbol("m", integer=True, positive=True)
    formula = symbolic.overlaps(axes=1, stride=m + 1, dilation=1)
    assert r"i \cdot \left(m + 1\right) + j < t" in formula.to("latex")
    assert "·</mo><mrow><mo>(</mo>" in formula.to("mathml")


def test_bounds_are_a_side_condition() -> None:
    text = symbolic.additions_per_filter(**CUT).generic().to("latex")
    assert text.endswith(r"\qquad \text{for integers } H_{in}, W_{in} \geq 3")


def test_channels_and_bias() -> None:
    text = symbolic.count(**PLAIN).total.to("latex")
    assert r"C_{in} \bmod \text{groups} = 0" in text
    assert r"N, \text{bias} \geq 0" in text
    assert r"\text{bias} \leq 1" in text
    assert r"\frac{C_{in}}{\text{groups}}" in text


def test_crops_apart() -> None:
    text = symbolic.overlaps(axes=1, end_padding=(None,)).to("latex")
    assert r"\text{end\_padding}[0]" in text


FORMULAS = {
    "general": symbolic.count().total,
    "plain": symbolic.additions_per_filter(**PLAIN),
    "cases": symbolic.additions_per_filter(**CUT),
    "closed": symbolic.covered(axes=1, stride=3, dilation=2).closed(),
    "channels": symbolic.count(**PLAIN).total,
    "aggregation": symbolic.count().filter_aggregation,
    "filters": symbolic.count().filters,
    "four axes": symbolic.covered(axes=4),
    "own symbol": symbolic.covered(kernel_size=Symbol("a<b", integer=True, positive=True)),
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_mathml_is_well_formed(formula: Formula) -> None:
    root = ElementTree.fromstring(formula.to("mathml"))
    assert root.tag == MATHML + "math"
    rows = root.findall(f"{MATHML}mtable/{MATHML}mtr")
    assert len(rows) >= 1 + len(formula.definitions)
    assert all(len(row) == 3 for row in rows)
    known = {"math", "mtable", "mtr", "mtd", "mrow", "mi", "mn", "mo", "mtext", "mfrac"}
    known |= {"msub", "msup", "msubsup"}
    assert {element.tag.removeprefix(MATHML) for element in root.iter()} <= known


def words(formula: Formula) -> str:
    """The text of a formula's MathML."""
    return "".join(ElementTree.fromstring(formula.to("mathml")).itertext())


def test_mathml_says_what_latex_says() -> None:
    assert "additions=12" in words(FORMULAS["plain"]).replace("\u2062", "")
    assert "−8" in words(FORMULAS["plain"])
    assert "otherwise" in words(FORMULAS["cases"])
    assert words(FORMULAS["cases"]).count("for\xa0") == 3
    assert "γ=" in words(FORMULAS["aggregation"])
    assert "ψ=" in words(FORMULAS["filters"])
    text = words(FORMULAS["general"])
    assert "where\xa0L0=dilation[0]·" in text
    assert "F0(n,k;t)=#{(i,j)∈[0,n)×[0,k):i·stride[0]+j·dilation[0]<t}" in text
    assert "Cinmodgroups=0" in text


def test_several_formulas_follow_one_another() -> None:
    text = export.write(dict.fromkeys("ab", FORMULAS["plain"]), "latex")
    assert text.count(r"\text{additions}") == 2
