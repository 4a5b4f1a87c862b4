"""What is said of a worker that stands still."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from streams.engine.standing import standing


async def inner() -> None:
    await asyncio.Event().wait()


async def outer() -> None:
    await inner()


async def many() -> AsyncIterator[int]:
    await inner()
    yield 1


async def reader() -> None:
    async for _ in many():
        raise AssertionError("nothing ever comes")


def said_of(coroutine: Coroutine[Any, Any, None]) -> list[str]:
    async def say() -> str:
        task = asyncio.create_task(coroutine)
        await asyncio.sleep(0)
        said = standing([asyncio.get_running_loop()])
        task.cancel()
        return said

    return asyncio.run(say()).splitlines()


def test_a_waiting_task_is_named_by_every_function_down_to_what_it_waits_in() -> None:
    [line] = [line for line in said_of(outer()) if line.startswith("task outer")]

    assert line.index(" outer >") < line.index(" inner >") < line.index(" wait")


def test_what_reads_an_asynchronous_generator_is_named_too() -> None:
    assert any(line.startswith("task reader") for line in said_of(reader()))


def test_every_thread_is_named_by_its_innermost_functions() -> None:
    assert any(line.startswith("thread ") and line.endswith(" standing") for line in said_of(outer()))
