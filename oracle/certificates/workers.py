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
from multiprocessing.process import BaseProcess
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def follow_parent() -> None:
    """Leave an interrupt to the process that started this one, and end as soon as it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_after, args=(parent_process(),), daemon=True).start()


def end_after(parent: BaseProcess) -> None:
    """End this process when another one has, however it ended."""
    wait([parent.sentinel])
    os._exit(1)


@contextmanager
def executor(workers: int) -> Iterator[Executor | None]:
    """So many processes of our own; none for one worker, which is this process."""
    if workers < 1:
        raise ValueError(f"workers must be positive, got {workers}")
    if workers == 1:
        yield None
        return
    context = get_context("spawn")  # a fork would copy the locks of torch's threads, held for ever
    with ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent) as pool:
        yield pool


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
