"""Whole torch models: the convolutions that run in a forward pass or a training step, counted."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from numbers import Integral
from typing import Any, Literal

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves, tree_map_only

from analytic.layer import Layer, is_boolean
from analytic.models import ModelCount, Run, count_runs
from analytic.protocols import ConventionName
from analytic.totals import choose
from oracle.kept import left_as_it_was, reachable, same_values, tensors_of
from oracle.tracing import FAKE_ERRORS, Choice, Recorder, RefusedError, Values, recorded

Kinds = Literal["transposed", "ordinary", "both"]
#: Which layers are recorded, by word.
KINDS = {
    "transposed": Choice(),
    "ordinary": Choice(transposed=False, ordinary=True),
    "both": Choice(ordinary=True),
}
#: What plain errors say where it is the fake that has no data or does not mix.
FAKE_WORDS = (
    "is not supported for tensor subclasses",
    "Cannot access data pointer",
    "convert all Tensors to FakeTensors",
    "Mixing fake modes",
)


def layers_of(
    module: torch.nn.Module,
    *inputs: Any,
    kinds: Kinds = "transposed",
    fold_padding: bool = False,
    **keywords: Any,
) -> dict[str, Layer]:
    """Every convolution that runs when ``module(*inputs, **keywords)`` is called.

    ``kinds`` are ``"transposed"``, ``"ordinary"`` or ``"both"``. Layers of 1, 2 and 3 axes by name,
    in the order of the calls, once for each call: those of ``torch.nn`` modules and their
    subclasses as well as of ``torch.nn.functional``, with the input sizes, paddings and output
    padding that are really in force. A module's layer has the module's name, a functional call that
    of the module that made it and of the operator; a name that comes again is numbered. A complex
    layer is the three real ones that torch runs for it. An int8 layer is read as any other.

    A gradient by the input inside the forward pass (``torch.nn.grad.conv2d_input``,
    ``torch.func.vjp``) is a layer of the other kind, and listed as such. Numbers that a module pads
    its input with itself (``padding_mode="reflect"``) are real ones, and part of the input. Zeros
    that another operator puts around an input right before (``F.pad``, ``ZeroPad2d``) are too,
    unless with ``fold_padding``: then they are the layer's padding, and its name says so. What a
    custom operator hides is not counted, and a `RuntimeWarning` says which.

    An input is a tensor, real, meta or fake, or a shape: a tuple of integers, for a tensor of the
    model's floating type. Shapes are read as such only where no tensor is among the inputs.

    Nothing is computed: the model runs on fake tensors, under the grad mode in force. Where it
    reads values, the small tensors behind them are computed; where that does not help, a
    `RuntimeWarning` says so and it runs in earnest. Either way the random state and the module are
    left as they were: its attributes, tensors and gradients, and what is in lists, dicts, sets,
    deques and modules among them. Not put back are other objects that a module holds, such as NumPy
    arrays, what is outside it, and the values of sparse tensors after a pass in earnest.

    Raises `TypeError` for what is no module, `ValueError` for lazy modules that have not run, for
    operators whose arguments cannot be read and for a shape as the input of a complex model, and
    `RuntimeError` for a model on the meta device that does not run on fake tensors; what the
    forward pass itself raises goes through. Cost: that of the model's Python code.

    >>> model = torch.nn.Sequential(torch.nn.ConvTranspose1d(4, 2, 3), torch.nn.ReLU())
    >>> layers_of(model, (1, 4, 10**9))["0"].input_size
    (1000000000,)
    """
    runs = runs_of(module, inputs, keywords, kinds, fold_padding, training=False)
    return {run.name: run.layer for run in runs if run.passed == "forward"}


def count_module(
    module: torch.nn.Module,
    *inputs: Any,
    convention: ConventionName = "nonzero",
    kinds: Kinds = "transposed",
    fold_padding: bool = False,
    training: bool = False,
    **keywords: Any,
) -> ModelCount:
    """The counts of every convolution that runs in a forward pass, and their totals.

    With ``training``, those of a training step: the forward pass, and the backward pass from all
    results that have a gradient. Every pass that really runs has a row: a frozen weight has no
    ``grad_weight``, a first layer no ``grad_input``. No gradient is left behind. Arguments and
    errors as in `layers_of`; ``convention`` as in `analytic.count`.

    >>> model = torch.nn.Sequential(torch.nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1))
    >>> count_module(model, (2, 4, 8, 8)).total.macs
    43200
    >>> [row.passed for row in count_module(model, (2, 4, 8, 8), training=True).layers]
    ['forward', 'grad_weight', 'grad_bias']
    """
    runs = runs_of(module, inputs, keywords, kinds, fold_padding, training=training)
    return count_runs(runs, convention=convention)


def runs_of(
    module: torch.nn.Module,
    inputs: tuple[Any, ...],
    keywords: dict[str, Any],
    kinds: str,
    fold: bool,
    *,
    training: bool,
) -> list[Run]:
    """Every pass of a convolution that runs: on fakes, on fakes that know values, or in earnest."""
    refuse_unready(module)
    choice = choose("kinds", KINDS, kinds)._replace(fold=fold)

    def attempt(mode: FakeTensorMode | None, values: Values | None = None) -> Recorder:
        return trace(module, inputs, keywords, mode, choice, values, training=training)

    try:
        recorder = attempted(module, inputs, keywords, attempt)
    except RefusedError as reason:
        raise ValueError(str(reason)) from None
    if recorder.hidden:
        names = ", ".join(recorder.hidden)
        warnings.warn(
            f"{names}: the convolutions in a custom operator are hidden, and not counted",
            RuntimeWarning,
            stacklevel=3,
        )
    return recorder.runs


def attempted(
    module: torch.nn.Module,
    inputs: tuple[Any, ...],
    keywords: dict[str, Any],
    attempt: Callable[..., Recorder],
) -> Recorder:
    """What is recorded in the first of three ways to run a model that succeeds."""
    for values in (None, Values()):
        try:
            return attempt(fake_mode(module, inputs, keywords), values)
        except Exception as reason:
            if not only_fake(reason):
                raise
            words = " ".join(str(reason).split())[:200]
            if values and any(tensor.is_meta for tensor in tensors_of(module)):
                raise RuntimeError(
                    f"{type(module).__name__} does not run on fake tensors ({words}), and has no "
                    "data to run in earnest: build it, or move it with .to_empty, on the CPU"
                ) from reason
    warnings.warn(
        f"{type(module).__name__} runs in earnest, for it does not on fake tensors: {words}",
        RuntimeWarning,
        stacklevel=4,
    )
    return attempt(None)


def only_fake(reason: BaseException | None) -> bool:
    """Whether an error, or one behind it, says what fake tensors cannot do and real ones can."""
    while reason is not None:
        words = str(reason).rstrip()
        if type(reason).__name__ in FAKE_ERRORS or any(said in words for said in FAKE_WORDS):
            return True
        if "TorchScript interpreter" in words and words.endswith("Error:"):  # which one is lost
            return True
        reason = reason.__cause__ or reason.__context__
    return False


def trace(
    module: torch.nn.Module,
    inputs: tuple[Any, ...],
    keywords: dict[str, Any],
    mode: FakeTensorMode | None,
    choice: Choice,
    values: Values | None,
    *,
    training: bool,
) -> Recorder:
    """What one call records, on the fake tensors of ``mode`` or in earnest."""

    def call(device: torch.device) -> Recorder:
        with left_as_it_was(module), mode or same_values(module):
            args, kwargs = Arguments(module, mode, device, values).read(inputs, keywords)
            run = partial(module, *args, **kwargs)
            return recorded(module, mode, choice, values, run, training=training)

    mismatch: Exception
    for device in devices_of(module):
        try:
            return call(device)
        except Exception as reason:
            if "DeviceMismatch" not in type(reason).__name__:
                raise
            mismatch = reason
    raise mismatch


def devices_of(module: torch.nn.Module) -> Iterator[torch.device]:
    """Where an input may have to be, likeliest first: where most of the weights are.

    A template on the meta device may stand for as many that are elsewhere, and run in its place.
    """
    own = Counter(tensor.device for tensor in tensors_of(module))
    yield from sorted(own, key=lambda device: (-own[device], device.type == "meta"))
    beside = [value.device for value in reachable(module) if isinstance(value, torch.Tensor)]
    yield from dict.fromkeys(device for device in beside if device not in own)
    if not own and not beside:
        yield torch.device("cpu")


class Arguments:
    """Makes the arguments of a forward pass out of what stands for them."""

    def __init__(
        self,
        module: torch.nn.Module,
        mode: FakeTensorMode | None,
        device: torch.device,
        values: Values | None = None,
    ) -> None:
        self.mode = mode
        self.values = values
        self.device = device
        numbers = [
            tensor.dtype
            for tensor in tensors_of(module)
            if tensor.is_floating_point() or tensor.is_complex()
        ]
        self.dtype = numbers[0] if numbers else torch.get_default_dtype()
        self.name = type(module).__name__

    def read(self, inputs: Any, keywords: Any) -> Any:
        """Inputs and keywords, with tensors in the place of what stands for them."""
        given = (inputs, keywords)
        if any(isinstance(leaf, torch.Tensor) for leaf in tree_leaves(given)):
            return tree_map_only(torch.Tensor, self.tensor, given)
        return self.of_shapes(inputs), self.of_shapes(keywords)

    def of_shapes(self, given: Any) -> Any:
        """Tensors in the place of the shapes."""
        if isinstance(given, dict):
            return {name: self.of_shapes(value) for name, value in given.items()}
        if not isinstance(given, (list, tuple)):
            return given
        integers = [size for size in given if isinstance(size, Integral) and not is_boolean(size)]
        if given and len(integers) == len(given):
            return self.of_shape([int(size) for size in integers])
        if integers and any(isinstance(size, float) for size in given):
            raise TypeError(f"a shape must have integers alone, got {given}")
        return type(given)(map(self.of_shapes, given))

    def of_shape(self, shape: Sequence[int]) -> torch.Tensor:
        """A tensor of the model's floating type."""
        if self.dtype.is_complex:
            raise ValueError(
                f"{self.name} has complex weights: its input must be a tensor, for a shape does "
                f"not say whether it is complex, got {tuple(shape)}"
            )
        return self.blank(shape, self.dtype, self.device)

    def blank(self, shape: Any, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """A tensor of no particular values; zeros in earnest, which are legal indices too."""
        make = torch.zeros if self.mode is None else torch.empty
        tensor = make(shape, dtype=dtype, device=device)
        if self.values is not None:
            self.values.keep_zeros(tensor)
        return tensor

    def tensor(self, given: torch.Tensor) -> torch.Tensor:
        """A tensor like the given one, on which the model can run without changing it."""
        if isinstance(given, FakeTensor) and given.fake_mode is self.mode:
            return given
        fake = isinstance(given, FakeTensor)
        if fake or "meta" in {given.device.type, self.device.type}:
            # It has no data, or is a fake of another mode, which would not mix with ours.
            tensor = self.blank(given.shape, given.dtype, given.device if fake else self.device)
        elif self.mode is None:
            tensor = given.detach().clone()
        else:
            tensor = self.mode.from_tensor(given)
            if self.values is not None:
                self.values.keep(tensor, self.values.value(given))
        return tensor.requires_grad_(given.requires_grad)


def refuse_unready(module: object) -> None:
    """Raise for what is no module, and for lazy modules that do not know their shapes yet."""
    if not isinstance(module, torch.nn.Module):
        hint = ": call its .module()" if type(module).__name__ == "ExportedProgram" else ""
        name = type(module).__name__
        raise TypeError(f"module must be a torch.nn.Module, got {name}{hint}")
    for name, part in module.named_modules():
        own = (*part._parameters.values(), *part._buffers.values())
        if any(is_lazy(tensor) for tensor in own):
            where = name or "the module"
            raise ValueError(f"{where} is a {type(part).__name__} without shapes: run it once")


def fake_mode(module: torch.nn.Module, inputs: Any, keywords: Any) -> FakeTensorMode:
    """The mode of the fakes that are there already, which mix with no others, or a new one."""
    for tensor in (*tensors_of(module), *tree_leaves((inputs, keywords))):
        if isinstance(tensor, FakeTensor):
            return tensor.fake_mode
    return FakeTensorMode()
