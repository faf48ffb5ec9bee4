"""A module comes back as it was: its attributes, tensors, gradients, and the random state."""

from __future__ import annotations

import random
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._mode_utils import no_dispatch

#: What a module may keep its things in, subclasses too; each with how it is emptied and filled.
CONTAINERS = (OrderedDict, dict, list, set, deque)
#: The type of what `functools.lru_cache` returns.
CACHE = type(lru_cache(lambda: None))
#: What is followed, or kept; and what most attributes are, and is neither.
FOLLOWED = (*CONTAINERS, tuple, torch.Tensor, torch.nn.Module)
PLAIN = {type(None), bool, int, float, str}


def tensors_of(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and buffers."""
    yield from module.parameters()
    yield from module.buffers()


@contextmanager
def left_as_it_was(module: torch.nn.Module) -> Iterator[None]:
    """Put back what a module is made of, its tensors as objects, and the random state."""
    owned = reachable(module)
    containers = [(value, contents(value)) for value in owned if isinstance(value, CONTAINERS)]
    tensors = [Kept(value) for value in owned if isinstance(value, torch.Tensor)]
    caches = [(cache, cache.cache_info()) for cache in caches_of(module)]
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
            if held or contents(value):  # most are empty, and stay so
                put_back(value, held)
        for tensor in tensors:
            tensor.put_back()
        for cache, info in caches:
            if cache.cache_info().misses != info.misses:  # it may hold fakes now
                cache.cache_clear()


def reachable(module: torch.nn.Module) -> list[Any]:
    """The attribute dictionaries, containers and tensors of a module, nested ones too, each once.

    Modules in containers are followed as the registered ones are; other objects are not.
    """
    owned: dict[int, Any] = {}
    waiting: list[Any] = [*module.modules(), *tensors_of(module)]
    while waiting:
        entry = waiting.pop()
        if not isinstance(entry, FOLLOWED):
            continue
        value = vars(entry) if isinstance(entry, torch.nn.Module) else entry
        if id(value) in owned:
            continue
        owned[id(value)] = value
        if isinstance(value, torch.Tensor):
            waiting.append(gradient(value))
        else:
            held = dict.values(value) if isinstance(value, dict) else value
            waiting += [entry for entry in held if type(entry) not in PLAIN]
    return list(owned.values())


def caches_of(module: torch.nn.Module) -> list[Any]:
    """What `functools.lru_cache` keeps for the classes of a module, and in their files.

    A grid of positions, say, that would be a fake one in the next forward pass.
    """
    kinds = {kind for part in module.modules() for kind in type(part).__mro__}
    own = [kind for kind in kinds if kind.__module__.split(".")[0] not in {"torch", "builtins"}]
    files = [sys.modules[name] for name in {kind.__module__ for kind in own} & sys.modules.keys()]
    named = [value for place in (*own, *files) for value in vars(place).values()]
    return [cache for value in named for cache in enclosed(value) if type(cache) is CACHE]


def enclosed(value: Any) -> Iterator[Any]:
    """A value; and of a function, or a method, what a decorator keeps for it."""
    function = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
    yield function
    if isinstance(function, FunctionType):
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # it is empty
                yield cell.cell_contents


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
        self.data = data_of(tensor)
        self.place = place(tensor)
        self.gradient = gradient(tensor)
        self.leaf = tensor.is_leaf
        self.requires_grad = tensor.requires_grad

    def put_back(self) -> None:
        """Undo what was assigned to ``data``, ``requires_grad`` and ``grad``."""
        tensor = self.tensor
        if place(tensor) != self.place:
            with beneath(tensor):
                tensor.data = self.data
        if self.leaf and not tensor.is_leaf:
            tensor.detach_()
        if tensor.requires_grad is not self.requires_grad:
            tensor.requires_grad_(self.requires_grad)
        if gradient(tensor) is not self.gradient:
            tensor.grad = self.gradient


def data_of(tensor: torch.Tensor) -> torch.Tensor:
    """The data of a tensor, as ``tensor.data`` has it."""
    with beneath(tensor):
        return tensor.data


def beneath(tensor: torch.Tensor) -> AbstractContextManager[None]:
    """Where a fake is the tensor without data that it is: no operator runs for its ``data``."""
    return no_dispatch() if isinstance(tensor, FakeTensor) else nullcontext()


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
