"""Both convolutions and every pass that runs in a model: kinds, training steps, adjoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv1d_input, conv2d_input, conv2d_weight
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import analytic
import oracle
import oracle.plugins
from analytic import Layer
from analytic.models import ModelCount
from oracle import count_module, layers_of
from oracle.modules import MODULES
from oracle.tracing import Values
from tests.zoo import MODELS

aten = torch.ops.aten
GRADIENTS = ("grad_input", "grad_weight", "grad_bias")


class Dispatched(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's
    """Every convolution that torch really runs: its shapes, and the passes that were asked for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.passes: list[tuple[bool, tuple[int, ...], tuple[int, ...], str]] = []

    def __torch_dispatch__(self, operator: Any, _: Any, args: Any = (), kwargs: Any = None) -> Any:
        if operator is aten.convolution.default:
            shapes = tuple(args[0].shape), tuple(args[1].shape)
            self.passes.append((args[6], *shapes, "forward"))
        if operator is aten.convolution_backward.default:
            shapes = tuple(args[1].shape), tuple(args[2].shape)
            wanted = zip(GRADIENTS, args[10], strict=True)
            self.passes += [(args[7], *shapes, name) for name, asked in wanted if asked]
        return operator(*args, **(kwargs or {}))


def shapes_of(model: ModelCount) -> list[tuple[bool, tuple[int, ...], tuple[int, ...], str]]:
    """The same of what was counted."""
    passes = []
    for row in model.layers:
        layer = row.layer
        first, second = layer.in_channels, layer.out_channels // layer.groups
        if not layer.transposed:
            first, second = layer.out_channels, layer.in_channels // layer.groups
        x = (layer.batch_size, layer.in_channels, *layer.input_size)
        passes.append((layer.transposed, x, (first, second, *layer.kernel_size), row.passed))
    return passes


def step(module: nn.Module, x: Tensor) -> list[tuple[bool, tuple[int, ...], tuple[int, ...], str]]:
    """What torch runs in a training step on real numbers."""
    with Dispatched() as seen:
        module(x).sum().backward()
    module.zero_grad(set_to_none=True)
    passes: list[tuple[bool, tuple[int, ...], tuple[int, ...], str]] = seen.passes
    return passes


@pytest.mark.parametrize("name", MODELS)
def test_every_pass_of_a_training_step_that_really_runs(name: str) -> None:
    make, shape = MODELS[name]
    module = make()
    counted = count_module(module, shape, kinds="both", training=True)
    assert shapes_of(counted) == step(module, torch.randn(shape))
    assert all(parameter.grad is None for parameter in module.parameters())
    for row in counted.layers:
        expected = 0 if row.passed == "grad_bias" else oracle.macs(row.layer)
        assert row.counted.macs == expected


@pytest.mark.parametrize("name", MODELS)
def test_torch_s_counter_with_our_line_says_the_sum_of_the_passes_of_a_step(name: str) -> None:
    """What our line is worth; without it, depthwise layers make it three times as much."""
    make, shape = MODELS[name]
    module, x = make(), torch.randn(shape)
    rows = count_module(module, shape, kinds="both", training=True).layers
    measured = sum(oracle.macs(row.layer) for row in rows if row.passed != "grad_bias")
    said = {}
    for mapping in (oracle.plugins.both.FLOP_COUNTER_MODE, None):
        with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
            module(x).sum().backward()
        said[mapping is None] = counter.get_total_flops()
    assert said[False] == 2 * measured
    assert said[True] > said[False]
    assert (said[True] > 3 * said[False]) == (name == "depthwise blocks")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kinds", ["ordinary", "both"])
def test_layers_of_either_kind_are_those_that_hooks_see(name: str, kinds: Any) -> None:
    make, shape = MODELS[name]
    module = make()
    seen: list[tuple[str, Layer]] = []

    def keep(path: str) -> Callable[..., None]:
        def hook(part: Any, inputs: Any, result: Tensor) -> None:
            seen.append((path, oracle.modules.layer_of_run(part, inputs[0].shape, result.shape)))

        return hook

    for path, part in module.named_modules():
        if isinstance(part, MODULES) and (kinds == "both" or not part.transposed):
            part.register_forward_hook(keep(path))
    layers = layers_of(module, shape, kinds=kinds)
    seen.clear()
    module(torch.randn(shape))
    assert list(layers.items()) == seen


NET = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(8, 4, 4, 2, 1))


def test_frozen_weights_and_first_layers_have_no_such_gradient() -> None:
    passes = [
        (row.name, row.passed)
        for row in count_module(NET, (2, 3, 8, 8), kinds="both", training=True).layers
    ]
    assert passes == [
        ("0", "forward"),
        ("2", "forward"),
        *[("2", gradient) for gradient in GRADIENTS],
        *[("0", gradient) for gradient in GRADIENTS[1:]],
    ]  # fmt: skip
    NET[2].weight.requires_grad_(False)
    try:
        frozen = count_module(NET, (2, 3, 8, 8), training=True).layers
        assert [row.passed for row in frozen] == ["forward", "grad_input", "grad_bias"]
        with torch.no_grad():
            assert len(count_module(NET, (2, 3, 8, 8), training=True).layers) == 3
    finally:
        NET[2].weight.requires_grad_(True)
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    passes = [
        (row.name, row.passed) for row in count_module(NET, x, kinds="both", training=True).layers
    ]
    assert ("0", "grad_input") in passes
    assert x.grad is None


def test_a_module_without_gradients_and_one_that_recomputes() -> None:
    frozen = nn.Conv2d(3, 4, 3).requires_grad_(False)
    rows = count_module(frozen, (1, 3, 8, 8), kinds="both", training=True).layers
    assert [row.passed for row in rows] == ["forward"]

    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.Sequential(nn.ConvTranspose2d(3, 4, 3), nn.ReLU())

        def forward(self, x: Tensor) -> Any:
            return {"y": torch.utils.checkpoint.checkpoint(self.up, x, use_reentrant=False)}

    rows = count_module(Checkpointed(), (1, 3, 8, 8), training=True).layers
    assert Counter(row.passed for row in rows) == {"forward": 2, "grad_weight": 1, "grad_bias": 1}


def test_gradients_that_are_there_stay() -> None:
    module = nn.ConvTranspose2d(3, 4, 3)
    module(torch.randn(1, 3, 5, 5)).sum().backward()
    weight = module.weight.grad
    assert weight is not None
    kept = weight.clone()
    count_module(module, (1, 3, 8, 8), training=True)
    assert module.weight.grad is weight
    assert torch.equal(weight, kept)


class Adjoint(nn.Module):
    """A transposed convolution, written as the gradient of an ordinary one."""

    def forward(self, x: Tensor) -> Tensor:
        """The gradient by the input of a 6→4 layer."""
        taps = torch.zeros(4, 6, 4, 4)
        shape = (1, 6, 16, 16)
        result: Tensor = conv2d_input(shape, taps, x, 2, 1)  # type: ignore[no-untyped-call]
        return result


class PulledBack(nn.Module):
    """The same by ``torch.func``."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(6, 4, 4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """The vector-Jacobian product at zero."""
        pull: Any = torch.func.vjp(self.down, torch.zeros(1, 6, 16, 16))[1]
        (result,) = pull(x)
        assert isinstance(result, Tensor)
        return result


UP = Layer((8, 8), 4, 6, 4, stride=2, padding=1, bias=False)


@pytest.mark.parametrize("kinds", ["transposed", "both"])
def test_a_gradient_by_the_input_is_a_layer_of_the_other_kind(kinds: Any) -> None:
    """21,600 MACs: 4·6 filters of 30² pairs, as an axis of 8 inputs and 4 taps crops two."""
    assert layers_of(Adjoint(), (1, 4, 8, 8), kinds=kinds) == {"conv2d_input": UP}
    assert count_module(Adjoint(), (1, 4, 8, 8), kinds=kinds).total.macs == 24 * 30**2
    pulled = layers_of(PulledBack(), (1, 4, 8, 8), kinds=kinds)
    assert pulled["conv2d_input"] == UP
    assert ("down" in pulled) == (kinds == "both")


@pytest.mark.parametrize(
    ("geometry", "sizes"),
    [
        ({"stride": 3, "padding": 1}, (9, 10, 11)),
        ({"stride": 2, "padding": 2, "dilation": 2, "groups": 2}, (11, 12)),
        ({"padding": 4}, (7,)),
    ],
)
def test_adjoints_have_the_shape_and_the_pairs_of_what_torch_runs(
    geometry: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    for size in sizes:
        module = nn.Conv1d(4, 6, 3, bias=False, **geometry)

        class Turned(nn.Module):
            def forward(self, y: Tensor, weight: Tensor, shape: Any = (2, 4, size)) -> Any:
                return conv1d_input(list(shape), weight, y, **geometry)  # type: ignore[no-untyped-call]

        y = module(torch.zeros(2, 4, size))
        (layer,) = layers_of(Turned(), torch.ones_like(y), torch.ones_like(module.weight)).values()
        result = Turned()(torch.ones_like(y), torch.ones_like(module.weight))
        assert oracle.count(layer).output_size == (size,)
        assert oracle.macs(layer) == int(result.sum())


def test_what_no_ordinary_layer_is_stays_a_gradient() -> None:
    """An output padding beyond the stride is what no ordinary convolution leaves over."""

    class Turned(nn.Module):
        def __init__(self, output_padding: int) -> None:
            super().__init__()
            self.up = nn.ConvTranspose1d(2, 3, 3, 2, 1, output_padding, dilation=3)

        def forward(self, x: Tensor) -> Any:
            return torch.func.grad(lambda x: self.up(x).sum())(x)

    (adjoint,) = layers_of(Turned(1), (1, 2, 5), kinds="ordinary").values()
    assert analytic.count(adjoint).output_size == (5,)
    assert layers_of(Turned(2), (1, 2, 5), kinds="ordinary") == {}
    rows = count_module(Turned(2), (1, 2, 5)).layers
    assert [row.passed for row in rows] == ["forward", "grad_input"]


def test_double_backward() -> None:
    class Penalty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x = x.clone().requires_grad_()
            (slope,) = torch.autograd.grad(self.conv(x).sum(), x, create_graph=True)
            return (slope**2).sum()

    module = Penalty()
    model = count_module(module, (2, 3, 8, 8), kinds="both", training=True)
    real = [passed for _, _, _, passed in step(module, torch.randn(2, 3, 8, 8))]
    assert Counter(real) == {"forward": 3, "grad_input": 1}
    assert [row.passed for row in model.layers] == ["forward"] * 4  # an adjoint is a layer
    assert [row.name for row in model.layers] == ["conv", "conv2d_input", "conv (2)", "conv (3)"]
    assert {row.counted.macs for row in model.layers[:3]} == {2 * 12 * 22**2}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode])
@pytest.mark.parametrize("kernel", [3, 4, (2, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "circular"])
def test_padding_by_name_and_with_real_numbers(
    mode: Any, kernel: Any, dilation: int, padding: Any, padding_mode: Any
) -> None:
    module = nn.Conv2d(2, 3, kernel, padding=padding, dilation=dilation, padding_mode=padding_mode)
    with mode():
        ((name, layer),) = layers_of(module, (1, 2, 9, 10), kinds="ordinary").items()
    assert name == "Conv2d"  # what torch pads with itself is not said
    assert layer == oracle.layer(module, (9, 10))
    if padding_mode == "zeros":
        assert layer == Layer(
            (9, 10), 2, 3, kernel, padding=padding, dilation=dilation, transposed=False
        )
    else:
        assert layer.padding == (0, 0)
        assert (layer.input_size == (9, 10)) == (padding == "valid")


def test_zeros_before_a_layer_are_folded_in_on_request_and_said() -> None:
    padded = nn.Sequential(nn.ZeroPad2d((0, 1, 2, 3)), nn.Conv2d(3, 4, 3, stride=2, padding=1))
    real = Layer((13, 9), 3, 4, 3, 2, 1, transposed=False)
    assert layers_of(padded, (1, 3, 8, 8), kinds="both") == {"1": real}
    folded = layers_of(padded, (1, 3, 8, 8), kinds="both", fold_padding=True)
    layer = Layer((8, 8), 3, 4, 3, 2, (3, 1), end_padding=(4, 2), transposed=False)
    assert folded == {"1 (zeros before it folded in)": layer}
    # By experiment: with ones for the input alone, and ones for the kernel.
    ones = functional.pad(torch.ones(1, 1, 8, 8), (0, 1, 2, 3))
    landed = functional.conv2d(ones, torch.ones(1, 1, 3, 3), stride=2, padding=1)
    assert oracle.macs(layer) == 12 * int(landed.sum())


def test_zeros_that_are_alike_at_both_ends_are_one_padding() -> None:
    padded = nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(3, 4, 3, stride=2, padding=1))
    (layer,) = layers_of(padded, (1, 3, 8, 8), kinds="ordinary", fold_padding=True).values()
    assert layer == Layer((8, 8), 3, 4, 3, 2, 2, transposed=False)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_zeros_after_a_padding_by_name_are_no_part_of_it() -> None:
    module = nn.Sequential(
        nn.Conv1d(2, 2, 2, padding="same"), nn.ConstantPad1d(1, 0.0), nn.ConvTranspose1d(2, 2, 3)
    )
    layers = layers_of(module, (1, 2, 8), kinds="both")
    assert layers["2"] == Layer((10,), 2, 2, 3)


@pytest.mark.parametrize("zeros", [(1, 0, 1, 2), (2, 2, 2, 2)])
def test_zeros_before_a_transposed_layer_are_folded_in_too(zeros: tuple[int, ...]) -> None:
    padded = nn.Sequential(nn.ZeroPad2d(zeros), nn.ConvTranspose2d(3, 4, 3, stride=2))  # type: ignore[arg-type]
    (layer,) = layers_of(padded, (1, 3, 8, 8), fold_padding=True).values()
    ones = functional.pad(torch.ones(1, 1, 8, 8), zeros)
    landed = functional.conv_transpose2d(ones, torch.ones(1, 1, 3, 3), stride=2)
    assert oracle.count(layer).output_size == landed.shape[2:]
    assert oracle.macs(layer) == 12 * int(landed.sum())


@pytest.mark.parametrize("pad", [((1, 1, 1, 1), 2.0), ((-1, 1, 1, 1), 0), ((0, 0, 0, 0, 1, 1), 0)])
def test_what_is_no_zero_padding_is_not_folded_in(pad: tuple[Any, float]) -> None:
    class Padding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3)

        def forward(self, x: Tensor) -> Any:
            return self.conv(functional.pad(x, pad[0], value=pad[1])[:, :4])

    class Direct(Padding):
        def forward(self, x: Tensor) -> Any:
            return self.conv(functional.pad(x, pad[0], value=pad[1]))

    shape = (1, 2 if len(pad[0]) == 6 else 4, 8, 8)
    for kind in (Padding, Direct):
        assert [*layers_of(kind(), shape, kinds="both", fold_padding=True)] == ["conv"]


@torch.library.custom_op("hidden::up", mutates_args=())
def hidden_up(x: Tensor) -> Tensor:
    """A transposed convolution where nobody sees it."""
    return functional.conv_transpose2d(x, torch.ones(4, 2, 2, 2), stride=2)


@hidden_up.register_fake
def _(x: Tensor) -> Tensor:
    return x.new_empty(x.shape[0], 2, 2 * x.shape[2], 2 * x.shape[3])


def test_what_a_custom_operator_hides_is_said() -> None:
    class Hiding(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return hidden_up(x)

    with pytest.warns(RuntimeWarning, match="hidden::up: the convolutions in a custom operator"):
        assert layers_of(Hiding(), (1, 4, 8, 8)) == {}


@pytest.mark.filterwarnings("ignore")  # of torch, that int8 modules will move
@pytest.mark.parametrize("axes", [1, 2])
def test_int8_layers_are_read(axes: int) -> None:
    from torch.ao.nn import quantized

    down = getattr(quantized, f"Conv{axes}d")(3, 4, 3, stride=2, padding=1)
    up = getattr(quantized, f"ConvTranspose{axes}d")(4, 6, 4, 2, 1, bias=False)

    class Int8(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = down, up

        def forward(self, x: Tensor) -> Any:
            return self.up(self.down(torch.quantize_per_tensor(x, 0.1, 8, torch.quint8)))

    engine = torch.backends.quantized.engine
    torch.backends.quantized.engine = "qnnpack"
    try:
        layers = layers_of(Int8(), (2, 3, *[8] * axes), kinds="both")
    finally:
        torch.backends.quantized.engine = engine
    first = Layer([8] * axes, 3, 4, 3, 2, 1, batch_size=2, transposed=False)
    second = Layer([4] * axes, 4, 6, 4, 2, 1, bias=False, batch_size=2)
    assert {name: layer.replace(bias=True) for name, layer in layers.items()} == {
        "down": first,
        "up": second.replace(bias=True),
    }


def test_a_tensor_of_time_batch_and_channels() -> None:
    class TimeFirst(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.conv_tbc(x, torch.ones(3, 4, 5), torch.ones(5), 1)

    layer = Layer([9], 4, 5, 3, padding=1, batch_size=2, transposed=False)
    assert layers_of(TimeFirst(), (9, 2, 4), kinds="ordinary") == {"conv_tbc": layer}
    assert layers_of(TimeFirst(), (9, 2, 4)) == {}


def test_what_stands_for_a_model_is_told_what_to_do() -> None:
    exported = torch.export.export(nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 8, 8),))
    with pytest.raises(TypeError, match=r"got ExportedProgram: call its \.module\(\)"):
        layers_of(exported, (1, 3, 8, 8))  # type: ignore[arg-type]
    layer = Layer((8, 8), 3, 4, 3, transposed=False)
    (found,) = layers_of(exported.module(), (1, 3, 8, 8), kinds="both").values()
    assert found == layer
    complex_model = nn.ConvTranspose1d(4, 2, 3, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"complex weights: its input must be a tensor.*\(1, 4, 5"):
        layers_of(complex_model, (1, 4, 5))


class Template(nn.Module):
    """A module on meta, and the weights that run in it beside it."""

    def __init__(self, keep: Callable[[dict[str, Tensor]], Any]) -> None:
        super().__init__()
        self.template = nn.ConvTranspose2d(4, 6, 4, 2, 1, device="meta")
        self.weights = keep({"weight": torch.zeros(4, 6, 4, 4), "bias": torch.zeros(6)})

    def forward(self, x: Tensor) -> Any:
        """The template with the weights."""
        return torch.func.functional_call(self.template, dict(self.weights), (x,))


@pytest.mark.parametrize("keep", [nn.ParameterDict, dict])
def test_the_input_goes_where_the_weights_that_run_are(keep: Any) -> None:
    assert count_module(Template(keep), (2, 4, 8, 8)).total.macs == 43200


def test_a_parameter_that_is_on_another_device_than_the_others_does_not_decide() -> None:
    """Some modules make a mask or a scale on the CPU, whatever device is asked for."""

    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mask = nn.Parameter(torch.zeros(3))
            self.up = nn.ConvTranspose2d(4, 6, 4, 2, 1, device="meta")
            self.norm = nn.GroupNorm(2, 6, device="meta")

        def forward(self, x: Tensor) -> Any:
            return self.norm(self.up(x))

    for given in ((2, 4, 8, 8), torch.empty(2, 4, 8, 8, device="meta")):
        assert count_module(Masked(), given).total.macs == 43200


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_compiled_layer_has_the_name_of_its_class() -> None:
    compiled: Any = torch.compile(nn.ConvTranspose2d(4, 6, 4))
    assert [*layers_of(compiled, (1, 4, 8, 8))] == ["ConvTranspose2d"]


def test_kinds_are_words() -> None:
    with pytest.raises(ValueError, match="kinds must be one of 'transposed', 'ordinary', 'both'"):
        layers_of(NET, (2, 3, 8, 8), kinds="all")  # type: ignore[arg-type]


def test_what_is_written_into_by_the_unknown_is_unknown() -> None:
    """A view of a small tensor takes what only a pass in earnest knows."""

    class Writing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose1d(4, 2, 3)

        def forward(self, x: Tensor) -> Any:
            small, large = x.new_zeros(3), x.new_ones(Values.MOST + 1)
            small[1:].add_(large.sum())
            assert small.sum().item() == 2 * (Values.MOST + 1)
            return self.up(x)

    with pytest.warns(RuntimeWarning, match="in earnest"):
        assert [*layers_of(Writing(), (1, 4, 5))] == ["up"]


def test_results_in_an_object_are_differentiated() -> None:
    class Output:
        def __init__(self, value: Tensor) -> None:
            self.value = value

    class Wrapping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose1d(4, 2, 3, bias=False)

        def forward(self, x: Tensor) -> Any:
            return Output(self.up(x)), None

    rows = count_module(Wrapping(), (1, 4, 5), training=True).layers
    assert [row.passed for row in rows] == ["forward", "grad_weight"]


def test_a_gradient_by_the_weight_is_no_layer() -> None:
    class Learning(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Any:
            return conv2d_weight(x, (6, 4, 3, 3), y)  # type: ignore[no-untyped-call]

    tensors = torch.zeros(2, 4, 8, 8), torch.zeros(2, 6, 6, 6)
    assert layers_of(Learning(), *tensors, kinds="both") == {}
    (row,) = count_module(Learning(), *tensors, kinds="both").layers
    assert (row.name, row.passed) == ("conv2d_weight", "grad_weight")
    assert row.counted.macs == 2 * 24 * 18**2
