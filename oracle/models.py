"""Whole torch models: the transposed convolutions that run in a forward pass, and their counts.

The operators are recorded as they are dispatched, whatever Python called them. They run on fake
tensors, which have shapes and no data: nothing is computed and next to nothing is allocated.
"""

from __future__ import annotations

import random
import sys
import threading
import warnings
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from numbers import Integral
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from analytic.layer import Layer, is_boolean
from analytic.models import ModelCount, count_layers, numbered
from analytic.protocols import ConventionName
from oracle.modules import MODULES, layer_of_operator

#: What every transposed convolution of torch's comes down to.
CONVOLUTIONS = (torch.ops.aten.convolution.default, torch.ops.aten._convolution.default)
#: Operators whose names hold one of these are transposed convolutions too.
OTHER_NAMES = ("conv_transpose", "convolution_transpose")
#: ``torch.tensor([…])`` inside a model: a fake that knows its value.
LITERALS = ("aten::lift", "aten::lift_fresh", "aten::lift_fresh_copy")
OPTIONS = ("stride", "padding", "dilation", "output_padding", "groups")
#: The errors of fake tensors and of sizes that depend on values, by name, for torch moves them.
FAKE_ERRORS = (
    "DataDependentOutputException",
    "DynamicOutputShapeException",
    "UnsupportedFakeTensorException",
    "UnsupportedMutationAliasingException",
    "UnsupportedOperatorException",
    "GuardOnDataDependentSymNode",
    "NotImplementedError",
)
#: What plain errors say where it is the fake that has no data or does not mix.
FAKE_WORDS = (
    "is not supported for tensor subclasses",
    "Cannot access data pointer",
    "convert all Tensors to FakeTensors",
    "Mixing fake modes",
)
#: What a module may keep its things in, subclasses too; each with how it is emptied and filled.
CONTAINERS = (OrderedDict, dict, list, set, deque)


def layers_of(module: torch.nn.Module, *inputs: Any, **keywords: Any) -> dict[str, Layer]:
    """Every transposed convolution that runs when ``module(*inputs, **keywords)`` is called.

    Layers of 1, 2 and 3 axes by name, in the order of the calls, once for each call: those of
    ``torch.nn`` modules and their subclasses as well as of ``torch.nn.functional``, with the input
    sizes and the output padding that are really in force. A module's layer has the module's name, a
    functional call that of the module that made it and of the operator; a name that comes again
    is numbered. A complex layer is the three real ones that torch runs for it.

    An input is a tensor, real, meta or fake, or a shape: a tuple of integers, for a tensor of the
    model's floating type. Shapes are read as such only where no tensor is among the inputs.

    Nothing is computed: the model runs on fake tensors, under the grad mode in force. Where those
    cannot follow (it reads values, say), a `RuntimeWarning` says so and it runs in earnest. Either
    way the random state and the module are left as they were: its attributes, tensors and
    gradients, and what is in lists, dicts, sets, deques and modules among them. Not put back are
    other objects that a module holds, such as NumPy arrays, what is outside it, and the values of
    sparse tensors after a pass in earnest.

    Raises `TypeError` for what is no module and `ValueError` for lazy modules that have not run
    and for operators whose arguments cannot be read (quantized ones); what the forward pass itself
    raises goes through. Cost: that of the model's Python code.

    >>> model = torch.nn.Sequential(torch.nn.ConvTranspose1d(4, 2, 3), torch.nn.ReLU())
    >>> layers_of(model, (1, 4, 10**9))["0"].input_size
    (1000000000,)
    """
    refuse_unready(module)
    try:
        return trace(module, inputs, keywords, fake_mode(module, inputs, keywords))
    except RefusedError as reason:
        raise ValueError(str(reason)) from None
    except Exception as reason:
        if not only_fake(reason) or any(tensor.is_meta for tensor in tensors_of(module)):
            raise
        words = " ".join(str(reason).split())[:200]
    warnings.warn(
        f"{type(module).__name__} runs in earnest, for it does not on fake tensors: {words}",
        RuntimeWarning,
        stacklevel=2,
    )
    try:
        return trace(module, inputs, keywords, None)
    except RefusedError as reason:
        raise ValueError(str(reason)) from None


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


def count_module(
    module: torch.nn.Module, *inputs: Any, convention: ConventionName = "nonzero", **keywords: Any
) -> ModelCount:
    """The counts of every transposed convolution that runs in a forward pass, and their totals.

    Arguments and errors as in `layers_of`; ``convention`` as in `analytic.count`.

    >>> model = torch.nn.Sequential(torch.nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1))
    >>> count_module(model, (2, 4, 8, 8)).total.macs
    43200
    """
    return count_layers(layers_of(module, *inputs, **keywords), convention=convention)


class RefusedError(Exception):
    """A transposed convolution ran that is not a `Layer`."""


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's
    """Records the transposed convolutions that are dispatched under it."""

    def __init__(self, mode: FakeTensorMode | None, caller: Callable[[str], str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.mode = mode
        self.caller = caller
        self.found: list[tuple[str, Layer]] = []

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the operator, and record it."""
        del types
        kwargs = kwargs or {}
        if operator.name() not in LITERALS:
            # The model's own tensors are real: each becomes a fake, always the same one, so that
            # what is written into them is written nowhere.
            args, kwargs = tree_map_only(torch.Tensor, self.faked, (args, kwargs))
        if operator in CONVOLUTIONS:
            result = operator(*args, **kwargs)
            self.record(operator, args, kwargs)
            return result
        if operator.namespace != "prim":
            # Under inference mode composite operators come whole: take them apart, as autograd
            # does elsewhere. Each convolution is seen once, for below it this mode is off.
            with self:
                result = operator.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
            if any(name in operator.name() for name in OTHER_NAMES):
                raise RefusedError(f"the arguments of {operator.name()} cannot be read")
        return operator(*args, **kwargs)

    def faked(self, tensor: torch.Tensor) -> torch.Tensor:
        """The fake of a real tensor."""
        if isinstance(tensor, FakeTensor) or self.mode is None:
            return tensor
        return self.mode.from_tensor(tensor)

    def record(self, operator: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Keep the layer, where the convolution is a transposed one."""
        names = [argument.name for argument in operator._schema.arguments]
        of = {**dict(zip(names, args, strict=False)), **kwargs}
        if not of["transposed"]:
            return
        shape = tuple(of["input"].shape)
        name = self.caller(f"conv_transpose{len(shape) - 2}d")
        try:
            layer = layer_of_operator(
                shape,
                tuple(of["weight"].shape),
                of["bias"] is not None,
                **{name: of[name] for name in OPTIONS},
            )
        except ValueError as reason:
            raise RefusedError(f"{name}: {reason}") from None
        self.found.append((name, layer))


def trace(
    module: torch.nn.Module,
    inputs: tuple[Any, ...],
    keywords: dict[str, Any],
    mode: FakeTensorMode | None,
) -> dict[str, Layer]:
    """The layers of one forward pass, on the fake tensors of ``mode`` or in earnest."""
    with ExitStack() as stack:
        stack.enter_context(left_as_it_was(module))
        stack.enter_context(uncompiled())
        stack.enter_context(mode or same_values(module))
        arguments = Arguments(module, mode)
        inputs, keywords = arguments.read(inputs, keywords)
        recorder = Recorder(mode, stack.enter_context(callers(module)))
        stack.enter_context(recorder)
        module(*inputs, **keywords)
    return numbered(recorder.found)


class Arguments:
    """Makes the arguments of a forward pass out of what stands for them."""

    def __init__(self, module: torch.nn.Module, mode: FakeTensorMode | None) -> None:
        own = list(tensors_of(module))
        self.mode = mode
        self.device = own[0].device if own else torch.device("cpu")
        floating = [tensor.dtype for tensor in own if tensor.is_floating_point()]
        self.dtype = floating[0] if floating else torch.get_default_dtype()

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
        whole = [size for size in given if isinstance(size, Integral) and not is_boolean(size)]
        if given and len(whole) == len(given):
            return self.blank([int(size) for size in whole], self.dtype, self.device)
        if whole and any(isinstance(size, float) for size in given):
            raise TypeError(f"a shape must have integers alone, got {given}")
        return type(given)(map(self.of_shapes, given))

    def blank(self, shape: Any, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """A tensor of no particular values; zeros in earnest, which are legal indices too."""
        make = torch.zeros if self.mode is None else torch.empty
        return make(shape, dtype=dtype, device=device)

    def tensor(self, given: torch.Tensor) -> torch.Tensor:
        """A tensor like the given one, on which the model can run without changing it."""
        if isinstance(given, FakeTensor) and given.fake_mode is self.mode:
            return given
        fake = isinstance(given, FakeTensor)
        if not fake and "meta" not in {given.device.type, self.device.type}:
            made = given.detach().clone() if self.mode is None else self.mode.from_tensor(given)
        else:  # no data, or a fake of another mode, which would not mix with ours
            made = self.blank(given.shape, given.dtype, given.device if fake else self.device)
        return made.requires_grad_(given.requires_grad)


@contextmanager
def callers(module: torch.nn.Module) -> Iterator[Callable[[str], str]]:
    """How to name what an operator does for whichever part of the module is running.

    Meanwhile hooks for all modules follow the calls; a progress bar shows them, on a terminal.
    """
    from tqdm import tqdm

    names = {part: name.replace("_orig_mod.", "") for name, part in module.named_modules()}
    running: list[torch.nn.Module] = []
    thread = threading.get_ident()

    def enter(part: torch.nn.Module, _args: Any) -> None:
        if threading.get_ident() == thread:
            running.append(part)
            bar.update()

    def leave(part: torch.nn.Module, _args: Any, _result: Any) -> None:
        if threading.get_ident() == thread:
            while running and running.pop() is not part:
                pass

    def name(operator: str) -> str:
        part = running[-1] if running else module
        path = names.get(part, type(part).__name__)
        if isinstance(part, MODULES):
            return path or type(part).__name__
        return f"{path}.{operator}" if path else operator

    # A bar of its own for a model that takes long; none where nobody watches.
    with tqdm(total=len(names), unit=" modules", delay=1, leave=False, disable=None) as bar:
        before = register_module_forward_pre_hook(enter)
        after = register_module_forward_hook(leave, always_call=True)
        try:
            yield name
        finally:
            before.remove()
            after.remove()


def refuse_unready(module: object) -> None:
    """Raise for what is no module, and for lazy modules that do not know their shapes yet."""
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    for name, part in module.named_modules():
        own = (*part._parameters.values(), *part._buffers.values())
        if any(is_lazy(tensor) for tensor in own):
            where = name or "the module"
            raise ValueError(f"{where} is a {type(part).__name__} without shapes: run it once")


def tensors_of(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and buffers."""
    yield from module.parameters()
    yield from module.buffers()


def fake_mode(module: torch.nn.Module, inputs: Any, keywords: Any) -> FakeTensorMode:
    """The mode of the fakes that are there already, which mix with no others, or a new one."""
    for tensor in (*tensors_of(module), *tree_leaves((inputs, keywords))):
        if isinstance(tensor, FakeTensor):
            return tensor.fake_mode
    return FakeTensorMode()


@contextmanager
def uncompiled() -> Iterator[None]:
    """Run compiled modules as they were written: tracing is not what they were compiled for."""
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        yield
        return
    with torch.compiler.set_stance("force_eager"), warnings.catch_warnings():
        # Our hooks know the wrapper that `torch.compile` puts around a module.
        warnings.filterwarnings("ignore", r"Using `torch\.compile\(module\)` when there are")
        yield


@contextmanager
def left_as_it_was(module: torch.nn.Module) -> Iterator[None]:
    """Put back what a module is made of, its tensors as objects, and the random state."""
    owned = reachable(module)
    containers = [(value, contents(value)) for value in owned if isinstance(value, CONTAINERS)]
    tensors = [Kept(value) for value in owned if isinstance(value, torch.Tensor)]
    python_state = random.getstate()
    numpy_random = sys.modules.get("numpy.random")
    numpy_state = numpy_random.get_state() if numpy_random else None
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python_state)
        if numpy_random:
            numpy_random.set_state(numpy_state)
        for value, held in containers:
            put_back(value, held)
        for tensor in tensors:
            tensor.put_back()


def reachable(module: torch.nn.Module) -> list[Any]:
    """The attribute dictionaries, containers and tensors of a module, nested ones too, each once.

    Modules in containers are followed as the registered ones are; other objects are not.
    """
    found: dict[int, Any] = {}
    waiting: list[Any] = [*module.modules(), *tensors_of(module)]
    while waiting:
        taken = waiting.pop()
        value = vars(taken) if isinstance(taken, torch.nn.Module) else taken
        if id(value) in found or not isinstance(value, (*CONTAINERS, tuple, torch.Tensor)):
            continue
        found[id(value)] = value
        if isinstance(value, torch.Tensor):
            waiting.append(gradient(value))
        else:
            waiting.extend(dict.values(value) if isinstance(value, dict) else value)
    return list(found.values())


def contents(container: Any) -> list[Any]:
    """What a container holds."""
    return list(dict.items(container) if isinstance(container, dict) else container)


def put_back(container: Any, held: list[Any]) -> None:
    """Let the same container hold the same again, whatever its class makes of ``update``."""
    kind: Any = next(kind for kind in CONTAINERS if isinstance(container, kind))
    kind.clear(container)
    (kind.extend if kind in {list, deque} else kind.update)(container, held)


def gradient(tensor: torch.Tensor) -> torch.Tensor | None:
    """The gradient, for which torch must not be asked where there is none."""
    return tensor.grad if tensor.is_leaf or tensor.retains_grad else None


class Kept:
    """A tensor as it was, but for its values: the data it has, and what autograd knows of it."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor
        self.data = tensor.data
        self.gradient = gradient(tensor)
        self.leaf = tensor.is_leaf
        self.requires_grad = tensor.requires_grad

    def put_back(self) -> None:
        """Undo what was assigned to ``data``, ``requires_grad`` and ``grad``."""
        tensor = self.tensor
        if place(tensor) != place(self.data):
            tensor.data = self.data
        if self.leaf and not tensor.is_leaf:
            tensor.detach_()
        if tensor.requires_grad is not self.requires_grad:
            tensor.requires_grad_(self.requires_grad)
        if gradient(tensor) is not self.gradient:
            tensor.grad = self.gradient


def place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Where the data of a tensor are; only strided tensors say so."""
    what = (tensor.device, tensor.dtype, tensor.layout, tensor.shape)
    if tensor.layout is not torch.strided:
        return what
    return (*what, tensor.stride(), tensor.storage_offset(), tensor.untyped_storage()._cdata)


@contextmanager
def same_values(module: torch.nn.Module) -> Iterator[None]:
    """Put back what a forward pass in earnest writes into the tensors of a module."""
    owned = [value for value in reachable(module) if isinstance(value, torch.Tensor)]
    saved = [
        (tensor.data, tensor.detach().clone())
        for tensor in owned
        if tensor.layout is torch.strided and not tensor.is_meta
    ]
    try:
        yield
    finally:
        for data, values in saved:
            if not torch.equal(data, values):
                data.copy_(values)
