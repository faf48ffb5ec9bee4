"""The three numbers that people ask for, by name, in the order in which they are shown."""

from __future__ import annotations

from analytic.digits import all_digits

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from analytic.protocols import ConventionName, RuleName
    from analytic.totals import Count


#: FLOPs are twice the MACs: each is a multiplication and an addition.
FLOPS_PER_MAC = 2


def macs_name(rule: RuleName) -> str:
    """What MACs by a rule are called, wherever they are shown.

    >>> macs_name("exact"), macs_name("input")
    ('exact MACs', 'MACs (input rule)')
    """
    return "exact MACs" if rule == "exact" else f"MACs ({rule} rule)"


def names(convention: ConventionName, rule: RuleName) -> tuple[str, str, str]:
    """What MACs, twice the MACs and the total are called.

    >>> names("nonzero", "exact")
    ('exact MACs', '2 × exact MACs', 'published formula (nonzero)')
    >>> names("exact", "input")
    ('MACs (input rule)', '2 × MACs (input rule)', 'operations (exact)')
    """
    macs = macs_name(rule)
    total = "operations" if convention == "exact" else "published formula"
    return macs, f"2 × {macs}", f"{total} ({convention})"


def headline(count: Count[Any]) -> list[tuple[str, Any]]:
    """The three numbers of a count, each with its name."""
    numbers = (count.macs, FLOPS_PER_MAC * count.macs, count.total)
    return [*zip(names(count.convention, count.rule), numbers, strict=True)]


def text(count: Count[Any]) -> str:
    """The headline as lines: what `print` shows of a count."""
    lines = headline(count)
    width = max(len(name) for name, _ in lines) + 2
    with all_digits():
        return "\n".join(f"{name:<{width}}{number}" for name, number in lines)
