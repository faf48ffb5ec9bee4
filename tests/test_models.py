"""`oracle.layers_of` and the table of a model, held to real forward passes."""

from __future__ import annotations

import copy
import functools
import io
import random
import resource
import sys
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torch.nn.modules.module import _global_forward_hooks as global_hooks
from torch.nn.modules.module import _global_forward_pre_hooks as global_pre_hooks

import oracle
from analytic import Layer
from analytic.protocols import RuleName
from oracle.models import layers_of
from oracle.tracing import Values
from tests.zoo import MODELS, UNet


def really(module: nn.Module, *inputs: Tensor) -> list[tuple[str, list[int], list[int]]]:
    """Name, input and output shape of every transposed module, by hooks, in a real pass."""
    seen: list[tuple[str, list[int], list[int]]] = []

    def hook(name: str) -> Callable[..., None]:
        return lambda _, args, result: seen.append((name, list(args[0].shape), list(result.shape)))

    kinds = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    handles = [
        part.register_forward_hook(hook(name))
        for name, part in module.named_modules()
        if isinstance(part, kinds)
    ]
    module(*inputs)
    for handle in handles:
        handle.remove()
    return seen


def found(layers: dict[str, Layer]) -> list[tuple[str, list[int], list[int]]]:
    """The same of layers: their output sizes are measured."""
    return [
        (
            name,
            [layer.batch_size, layer.in_channels, *layer.input_size],
            [layer.batch_size, layer.out_channels, *oracle.count(layer).output_size],
        )
        for name, layer in layers.items()
    ]


@pytest.mark.parametrize("name", MODELS)
def test_layers_are_those_of_a_real_forward_pass(name: str) -> None:
    make, shape = MODELS[name]
    module = make()
    assert found(layers_of(module, shape)) == really(module, torch.randn(shape))


@pytest.mark.parametrize("name", MODELS)
def test_counts_of_models_are_the_sums_of_the_experiments(name: str) -> None:
    make, shape = MODELS[name]
    module = make()
    model = oracle.count_module(module, shape)
    measured = [
        oracle.count(layer, convention="exact") for layer in layers_of(module, shape).values()
    ]
    assert model.total.macs == sum(count.macs for count in measured)
    assert [row.counted.macs for row in model.layers] == [count.macs for count in measured]
    totals: dict[RuleName, int] = {
        "input": model.total.input_macs,
        "output": model.total.output_macs,
    }
    for rule, total in totals.items():
        layers = [row.layer for row in model.layers]
        assert total == sum(oracle.macs(layer, rule=rule) for layer in layers)


class Up(nn.Module):
    """One transposed convolution behind whatever a test does first."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1)

    def before(self, x: Tensor) -> Tensor:
        """What a test does first."""
        return x

    def forward(self, x: Tensor) -> Tensor:
        """The layer's result."""
        result: Tensor = self.up(self.before(x))
        return result


UP = Layer((8, 8), 4, 2, 4, stride=2, padding=1, batch_size=3)
X = (3, 4, 8, 8)


class Functional(Up):
    """Calls of every kind: module, functional, twice, with an output size, and by ``forward``."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = torch.ones(2, 6, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        """A chain of calls."""
        x = functional.relu(self.up(x, output_size=[17, 16]))
        x = functional.conv_transpose2d(x, self.kernel, stride=(3, 2), groups=2, dilation=2)
        x = functional.conv_transpose2d(x, torch.ones(12, 4, 1, 1), torch.ones(4))
        self.kept = x
        result: Tensor = self.up.forward(x) + self.up(x)
        return result


def functional_layers() -> dict[str, Layer]:
    return {
        "up": UP.replace(output_padding=(1, 0)),
        "conv_transpose2d": Layer(
            (17, 16), 2, 12, 3, stride=(3, 2), groups=2, bias=False, dilation=2, batch_size=3
        ),
        "conv_transpose2d (2)": Layer((53, 35), 12, 4, 1, batch_size=3),
        "conv_transpose2d (3)": UP.replace(input_size=(53, 35)),
        "up (2)": UP.replace(input_size=(53, 35)),
    }


MODES = {"grad": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("real", [False, True])
def test_every_call_is_found_once_in_order(mode: str, real: bool) -> None:
    inputs = torch.randn(X) if real else X
    with MODES[mode]():
        assert layers_of(Functional(), inputs) == functional_layers()


INPUTS: dict[str, Callable[[], Any]] = {
    "tuple": lambda: X,
    "list": lambda: list(X),
    "numpy integers": lambda: tuple(numpy.array(X)),
    "torch.Size": lambda: torch.Size(X),
    "real": lambda: torch.randn(X),
    "with gradient": lambda: torch.randn(X, requires_grad=True),
    "meta": lambda: torch.empty(X, device="meta"),
    "fake": lambda: FakeTensorMode().from_tensor(torch.randn(X)),
}


@pytest.mark.parametrize("kind", INPUTS)
def test_inputs_may_be_tensors_of_any_kind_or_shapes(kind: str) -> None:
    x = INPUTS[kind]()
    assert layers_of(Up(), x) == {"up": UP}
    assert layers_of(Up(), x=x) == {"up": UP}


def test_a_shape_with_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a shape must have integers alone, got \(3, 4, 8\.0, 8\)"):
        layers_of(Up(), (3, 4, 8.0, 8))


def test_integers_beside_tensors_are_no_shapes() -> None:
    class Sized(Up):
        def forward(self, x: Tensor, size: list[int] | None = None) -> Tensor:
            result: Tensor = self.up(x, output_size=size)
            return result

    for size in ([17, 17], (17, 17)):
        assert layers_of(Sized(), torch.randn(X), size)["up"].output_padding == (1, 1)


def made_on(context: AbstractContextManager[Any]) -> nn.Module:
    with context:
        return Up()


@pytest.mark.parametrize("kind", INPUTS)
def test_the_module_may_be_meta_or_fake(kind: str) -> None:
    for context in (torch.device("meta"), FakeTensorMode()):
        assert layers_of(made_on(context), INPUTS[kind]()) == {"up": UP}


def test_half_precision_and_unbatched_and_empty_batches() -> None:
    assert layers_of(Up().half(), X) == {"up": UP}
    assert layers_of(Up(), X[1:]) == {"up": UP.replace(batch_size=1)}
    assert layers_of(Up(), (0, *X[1:])) == {"up": UP.replace(batch_size=0)}


def test_a_shape_is_of_the_type_of_a_buffer_where_there_are_no_parameters() -> None:
    class Filter(nn.Module):
        kernel: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("kernel", torch.ones(4, 2, 3, dtype=torch.float64))

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.conv_transpose1d(x, self.kernel)

    (layer,) = layers_of(Filter(), (1, 4, 8)).values()
    assert layer == Layer((8,), 4, 2, 3, bias=False)


def test_a_lone_layer_has_the_name_of_its_class() -> None:
    assert layers_of(nn.ConvTranspose1d(4, 2, 3), (1, 4, 5)) == {
        "ConvTranspose1d": Layer([5], 4, 2, 3)
    }


def test_ordinary_convolutions_are_not_transposed_ones() -> None:
    assert layers_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(6, 2)), (1, 3, 8, 8)) == {}
    assert oracle.count_module(nn.Conv2d(3, 4, 3), (1, 3, 8, 8)).total.macs == 0


class Restless(Up):
    """Changes everything that a forward pass can change."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout()
        self.names = ["a"]
        self.cache: dict[str, Tensor] = {}
        self.register_buffer("calls", torch.zeros(3))

    def before(self, x: Tensor) -> Tensor:
        """Many changes, and no change of the shape."""
        x += 1
        self.calls += 1
        self.up.weight.data.mul_(2)
        self.calls = self.calls * 2
        self.last = x
        self.names.append("b")
        self.cache["x"] = x
        self.extra = nn.Linear(2, 2)
        self.up.register_forward_hook(lambda *_: None)
        self.norm.eval()
        noise = torch.rand(4, 1, 1) + random.random() + float(numpy.random.rand())
        result: Tensor = self.drop(self.norm.train()(x)) + noise
        return result


class Assigning(Up):
    """Assigns to what tensors are made of, and to what containers in containers hold."""

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.ones(2))
        self.plain = torch.ones(3)
        self.up.bias.requires_grad_(False)  # type: ignore[union-attr]  # it has one
        self.up.weight.grad = torch.ones_like(self.up.weight)
        self.nested: dict[str, list[Any]] = {"a": [[torch.ones(2)], (torch.ones(1),)]}
        self.recent: deque[Any] = deque([1, 2], maxlen=2)
        self.by_name: defaultdict[str, list[Any]] = defaultdict(list, {"b": [1]})
        self.calls = Counter({"c": 2})
        self.ordered: OrderedDict[str, Any] = OrderedDict(d=[1], e=2)
        self.some = {3}
        self.empty: list[Any] = []
        self.emptied = {"f": 3}
        self.branch = torch.ones(2, requires_grad=True) * 2
        self.branch.retain_grad()
        self.hidden = [nn.BatchNorm1d(2)]
        self.row = torch.arange(4.0).view(2, 2)[0]
        self.square = torch.arange(4.0).view(2, 2)
        self.bits = torch.ones(2)

    def before(self, x: Tensor) -> Tensor:
        """No change of the shape."""
        weight, bias = self.up.weight, self.up.bias
        assert bias is not None
        assert weight.grad is not None
        weight.grad += 1
        weight.grad = None
        weight.data = weight.data.clamp(-0.01, 0.01)
        weight.requires_grad_(False)
        bias.requires_grad_()
        bias.grad = torch.ones(2)
        self.table.data = torch.zeros(4)
        self.table.add_(bias.sum())
        self.plain *= 2
        self.nested["a"][0][0] += 1
        self.nested["a"][1][0].data = x[0]
        self.nested["a"][0].append(x)
        self.recent.append(x)
        self.by_name["b"].append(x)
        self.by_name["x"].append(x)
        self.calls["c"] += 1
        self.ordered["d"].append(x)
        self.ordered.move_to_end("d")
        self.some.add(4)
        self.empty.append(x)
        self.emptied.clear()
        self.branch.grad = torch.ones(2)
        self.hidden[0](x[0, :2, :, 0].T)
        self.hidden[0].seen = x
        self.row.data = self.row.data.as_strided((2,), (1,), 2)  # further on in the same storage
        self.square.data = self.square.data.T  # in another order
        self.bits.data = self.bits.data.view(torch.int32)  # as other numbers
        return x


class AssigningInEarnest(Assigning):
    """The same, and reads a value."""

    def before(self, x: Tensor) -> Tensor:
        """Cannot be traced."""
        x.detach().numpy()
        return super().before(x)


def pictured(value: Any) -> Any:
    """All that is in a value, comparable with ==."""
    if isinstance(value, nn.Module):
        value = vars(value)
    if isinstance(value, Tensor):
        grad = value.grad if value.is_leaf or value.retains_grad else None
        facts = (id(value), value.device.type, value.requires_grad, value.is_leaf, value.data_ptr())
        return (*facts, value.tolist(), pictured(grad))
    if isinstance(value, dict):
        return (id(value), [(key, pictured(entry)) for key, entry in value.items()])
    if isinstance(value, (list, tuple, set, deque)):
        return (id(value), [pictured(entry) for entry in value])
    return id(value)


def test_numpys_random_state_is_left_alone_where_it_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "numpy.random", raising=False)
    assert layers_of(Up(), X) == {"up": UP}


@pytest.mark.parametrize("kind", [Assigning, AssigningInEarnest])
@pytest.mark.filterwarnings("ignore:AssigningInEarnest runs in earnest:RuntimeWarning")
def test_what_a_forward_pass_assigns_is_put_back(kind: type[Assigning]) -> None:
    module = kind()
    before = pictured(module)
    assert layers_of(module, X) == {"up": UP}
    assert pictured(module) == before
    module.calls["c"] += 1
    module.ordered.move_to_end("d")  # an OrderedDict that was put back is still a sound one
    assert list(module.ordered) == ["e", "d"]
    before = pictured(module)
    module(torch.randn(X))
    assert pictured(module) != before


def test_what_is_assigned_to_fakes_is_put_back() -> None:
    class Assigned(Up):
        def before(self, x: Tensor) -> Tensor:
            self.up.weight.data = self.up.weight.data[..., :2]
            return x

    with FakeTensorMode():
        module = Assigned()
    weight = module.up.weight
    for _ in range(2):
        assert layers_of(module, X) == {"up": UP.replace(kernel_size=(4, 2))}
        assert module.up.weight is weight
        assert weight.shape == (4, 2, 4, 4)


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of a library: a function around what remembers."""
    kept = functools.lru_cache(function)

    def wrapper(*args: Any) -> Any:
        return kept(*args) if args else unknown  # noqa: F821 - deleted below

    unknown = None
    del unknown
    return wrapper


@functools.lru_cache
def grid(size: int) -> Tensor:
    """Positions, made once."""
    return torch.arange(size)


@functools.lru_cache
def untouched(size: int) -> Tensor:
    """Remembers, and is not called in a forward pass."""
    return torch.zeros(size)


def test_what_functions_remember_is_no_fake_afterwards() -> None:
    class Remembering(Up):
        @functools.lru_cache  # noqa: B019 - as libraries do it
        def anchors(self, size: int) -> Tensor:
            return torch.ones(size)

        @remembered
        def scales(self, size: int) -> Tensor:
            return torch.ones(size)

        @staticmethod
        @functools.lru_cache
        def offsets(size: int) -> Tensor:
            return torch.ones(size)

        def before(self, x: Tensor) -> Tensor:
            size = x.shape[-1]
            for positions in (
                grid(size),
                self.anchors(size),
                self.scales(size),
                self.offsets(size),
            ):
                x = x + positions
            return x

    module, kept = Remembering(), untouched(3)
    for _ in range(2):
        assert layers_of(module, X) == {"up": UP}
    assert module(torch.ones(X)).shape == (3, 2, 16, 16)
    assert layers_of(module, X) == {"up": UP}
    assert type(grid(8)) is Tensor
    assert untouched(3) is kept


def test_sparse_and_meta_tensors_beside_the_parameters() -> None:
    class Mixed(Up):
        def __init__(self) -> None:
            super().__init__()
            self.adjacency = torch.eye(3).to_sparse()
            self.template = torch.empty(3, device="meta")

        def before(self, x: Tensor) -> Tensor:
            x.detach().numpy()
            return x

    with pytest.warns(RuntimeWarning, match="in earnest"):
        assert layers_of(Mixed(), torch.zeros(X)) == {"up": UP}


class Reading(Restless):
    """The same, and reads a value, which fake tensors do not have."""

    def before(self, x: Tensor) -> Tensor:
        """Cannot be traced."""
        if x.sum().item() == 1.5:
            return x
        return super().before(x)


def state(module: nn.Module) -> list[Any]:
    """All that a forward pass can change, comparable with ==."""

    def held(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: id(entry) for key, entry in value.items()}
        return [id(entry) for entry in value] if isinstance(value, (list, set)) else None

    return [
        torch.get_rng_state().tolist(),
        random.getstate(),
        str(numpy.random.get_state()),
        len(global_hooks),
        len(global_pre_hooks),
        *[
            {name: (id(value), held(value)) for name, value in vars(part).items()}
            for part in module.modules()
        ],
        *[part.training for part in module.modules()],
        {name: tensor.tolist() for name, tensor in module.state_dict().items()},
    ]


@pytest.mark.parametrize("real", [False, True])
def test_the_module_comes_back_as_it_was(real: bool) -> None:
    module = Restless()
    x = torch.randn(X)
    kept = x.clone()
    before = state(module)
    assert layers_of(module, x if real else X) == {"up": UP}
    assert state(module) == before
    assert torch.equal(x, kept)
    module(torch.randn(X))
    assert state(module) != before


def test_a_module_that_reads_small_tensors_is_read_on_fakes_and_comes_back_as_it_was() -> None:
    module = Reading()
    x = torch.randn(X)
    kept = x.clone()
    before = state(module)
    for given in (x, torch.empty(X, device="meta")):
        assert layers_of(module, given) == {"up": UP}
        assert state(module) == before
        assert torch.equal(x, kept)


def test_what_the_forward_pass_raises_goes_through() -> None:
    """At once, without a pass in earnest, for which 10^17 values would not fit."""
    module = Up()
    before = state(module)
    with pytest.raises(RuntimeError, match="to have 4 channels, but got 5"):
        layers_of(module, (3, 5, 10**8, 10**8))
    with pytest.raises(TypeError, match="positional argument"):
        layers_of(module, X, X)
    assert state(module) == before


READINGS: dict[str, Callable[[Tensor], Any]] = {
    "a value": lambda x: x.new_ones(Values.MOST + 1).sum().item(),
    "a shape": lambda x: x.new_ones(Values.MOST + 1).nonzero(),
    "data": lambda x: x.untyped_storage()[0],
    "an array": lambda x: x.detach().numpy(),
}


@pytest.mark.parametrize("what", READINGS)
def test_what_fake_tensors_cannot_do_is_done_in_earnest(what: str) -> None:
    class Reader(Up):
        wrapped = False

        def before(self, x: Tensor) -> Tensor:
            try:
                READINGS[what](x)
            except Exception as reason:
                if self.wrapped:
                    raise ValueError("no luck") from reason
                raise
            return x

    module = Reader()
    for module.wrapped in (False, True):
        with pytest.warns(RuntimeWarning, match="in earnest"):
            assert layers_of(module, X) == {"up": UP}


def test_a_tensor_that_is_written_out_has_its_values() -> None:
    """``torch.tensor`` in a forward pass is a fake that knows what it holds."""

    class Literal(Up):
        def before(self, x: Tensor) -> Tensor:
            size = torch.tensor([2, 3])[1].item() + torch.tensor(5).item()
            return functional.pad(x, [0, int(size)])

    assert layers_of(Literal(), X)["up"].input_size == (8, 16)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_scripted_module_that_reads_a_small_value_is_read_on_fakes() -> None:
    class Branching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            """Reads a value."""
            return functional.relu(x) if bool(x.sum() > 3) else x

    module = nn.Sequential(Up().up, torch.jit.script(Branching()))
    assert layers_of(module, X) == {"0": UP}


def test_a_meta_module_cannot_run_in_earnest() -> None:
    with torch.device("meta"):
        module = Reading()
    with pytest.raises(RuntimeError, match=r"Reading does not run .* no data .* \.to_empty"):
        layers_of(module, X)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(TypeError, match=r"module must be a torch.nn.Module, got function"):
        layers_of(lambda x: x, X)  # type: ignore[arg-type]
    lazy = nn.Sequential(nn.ReLU(), nn.LazyConvTranspose2d(2, 4))
    with pytest.raises(ValueError, match="1 is a LazyConvTranspose2d without shapes: run it once"):
        layers_of(lazy, X)
    lazy(torch.randn(X))
    assert layers_of(lazy, X) == {"1": Layer((8, 8), 4, 2, 4, batch_size=3)}

    class Direct(Up):
        def before(self, x: Tensor) -> Tensor:
            kernel = torch.zeros(4, 4, 3, 3)
            result: Tensor = torch.ops.aten.slow_conv_transpose2d(x, kernel, (3, 3))
            return result

    with pytest.raises(ValueError, match=r"arguments of aten::slow_conv_transpose2d cannot be"):
        layers_of(Direct(), X)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_scripted_traced_and_compiled_modules() -> None:
    module = nn.Sequential(Up().up, nn.BatchNorm2d(2), nn.ConvTranspose2d(2, 3, 3, bias=False))
    layers = list(layers_of(module, X).values())
    scripted = torch.jit.script(module)
    before = copy.deepcopy(scripted.state_dict())
    assert layers_of(scripted, X) == {
        "conv_transpose2d": layers[0],
        "conv_transpose2d (2)": layers[1],
    }
    assert all(map(torch.equal, before.values(), scripted.state_dict().values()))
    traced = torch.jit.trace(module.eval(), torch.randn(X))  # type: ignore[no-untyped-call]
    assert [*layers_of(nn.Sequential(traced), X).values()] == layers
    compiled: Any = torch.compile(module)
    assert layers_of(nn.Sequential(compiled), X) == dict(zip(["0.0", "0.2"], layers, strict=True))


def test_complex_layers_are_the_three_real_ones_that_torch_runs() -> None:
    module = nn.ConvTranspose1d(4, 2, 3, dtype=torch.complex64)
    for mode in MODES.values():
        with mode():
            layers = layers_of(module, torch.zeros(1, 4, 5, dtype=torch.complex64))
        assert len(layers) == 3
        assert {layer.replace(bias=True) for layer in layers.values()} == {Layer([5], 4, 2, 3)}


class Terminal(io.StringIO):
    """Standard error where somebody watches."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize("watched", [False, True])
def test_a_bar_follows_a_long_trace_on_a_terminal(
    watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Up):
        def before(self, x: Tensor) -> Tensor:
            """Longer than a bar waits."""
            time.sleep(1.1)
            return x

    stream = Terminal() if watched else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    module = nn.Sequential(Up(), Slow(), nn.ReLU())
    with pytest.raises(RuntimeError):  # the second has other channels; the bar is gone all the same
        layers_of(module, X)
    monkeypatch.setattr(module[1].up, "weight", nn.Parameter(torch.ones(2, 2, 1, 1)))
    assert len(layers_of(module, X)) == 2
    said = stream.getvalue()
    assert ("/6 [" in said and "modules/s" in said) == watched  # root, two of two, and the ReLU
    assert said.endswith("\r") == watched


def test_a_large_model_takes_next_to_no_memory() -> None:
    """Activations of well over 100 GB, the weights once: those of the model itself."""
    module = UNet((64, 128, 256, 512, 1024))
    layers_of(module, (1, 3, 64, 64))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layers = layers_of(module, (8, 3, 8192, 8192))
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert layers["up.3"].input_size == (4096, 4096)
    assert added < 100 * 1024  # KiB
