"""Tests that run on an event loop."""

import asyncio
import functools

LIMIT_S = 20


def scenario(test):
    """Run an async test to its end, or fail it after a while."""

    @functools.wraps(test)
    def run(*args, **options):
        asyncio.run(asyncio.wait_for(test(*args, **options), LIMIT_S))

    return run


async def until(condition):
    """Wait until `condition()` holds."""
    while not condition():
        await asyncio.sleep(0.001)
