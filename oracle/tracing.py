"""The convolutions that a call of a torch module runs, recorded as they are dispatched.

Operators are seen whatever Python called them. They run on fake tensors, which have shapes and no
data: nothing is computed and next to nothing is allocated.
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, NamedTuple

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.weak import WeakTensorKeyDictionary

from analytic.layer import Layer
from analytic.models import Names, Run
from oracle.modules import MODULES, layer_of_operator

aten = torch.ops.aten
#: What every convolution of torch's comes down to, its gradients, and zeros around an input.
SORTS = {
    aten.convolution.default: "convolution",
    aten._convolution.default: "convolution",
    aten.convolution_backward.default: "gradients",
    aten.constant_pad_nd.default: "padding",
}
#: Operators with such names are convolutions too.
OTHER_NAMES = re.compile(r"(?<![a-z])conv([123]d|olution|_transpose|_tbc|_depthwise)")
#: ``torch.tensor([…])`` inside a model: a fake that knows its value.
LITERALS = {"aten::lift", "aten::lift_fresh", "aten::lift_fresh_copy"}
OPTIONS = ("stride", "padding", "dilation", "output_padding", "groups", "transposed")
#: Namespaces whose operators hide no convolution; what is in others may.
OPEN = {"aten", "prim", "prims", "quantized", "torchvision", "torchaudio", "profiler", "c10d"}
HIDING = {"torchvision::deform_conv2d"}
#: Which gradient an entry of the mask of ``convolution_backward`` asks for.
GRADIENTS = ("grad_input", "grad_weight", "grad_bias")


class RefusedError(Exception):
    """A convolution ran that is not a `Layer`."""


class Choice(NamedTuple):
    """What is recorded: layers of which kinds, and whether zeros padded before them are theirs."""

    transposed: bool = True
    ordinary: bool = False
    fold: bool = False

    def wants(self, layer: Layer) -> bool:
        """Whether layers of this kind are recorded."""
        return self.transposed if layer.transposed else self.ordinary


class Padded(NamedTuple):
    """Where a tensor comes from that zeros were added to: its sizes, and how many at each end."""

    sizes: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]


class Called(NamedTuple):
    """A call of ``aten.convolution``: what its operator says, and what was recorded of it."""

    operator: Layer
    run: Run


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's
    """Records the convolutions that are dispatched under it."""

    def __init__(
        self,
        mode: FakeTensorMode | None,
        choice: Choice,
        caller: Callable[[str], str],
        values: Values | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.mode = mode
        self.choice = choice
        self.caller = caller
        self.values = values
        self.same = False
        self.runs: list[Run] = []
        self.hidden: dict[str, None] = {}
        self.backward = False
        self.padded: Any = WeakTensorKeyDictionary()
        self.fakes: Any = WeakTensorKeyDictionary()
        #: By the number of the autograd node that will ask for its gradients.
        self.calls: dict[int, Called] = {}
        self.names = Names()

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the operator, and record it."""
        del types
        kwargs = kwargs or {}
        sort = sort_of(operator)
        if sort == "question":
            return operator(*args, **kwargs)
        given = (args, kwargs)
        if self.mode is not None and sort != "literal":
            # The model's own tensors are real: each becomes a fake, always the same one, so that
            # what is written into them is written nowhere.
            args = tuple(map(self.faked, args))
            kwargs = {name: self.faked(value) for name, value in kwargs.items()}
        if sort == "composite":
            # Under inference mode composite operators come whole: take them apart, as autograd
            # does elsewhere. Each convolution is seen once, for below it this mode is off.
            with self:
                return operator.decompose(*args, **kwargs)
        if self.values is None or sort == "literal":
            result = operator(*args, **kwargs)
        else:
            result = self.values.run(operator, given, (args, kwargs), self.mode)
        if self.values is not None and sort == "literal":  # torch keeps those of one element
            self.values.keep(result, self.values.value(args[0]))
        self.note(sort, operator, result, args, kwargs)
        return result

    def note(
        self, sort: str, operator: Any, result: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Keep what an operator of this sort has to do with a convolution."""
        if sort == "convolution":
            self.record(operator, args, kwargs)
        elif sort == "gradients":
            self.record_gradients(args, kwargs)
        elif sort == "padding":
            self.note_padding(result, *args, **kwargs)
        elif sort == "hiding":
            self.hidden[operator.name()] = None
        elif sort == "other":
            self.record_other(operator.name(), args)

    def faked(self, value: Any) -> Any:
        """The fake of a real tensor, alone or in a list; anything else as it is."""
        if isinstance(value, FakeTensor):
            return value
        if isinstance(value, torch.Tensor):
            return self.fake(value)
        if type(value) in {list, tuple}:
            return type(value)(map(self.faked, value))
        return value

    def fake(self, tensor: torch.Tensor) -> torch.Tensor:
        """The fake of a real tensor, always the same one."""
        mode: Any = self.mode
        fake: torch.Tensor | None = self.fakes.get(tensor)
        if fake is None:
            fake = fake_of_plain(mode, tensor) if is_plain(tensor) else mode.from_tensor(tensor)
            self.fakes[tensor] = fake
        return fake

    def record_other(self, name: str, args: Sequence[Any]) -> None:
        """Keep a convolution under another name."""
        if self.choice.ordinary or "transpose" in name:
            self.add(self.other(name, args))

    def other(self, name: str, args: Sequence[Any]) -> Run:
        """The layer of an int8 operator, or of ``conv_tbc``."""
        x = args[0]
        if name == "aten::conv_tbc":
            time, batch, channels = x.shape
            taps, _, out_channels = args[1].shape
            layer = Layer(
                [time], channels, out_channels, taps, 1, args[3], batch_size=batch, transposed=False
            )
            return Run(self.caller("conv_tbc"), layer)
        packed: Any = args[1] if len(args) > 1 else None
        if not hasattr(packed, "unpack"):
            raise RefusedError(f"the arguments of {name} cannot be read")
        weight, bias = packed.unpack()
        axes = len(x.shape) - 2  # one axis is packed as two
        transposed = bool(packed.transpose())
        options = {
            option: list(getattr(packed, option)())[-axes:] for option in OPTIONS[: 3 + transposed]
        }
        options.setdefault("output_padding", [0] * axes)
        label = f"conv{'_transpose' if transposed else ''}{axes}d"
        layer = layer_of_operator(
            tuple(x.shape),
            (*weight.shape[:2], *weight.shape[-axes:]),
            bias is not None,
            groups=packed.groups(),
            transposed=transposed,
            **options,
        )
        return Run(self.caller(label), layer)

    def note_padding(
        self, result: torch.Tensor, x: torch.Tensor, pad: Sequence[int], value: Any = 0
    ) -> None:
        """Remember which tensors are others with zeros around their axes."""
        begin, end = [*pad[::2]][::-1], [*pad[1::2]][::-1]
        axes = len(x.shape) - 2
        if value or min(pad, default=-1) < 0 or len(begin) > axes:
            return
        none = [0] * (axes - len(begin))
        self.padded[result] = Padded(tuple(x.shape[2:]), (*none, *begin), (*none, *end))

    def record(self, operator: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Keep the layer of a convolution, and who will ask for its gradients."""
        names = [argument.name for argument in operator._schema.arguments]
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        options = {name: arguments[name] for name in OPTIONS}
        layer, name = self.layer(
            arguments["input"], arguments["weight"], arguments["bias"], options
        )
        folded = self.folded(layer, self.padded.get(arguments["input"]))
        if folded != layer and not self.same:
            name = f"{name} (zeros before it folded in)"
        run = self.add(Run(name, folded))
        self.calls[last_node_number()] = Called(layer, run)

    def layer(
        self, x: torch.Tensor, weight: torch.Tensor, bias: Any, options: Mapping[str, Any]
    ) -> tuple[Layer, str]:
        """The layer of an operator's arguments, and its name."""
        shape = tuple(x.shape)
        name = self.name(f"conv{'_transpose' if options['transposed'] else ''}{len(shape) - 2}d")
        try:
            layer = layer_of_operator(shape, tuple(weight.shape), bias is not None, **options)
        except ValueError as reason:
            raise RefusedError(f"{name}: {reason}") from None
        return layer, name

    def name(self, label: str) -> str:
        """The module that runs and the operator; in a backward pass, the layer it belongs to."""
        call = self.calls.get(node_number())
        return call.run.name if self.backward and call else self.caller(label)

    def folded(self, layer: Layer, padded: Padded | None) -> Layer:
        """The layer on the input that had no zeros yet, where these are to count as its padding.

        torch pads with zeros itself where ``"same"`` needs one more at the end.
        """
        if padded is None or not (self.same or self.choice.fold):
            return layer
        # A zero before a transposed layer's input moves its outputs by a stride.
        steps = [-s for s in layer.stride] if layer.transposed else [1] * len(layer.axes)
        begin, end = (
            [p + s * added for p, s, added in zip(layer.padding, steps, zeros, strict=True)]
            for zeros in (padded.begin, padded.end)
        )
        apart = {"end_padding": end} if begin != end or min(begin) < 0 else {}
        return layer.replace(input_size=padded.sizes, padding=begin, **apart)

    def record_gradients(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Keep the passes that a call of ``convolution_backward`` runs."""
        names = [argument.name for argument in aten.convolution_backward.default._schema.arguments]
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        options = {name: arguments[name] for name in OPTIONS}
        # Sizes of a bias stand there for a layer without one too.
        bias = True if arguments["output_mask"][2] else None
        layer, name = self.layer(arguments["input"], arguments["weight"], bias, options)
        call = self.calls.get(node_number())
        known = call is not None and call.operator.replace(bias=layer.bias) == layer
        asked = [
            gradient
            for gradient, wanted in zip(GRADIENTS, arguments["output_mask"], strict=True)
            if wanted
        ]
        if self.backward and call is not None and known:
            for gradient in asked:
                self.add(Run(call.run.name, call.run.layer, gradient), again=True)
        else:
            for gradient in asked:
                self.add(adjoint(Run(f"{name}_{gradient.removeprefix('grad_')}", layer, gradient)))
        if call is not None:
            self.calls[last_node_number()] = call

    def add(self, run: Run, *, again: bool = False) -> Run:
        """Keep a run of a layer that is asked for, under a name of its own."""
        if not self.choice.wants(run.layer):
            return run
        if not again:
            run = run._replace(name=self.names.unique(run.name))
        self.runs.append(run)
        return run


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is all that its sizes say: no view, no scalar whose value torch keeps."""
    return (
        type(tensor) in {torch.Tensor, torch.nn.Parameter}
        and tensor.layout is torch.strided
        and tensor.dim() > 0
        and tensor.is_leaf
        and tensor.grad is None
        and not (tensor._is_view() or tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
    )


def fake_of_plain(mode: FakeTensorMode, tensor: torch.Tensor) -> torch.Tensor:
    """What ``mode.from_tensor`` gives of a plain tensor, in a sixth of the time: most are weights.

    torch looks for views, subclasses and gradients first.
    """
    with no_dispatch(), torch.inference_mode(tensor.is_inference()):
        meta = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        fake = FakeTensor(mode, meta, tensor.device)
    return fake.requires_grad_(tensor.requires_grad)


@cache
def sort_of(operator: Any) -> str:
    """What is done about an operator, as a word; ``"plain"`` for nothing.

    One that is ``"composite"`` is made of others, and can be taken apart; a ``"question"`` is what
    torch asks of a fake, such as its device.
    """
    name = operator.name()
    has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    if name in LITERALS:
        return "literal"
    if operator.namespace == "prim":
        return "question"
    if has_kernel(name, "CompositeImplicitAutograd"):
        return "composite"
    if operator in SORTS:
        return SORTS[operator]
    if operator.namespace not in OPEN or name in HIDING:
        return "hiding"
    return "other" if OTHER_NAMES.search(name) else "plain"


def last_node_number() -> int:
    """The number of the autograd node that was made last: that of the operator that runs now."""
    number: int = torch.autograd._get_sequence_nr()  # type: ignore[attr-defined]  # torch's
    return number - 1


def node_number() -> int:
    """The number of the autograd node that is running; -1 outside any backward pass."""
    node: Any = torch._C._current_autograd_node()
    return -1 if node is None else int(node._sequence_nr())


def adjoint(run: Run) -> Run:
    """A gradient by the input as what it is on its own: a layer of the other kind.

    The gradient of an ordinary convolution is the transposed one, whose output padding is what the
    stride leaves over; that of a transposed one is ordinary, unless its output padding, larger than
    the stride, is what no ordinary one leaves over.
    """
    layer = run.layer
    if run.passed != "grad_input":
        return run
    if any(axis.o // axis.s for axis in layer.axes):  # of no ordinary layer
        return run
    output_size = [axis.n for axis in layer.axes]
    if layer.transposed:
        from analytic import count

        output_size = list(count(layer).output_size)
    turned = layer.replace(
        input_size=output_size,
        in_channels=layer.out_channels,
        out_channels=layer.in_channels,
        output_padding=0 if layer.transposed else [axis.o for axis in layer.axes],
        bias=False,
        transposed=not layer.transposed,
    )
    return Run(run.name, turned)


class SamePadding(TorchFunctionMode):
    """Tells a recorder of the calls in which torch pads an input itself."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call the function, and say meanwhile whether it pads."""
        del types
        kwargs = kwargs or {}
        if function not in (torch.conv1d, torch.conv2d, torch.conv3d):
            return function(*args, **kwargs)
        padding = args[4] if len(args) > 4 else kwargs.get("padding")
        self.recorder.same = padding == "same"
        try:
            return function(*args, **kwargs)
        finally:
            self.recorder.same = False


class Values:
    """What small tensors hold, beside the fakes that stand for them in a forward pass.

    A model that reads a value, or makes a shape of it, often reads a length, a mask or a buffer:
    these are computed in earnest, the rest is not.
    """

    #: The most elements that are computed.
    MOST = 2**16

    def __init__(self) -> None:
        self.known: Any = WeakTensorKeyDictionary()

    def keep(self, tensor: torch.Tensor, value: torch.Tensor | None) -> None:
        """Remember what a fake holds."""
        self.known[tensor] = value

    def keep_zeros(self, tensor: torch.Tensor) -> None:
        """Remember that a fake stands for an input of which nothing but its shape was given."""
        if tensor.numel() <= self.MOST and not tensor.is_meta:
            with unset_fake_temporarily():
                self.keep(tensor, torch.zeros(tensor.shape, dtype=tensor.dtype))

    def value(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """What a tensor holds; a real one is copied, for what is written into it is undone."""
        if tensor not in self.known:
            real = not isinstance(tensor, FakeTensor) and not tensor.is_meta
            small = real and tensor.layout is torch.strided and tensor.numel() <= self.MOST
            with unset_fake_temporarily():
                self.known[tensor] = tensor.detach().clone() if small else None
        value: torch.Tensor | None = self.known[tensor]
        return value

    def run(self, operator: Any, given: Any, faked: Any, mode: FakeTensorMode | None) -> Any:
        """The result of an operator on fakes, and beside it what it holds, where that is known."""
        tensors = [leaf for leaf in tree_leaves(given) if isinstance(leaf, torch.Tensor)]
        values = {id(tensor): self.value(tensor) for tensor in tensors}
        known = all(value is not None for value in values.values())
        args, kwargs = tree_map_only(torch.Tensor, lambda tensor: values[id(tensor)], given)
        try:
            result = operator(*faked[0], **faked[1])
        except Exception as reason:
            if not (known and type(reason).__name__ in FAKE_ERRORS):
                raise
            with unset_fake_temporarily():
                result = operator(*args, **kwargs)
            held = result
            result = tree_map_only(torch.Tensor, mode.from_tensor, held)  # type: ignore[union-attr]
        else:
            small = all(
                leaf.numel() <= self.MOST
                for leaf in tree_leaves(result)
                if isinstance(leaf, torch.Tensor)
            )
            if not (known and small):
                self.forget(operator, tensors)
                return result
            try:
                with unset_fake_temporarily():
                    held = operator(*args, **kwargs)
            except Exception:  # a device that is not here, say
                return result
        for fake, value in zip(tree_leaves(result), tree_leaves(held), strict=True):
            if isinstance(fake, torch.Tensor) and not value.is_meta:
                self.keep(fake, value)
        return result

    def forget(self, operator: Any, tensors: Sequence[torch.Tensor]) -> None:
        """What was written into by what is not known is not known any more, nor are its views."""
        if not operator._schema.is_mutable:
            return
        stale = [self.known[tensor] for tensor in tensors if self.known.get(tensor) is not None]
        places = {value.untyped_storage()._cdata for value in stale}
        for tensor, value in list(self.known.items()):
            if value is not None and value.untyped_storage()._cdata in places:
                self.known[tensor] = None


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


@contextmanager
def callers(module: torch.nn.Module) -> Iterator[Callable[[str], str]]:
    """How to name what an operator does for whichever part of the module is running.

    Meanwhile hooks for all modules follow the calls; a progress bar shows them, on a terminal.
    """
    from tqdm import tqdm

    names = {part: uncompiled_name(name) for name, part in module.named_modules()}
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
        if is_convolution(part):
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


def uncompiled_name(path: str) -> str:
    """A module's path without the wrappers of ``torch.compile``.

    >>> uncompiled_name("_orig_mod.up._orig_mod"), uncompiled_name("_orig_mod")
    ('up', '')
    """
    return ".".join(part for part in path.split(".") if part != "_orig_mod")


def is_convolution(part: torch.nn.Module) -> bool:
    """Whether a module is a convolution, an int8 one too."""
    quantized = type(part).__module__.startswith("torch.ao.nn") and "Conv" in type(part).__name__
    return isinstance(part, MODULES) or quantized


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


def recorded(
    module: torch.nn.Module,
    mode: FakeTensorMode | None,
    choice: Choice,
    values: Values | None,
    call: Callable[[], Any],
    *,
    training: bool,
) -> Recorder:
    """What runs when the module is called, and in training when its results are differentiated."""
    with ExitStack() as stack:
        stack.enter_context(uncompiled())
        recorder = Recorder(mode, choice, stack.enter_context(callers(module)), values)
        if choice.ordinary:  # no transposed one pads by name
            stack.enter_context(SamePadding(recorder))
        stack.enter_context(recorder)
        if training:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
        results = [result for result in results_of(call()) if result.requires_grad]
        if training and results:
            recorder.backward = True
            ones = [torch.ones_like(result) for result in results]
            torch.autograd.backward(results, ones)
    return recorder


def results_of(result: Any) -> list[torch.Tensor]:
    """The tensors in what a module returns; an object of its own class is looked into."""
    leaves = []
    for leaf in tree_leaves(result):
        if isinstance(leaf, torch.Tensor):
            leaves.append(leaf)
        elif hasattr(leaf, "__dict__"):
            leaves += [leaf for leaf in tree_leaves(vars(leaf)) if isinstance(leaf, torch.Tensor)]
    return leaves
