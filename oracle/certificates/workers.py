"""Where experiments run: here, in processes that end with this one, or in anyone's executor."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it has, however that ended."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def executor(workers: int) -> Iterator[Executor | None]:
    """So many processes of our own; none for one worker, which is this process."""
    if workers < 1:
        raise ValueError(f"workers must be positive, got {workers}")
    if workers == 1:
        yield None
        return
    context = get_context("spawn")  # a fork would copy the locks of torch's threads, held for ever
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
        with interrupts_ignored():
            pool.submit(int)  # any task: with "spawn" the first one starts every process
        yield pool


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Processes that are started meanwhile leave an interrupt to this one, which speaks for all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def results(
    pool: Executor | None, function: Callable[[Task], Result], tasks: Iterable[Task]
) -> Generator[tuple[Task, Result]]:
    """Each task with its result, as they come. What is not begun is dropped when this is closed."""
    if pool is None:
        yield from ((task, function(task)) for task in tasks)
        return
    futures = {pool.submit(function, task): task for task in tasks}
    try:
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    finally:
        for future in futures:
            future.cancel()
