"""What a recorder sees of a call, where a model seldom leads it."""

from __future__ import annotations

import sys
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.module import _global_forward_hooks as global_hooks
from torch.nn.modules.module import _global_forward_pre_hooks as global_pre_hooks

from analytic import Layer
from analytic.models import Run
from oracle import models
from oracle.models import layers_of
from oracle.tracing import (
    Recorder,
    RefusedError,
    Values,
    adjoint,
    callers,
    results_of,
    sort_of,
    uncompiled,
)

aten = torch.ops.aten


def packed(weight: torch.Tensor, *, transposed: bool) -> SimpleNamespace:
    """The int8 kernel of one axis, which is packed as two."""
    numbers = {"stride": [1, 2], "padding": [0, 1], "dilation": [1, 1], "output_padding": [0, 1]}
    return SimpleNamespace(
        unpack=lambda: (weight, None),
        transpose=lambda: int(transposed),
        groups=lambda: 1,
        **{name: lambda value=value: value for name, value in numbers.items()},
    )


@pytest.mark.parametrize("transposed", [True, False])
def test_an_operator_of_int8_is_read_from_its_packed_kernel(transposed: bool) -> None:
    weight = torch.zeros((4, 6, 1, 3) if transposed else (6, 4, 1, 3))
    recorder: Any = SimpleNamespace(caller=str)
    arguments = (torch.zeros(2, 4, 9), packed(weight, transposed=transposed))
    run = Recorder.other(recorder, "quantized::conv", arguments)
    extra = {"output_padding": 1} if transposed else {"transposed": False}
    assert run.layer == Layer([9], 4, 6, 3, 2, 1, bias=False, batch_size=2, **extra)


def test_what_cannot_be_read_is_refused() -> None:
    recorder: Any = SimpleNamespace(caller=str, name=str)
    with pytest.raises(RefusedError, match="the arguments of quantized::conv cannot be read"):
        Recorder.other(recorder, "quantized::conv", (torch.zeros(2, 4, 9), 7))
    options = {"stride": [0], "padding": [0], "dilation": [1], "output_padding": [0]}
    with pytest.raises(RefusedError, match="conv1d: stride must be positive, got 0 on axis 0"):
        Recorder.layer(
            recorder,
            torch.zeros(1, 1, 9),
            torch.zeros(1, 1, 3),
            None,
            {**options, "groups": 1, "transposed": False},
        )


def test_a_forward_pass_is_no_adjoint() -> None:
    run = Run("up", Layer([4], 1, 1, 3))
    assert adjoint(run) is run


def test_modules_of_another_thread_name_nothing() -> None:
    model, other = nn.Sequential(nn.Conv1d(1, 1, 1)), nn.Conv1d(1, 1, 1)

    class Caller(nn.Module):
        def forward(self, x: torch.Tensor) -> str:
            thread = Thread(target=other, args=(x,))
            thread.start()
            thread.join()
            return name("conv1d")

    model.add_module("caller", caller := Caller())
    with callers(model) as name:
        assert caller(torch.zeros(1, 1, 4)) == "caller.conv1d"
        assert name("conv1d") == "conv1d"


def test_a_part_that_was_never_left_ends_with_what_it_is_in() -> None:
    model = nn.Sequential(nn.Conv1d(1, 1, 1))
    with callers(model) as name:
        (*_, enter), (*_, leave) = global_pre_hooks.values(), global_hooks.values()
        enter(model, ())
        enter(model[0], ())
        assert name("conv1d") == "0"
        leave(model, (), None)
        assert name("conv1d") == "conv1d"


def test_nothing_is_compiled_where_the_compiler_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    with uncompiled():
        assert "torch._dynamo" not in sys.modules


def test_results_are_sought_in_objects() -> None:
    first, second = torch.zeros(1), torch.zeros(2)
    assert results_of((first, SimpleNamespace(x=second, y=3), 4)) == [first, second]


def test_what_is_written_into_by_the_unknown_is_forgotten_with_its_views() -> None:
    values, data, rest = Values(), torch.zeros(4), torch.zeros(4)
    written, view, apart = torch.zeros(4), torch.zeros(2), torch.zeros(4)
    for tensor, value in ((written, data), (view, data[:2]), (apart, rest)):
        values.keep(tensor, value)
    values.forget(aten.add.Tensor, [written])  # which writes nowhere
    assert values.value(view) is not None
    values.forget(aten.add_.Tensor, [written])
    assert [values.value(tensor) for tensor in (written, view)] == [None, None]
    assert values.value(apart) is rest


def test_an_operator_that_cannot_be_run_in_earnest_has_no_known_value() -> None:
    values, x, calls = Values(), torch.ones(3), []

    def operator(given: torch.Tensor) -> torch.Tensor:
        calls.append(given)
        if len(calls) > 1:
            raise RuntimeError("a device that is not here")
        return given

    assert values.run(operator, ((x,), {}), ((x,), {}), None) is x
    assert len(calls) == 2


class Elsewhere(nn.Module):
    """Needs another device at first."""

    def __init__(self, failures: int, kind: str) -> None:
        super().__init__()
        self.up = nn.ConvTranspose1d(1, 1, 2)
        self.left = [None] * failures  # put back after each try
        TRIES.clear()
        self.error = type(kind, (RuntimeError,), {})

    def forward(self, x: torch.Tensor, scaled: bool = False) -> torch.Tensor:
        """The layer, once there are no failures left."""
        TRIES.append(scaled)
        if len(TRIES) <= len(self.left):
            raise self.error("on another device")
        result: torch.Tensor = self.up(x)
        return 2 * result if scaled else result


TRIES: list[bool] = []


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_devices_are_tried_one_after_the_other(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "devices_of", lambda _module: [torch.device("cpu")] * 3)
    module = Elsewhere(failures, "DeviceMismatchError")
    assert layers_of(module, (1, 1, 4), scaled=True) == {"up": Layer([4], 1, 1, 2)}
    assert [True] * (failures + 1) == TRIES


def test_another_error_is_not_one_of_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "devices_of", lambda _module: [torch.device("cpu")] * 3)
    with pytest.raises(RuntimeError, match="on another device"):
        layers_of(Elsewhere(1, "OtherError"), (1, 1, 4))
    assert len(TRIES) == 1


def test_a_model_that_runs_on_no_device_says_so() -> None:
    with pytest.raises(RuntimeError, match="on another device"):
        layers_of(Elsewhere(9, "DeviceMismatchError"), (1, 1, 4))
    assert len(TRIES) == 1  # its weights are on the CPU alone


def test_zeros_stand_for_no_more_than_65536_numbers() -> None:
    values = Values()
    inputs = [torch.empty(2**16), torch.empty(2**16 + 1), torch.empty(2, device="meta")]
    for tensor in inputs:
        values.keep_zeros(tensor)
    assert [tensor in values.known for tensor in inputs] == [True, False, False]


def test_an_operator_of_an_open_package_may_hide_a_convolution_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As torchvision's deformed one, which is not here."""
    look = sort_of.__wrapped__
    assert look(aten.relu.default) == "plain"
    monkeypatch.setattr("oracle.tracing.HIDING", {"aten::relu"})
    assert look(aten.relu.default) == "hiding"
