"""Where everything in a worker stands: for the last words of one that stands still, and for an operator who asks."""

import asyncio
import sys
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

from faust.types import AppT

MOST_TASKS = 200


def loops(app: AppT) -> list[asyncio.AbstractEventLoop]:
    """The app's event loop and, once it has one, that of its consumer's thread."""
    consumer: Any = getattr(app, "_consumer", None)
    thread = getattr(consumer, "_thread", None)
    return [app.loop, thread.thread_loop] if thread is not None else [app.loop]


def standing(loops: Iterable[asyncio.AbstractEventLoop]) -> str:
    """A line a task of these event loops and a line a thread: from the outermost function to what it waits in."""
    tasks = [task for loop in loops for task in asyncio.all_tasks(loop)]
    lines = [f"task {_name(task)}: {' > '.join(_awaited(task.get_coro()))}" for task in tasks[:MOST_TASKS]]
    threads = (f"thread {number}: {_frames(frame)}" for number, frame in sys._current_frames().items())
    return "\n".join([*sorted(lines), *threads])


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())


def _awaited(coroutine: Any) -> Iterator[str]:
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            yield _place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        awaits = getattr(coroutine, "cr_await", None)
        coroutine = awaits if awaits is not None else getattr(coroutine, "ag_await", None)


def _frames(innermost: Any) -> str:
    rows = traceback.extract_stack(innermost, limit=8)
    return " > ".join(_place(row.filename, row.lineno or 0, row.name) for row in rows)


def _place(path: str, line: int, function: str) -> str:
    return f"{'/'.join(path.split('/')[-2:])}:{line} {function}"
