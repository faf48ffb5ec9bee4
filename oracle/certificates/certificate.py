"""What a certificate says: the sentence, what it rests on, and the numbers behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from oracle.certificates.box import Box
from oracle.certificates.candidates import (
    EXTENT,
    READY,
    Candidate,
    closed_form,
    keeps_crop_reduction,
)
from oracle.certificates.counterexample import Failure

#: Quantities by other names than those of `Count`.
WHAT = {EXTENT: "size, overlaps and covered"}

#: The seed of the samples and the layers in each, where nothing else is asked for.
SEED = 0
SAMPLED = 300

#: The order in which a layer is called less than another.
ORDER = "axes, positions, input sizes, kernel, stride, dilation, padding, output padding, channels"


@dataclass(frozen=True)
class Sample:
    """Layers that were drawn with a seed and run beside the box."""

    what: str
    seed: int
    layers: int
    mismatches: int
    several_axes: int  #: how many of the layers have more than one


@dataclass(frozen=True)
class Certificate:
    """The outcome of a validation run.

    ``axes`` are the (k, s, d, padding, output padding) of the box, ``experiments`` the input sizes
    run on all of them. ``established`` says whether nothing contradicted; ``sentence`` is what then
    holds, under ``hypotheses``. ``times`` alone differ between two runs of the same.
    """

    candidate: str
    quantity: str
    box: Box
    axes: int
    experiments: int
    mismatches: int
    samples: list[Sample]
    counterexample: dict[str, Any] | None
    established: bool
    sentence: str
    hypotheses: list[str]
    versions: dict[str, str]
    times: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The certificate as JSON has it."""
        return {**asdict(self), "box": self.box._asdict()}

    def as_markdown(self) -> str:
        """The certificate as a report."""
        return "\n".join([*self._head(), *self._numbers(), *self._wrong(), *self._rests(), ""])

    def _head(self) -> list[str]:
        what = WHAT.get(self.quantity, self.quantity)
        flags = " ".join(
            f"--{name.replace('_', '-')} {shown(values)}"
            for name, values in self.box._asdict().items()
        )
        flags += self._choices()
        made = f"Made by `python -m oracle certify --candidate {self.candidate} {flags}`."
        if self.candidate not in READY:
            made += f" {self.candidate} is its author's: name it by module:object."
        return [f"# Certificate: {self.candidate} as {what}", "", self.sentence, "", made, ""]

    def _choices(self) -> str:
        """The other options, where they are not the default."""
        own = READY[self.candidate].quantity if self.candidate in READY else None
        drawn = self.samples[0]
        chosen = {
            "--quantity": (self.quantity, own),
            "--sample": (drawn.layers, SAMPLED),
            "--seed": (drawn.seed, SEED),
        }
        return "".join(
            f" {name} {value}" for name, (value, default) in chosen.items() if value != default
        )

    def _numbers(self) -> list[str]:
        rows = {
            **{
                name.replace("_", " "): shown(values) for name, values in self.box._asdict().items()
            },
            "(k, s, d, padding, output padding) run": f"{self.axes:,}",
            "experiments": f"{self.experiments:,}",
            "mismatches": f"{self.mismatches:,}",
            **{
                f"sample: {sample.what}": f"{sample.layers:,} layers, seed {sample.seed}, "
                f"{sample.mismatches:,} mismatches"
                for sample in self.samples
            },
            **self.versions,
            **{name: f"{value:,.1f}" for name, value in self.times.items()},
        }
        return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]

    def _wrong(self) -> list[str]:
        if self.counterexample is None:
            return []
        layer = ", ".join(f"{name}={v}" for name, v in self.counterexample["layer"].items())
        return [
            "",
            f"The least failing layer that was found, in the order {ORDER}:",
            "",
            f"- `Layer({layer})`",
            f"- {self.candidate} says {self.counterexample['said']}",
            f"- torch says {self.counterexample['measured']}",
            f"- coverage: {self.counterexample['coverage']}",
            f"- searched: {self.counterexample['searched']}",
        ]

    def _rests(self) -> list[str]:
        return ["", "It rests on:", "", *(f"- {hypothesis}" for hypothesis in self.hypotheses)]


def shown(values: tuple[int, ...]) -> str:
    """Integers, a run of them as ``1..12``."""
    if len(values) > 2 and values == tuple(range(values[0], values[-1] + 1)):
        return f"{values[0]}..{values[-1]}"
    return ",".join(map(str, values))


RAN = (
    "torch's conv_transpose in int64, on ones, returned the number of pairs that land on each "
    "position at the sizes at which it was run; of other sizes nothing is said about torch."
)
TRUTH_IS_AFFINE = (
    "Size, overlaps and covered are affine in the input size from n* on (notes/derivation.md, "
    "theorem 6), so agreement at n_min … max(n*, n₀) + 1 is agreement at every size "
    "(corollary 6.1)."
)
TRUTH_REDUCES = (
    "A layer with more padding has the coverage of one with less "
    "(notes/derivation.md, corollary 8)."
)
PRODUCTS = (
    "Several axes: size, overlaps and covered are products over the axes (notes/derivation.md, "
    "setting); "
)


def sentence(
    candidate: Candidate, experiments: int, samples: list[Sample], wrong: Failure | None
) -> str:
    """What was found: what holds, or what refutes it."""
    if wrong is not None:
        return (
            f"{candidate.name} is not the layer's {candidate.quantity}: on {wrong.layer} it says "
            f"{wrong.said}, and torch gives {wrong.measured}."
        )
    sampled = sum(sample.layers for sample in samples)
    ran = f"torch gave the same integers in all {experiments:,} experiments"
    if candidate.function is closed_form:
        return (
            "For every (k, s, d) of the box and every legal input size, padding and output "
            "padding, on one axis with torch's padding (the same at both ends), size, overlaps and "
            f"covered of the closed form equal what the definition gives; {ran}."
        )
    what = f"{candidate.name} equals the layer's {candidate.quantity}"
    where = "on one axis with torch's padding (the same at both ends), one channel and no bias"
    beside = (
        f"{ran}, and on {sampled:,} layers of the samples, which settle nothing beyond themselves."
    )
    if candidate.affine_from is None:
        return (
            f"{what} at the layers that were run, {experiments:,} of the box and {sampled:,} of "
            "the samples; nothing is said of any other."
        )
    if candidate.crop_reduction and keeps_crop_reduction(candidate.quantity):
        reach = "every legal input size, padding and output padding"
    else:
        reach = (
            "every legal input size and output padding, and every padding below the bound "
            "max(s, (k−1)d + o + 1)"
        )
    return f"For every (k, s, d) of the box and {reach}, {where}, {what}; {beside}"


def of_several_axes(samples: list[Sample]) -> str:
    """What several axes rest on: the product rule, and whether torch was seen to obey it."""
    ran = sum(sample.several_axes for sample in samples)
    if not ran:
        return f"{PRODUCTS}here no layer of several axes was run."
    return f"{PRODUCTS}here that was checked by experiment on {ran:,} layers of the sample alone."


def hypotheses(candidate: Candidate, samples: list[Sample]) -> list[str]:
    """What the sentence rests on."""
    if candidate.function is closed_form:
        own = (
            "The closed form is affine in the input size from n* on and unchanged by the crop "
            "reduction; both follow from the definition of F as a number of lattice points "
            "(notes/validation.md), which the program computes (notes/derivation.md, theorem 3)."
        )
        return [RAN, TRUTH_IS_AFFINE, TRUTH_REDUCES, own, of_several_axes(samples)]
    if candidate.affine_from is None:
        return [RAN]
    rests = [
        RAN,
        TRUTH_IS_AFFINE,
        (
            f"{candidate.name} is affine in each input size from the n₀ that its author states; "
            "that is taken from its author, and not proved here."
        ),
    ]
    if candidate.crop_reduction and keeps_crop_reduction(candidate.quantity):
        rests += [
            TRUTH_REDUCES,
            f"{candidate.name} is unchanged by the same reduction; that too is its author's.",
        ]
    return rests
