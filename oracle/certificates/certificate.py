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
WHAT = {EXTENT: "size, overlaps, covered, and inputs and taps reached"}

#: The seed of the samples and the layers in each, where nothing else is asked for.
SEED = 0
SAMPLED = 300

#: The order in which a layer is called less than another.
ORDER = (
    "axes, kind, positions, input sizes, kernel, stride, dilation, padding, output padding, "
    "channels"
)
#: The kinds of layers, by whether they are transposed.
KINDS = {True: "transposed", False: "ordinary"}


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

    ``oracle`` is what ran the layers, ``kinds`` are those of the layers, ``axes`` the (k, s, d,
    padding, output padding) of the box, ``experiments`` the layers run, ``ordinary`` of them
    ordinary ones; none of these where samples alone were run. ``established`` says whether
    nothing contradicted; ``sentence`` is what then holds, under ``hypotheses``. ``times`` alone
    differ between two runs of the same.
    """

    oracle: str
    candidate: str
    quantity: str
    kinds: list[str]
    box: Box
    axes: int
    experiments: int
    ordinary: int
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
        command = f"Made by `python -m oracle certify --candidate {self.candidate} {flags}`."
        if self.candidate not in READY:
            command += f" {self.candidate} is its author's: name it by module:object."
        title = "Certificate" if self.experiments else "Samples"
        return [f"# {title}: {self.candidate} as {what}", "", self.sentence, "", command, ""]

    def _choices(self) -> str:
        """The other options, where they are not the default."""
        own = READY[self.candidate].quantity if self.candidate in READY else None
        drawn = self.samples[0]
        chosen = {
            "--oracle": (self.oracle.lower(), "torch"),
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
            **self._of_box(),
            **{
                f"sample: {sample.what}": f"{sample.layers:,} layers, seed {sample.seed}, "
                f"{sample.mismatches:,} mismatches"
                for sample in self.samples
            },
            **self.versions,
            **{name: f"{value:,.1f}" for name, value in self.times.items()},
        }
        return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]

    def _of_box(self) -> dict[str, str]:
        """What was run of the box, where it was run through."""
        if not self.experiments:
            return {}
        return {
            "(k, s, d, padding, output padding) run": f"{self.axes:,}",
            "experiments": f"{self.experiments:,}",
            "of these, ordinary layers": f"{self.ordinary:,}",
            "mismatches": f"{self.mismatches:,}",
        }

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
            f"- {self.oracle} says {self.counterexample['measured']}",
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
    "{oracle}'s convolutions in int64 and their gradients in float64, on ones, returned the number "
    "of pairs of each output, input and tap at the sizes at which they were run; of other sizes "
    "nothing is said about {oracle}."
)
TRUTH_IS_AFFINE = (
    "What is counted is affine in n from n** on (notes/derivation.md, theorem 13), so agreement at "
    "n_min … max(n**, n₀) + 1 is agreement at every n (corollary 6.1)."
)
TRUTH_REDUCES = (
    "A layer with more padding has the pairs of one with less (notes/derivation.md, corollaries 8 "
    "and 14)."
)
RESIDUES = (
    "n is the input size of a transposed layer, and the output size of an ordinary one, whose "
    "input sizes are settled one residue modulo the stride after the other (notes/derivation.md, "
    "corollary 15)."
)
PRODUCTS = (
    "Several axes: all of these are products over the axes (notes/derivation.md, setting and "
    "theorem 11); "
)


def of_kinds(candidate: Candidate) -> str:
    """Of which layers a certificate speaks."""
    return " and ".join(KINDS[kind] for kind in candidate.kinds) + " layers"


def refuted(candidate: Candidate, wrong: Failure, oracle: str) -> str:
    """What refutes a candidate."""
    return (
        f"{candidate.name} is not the layer's {candidate.quantity}: on {wrong.layer} it says "
        f"{wrong.said}, and {oracle} gives {wrong.measured}."
    )


def agreed(candidate: Candidate, samples: list[Sample], oracle: str) -> str:
    """What samples say by themselves, on which nothing was wrong."""
    what = WHAT.get(candidate.quantity, candidate.quantity)
    sampled = sum(sample.layers for sample in samples)
    return (
        f"{oracle} gave the {what} that {candidate.name} says on all {sampled:,} layers that were "
        "drawn from the box and beside it; nothing is said of any other."
    )


def sentence(candidate: Candidate, experiments: int, samples: list[Sample]) -> str:
    """What holds, where nothing was wrong."""
    sampled = sum(sample.layers for sample in samples)
    ran = f"torch gave the same integers in all {experiments:,} experiments"
    if candidate.function is closed_form:
        return (
            f"For {of_kinds(candidate)}, every (k, s, d) of the box and every legal input size, "
            "padding and output padding, on one axis with torch's padding (the same at both ends), "
            "size, overlaps, covered, and inputs and taps reached of the closed form equal what "
            f"the definition gives; {ran}, each a forward pass with both its gradients."
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
    if reduces(candidate):
        reach = "every legal input size, padding and output padding"
    else:
        reach = (
            "every legal input size and output padding, and every padding below the bound "
            "max(s, (k−1)d + o + 1)"
        )
    kinds = of_kinds(candidate)
    return f"For {kinds}, every (k, s, d) of the box and {reach}, {where}, {what}; {beside}"


def reduces(candidate: Candidate) -> bool:
    """Whether the candidate and the quantity are both unchanged by the crop reduction."""
    return candidate.crop_reduction and all(
        keeps_crop_reduction(candidate.quantity, kind) for kind in candidate.kinds
    )


def of_several_axes(samples: list[Sample]) -> str:
    """What several axes rest on: the product rule, and whether torch was seen to obey it."""
    ran = sum(sample.several_axes for sample in samples)
    if not ran:
        return f"{PRODUCTS}here no layer of several axes was run."
    return f"{PRODUCTS}here that was checked by experiment on {ran:,} layers of the sample alone."


def hypotheses(candidate: Candidate, samples: list[Sample]) -> list[str]:
    """What the sentence rests on."""
    ran = RAN.format(oracle="torch")
    if candidate.function is closed_form:
        own = (
            "The closed form is affine in n from n** on and unchanged by the crop reduction; both "
            "follow from the definition of F as a number of lattice points "
            "(notes/validation.md), which the program computes (notes/derivation.md, theorem 3)."
        )
        return [ran, TRUTH_IS_AFFINE, RESIDUES, TRUTH_REDUCES, own, of_several_axes(samples)]
    if candidate.affine_from is None:
        return [ran]
    rests = [
        ran,
        TRUTH_IS_AFFINE,
        (
            f"{candidate.name} is affine in each n from the n₀ that its author states; that is "
            "taken from its author, and not proved here."
        ),
    ]
    if False in candidate.kinds:
        rests.append(RESIDUES)
    if reduces(candidate):
        rests += [
            TRUTH_REDUCES,
            f"{candidate.name} is unchanged by the same reduction; that too is its author's.",
        ]
    return rests
