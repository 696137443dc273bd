"""The leak check itself: each kind of thing left behind is found, and a tidy test is not blamed."""

import asyncio
import socket
import threading

import pytest

from tests.leaks import Held


async def test_a_task_left_running_is_found():
    before = Held.now()
    task = asyncio.create_task(asyncio.sleep(30), name="forgotten")
    assert any("forgotten" in left for left in Held.now().beyond(before))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not Held.now().beyond(before)


async def test_a_thread_left_running_is_found():
    before = Held.now()
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    thread.start()
    assert Held.now().beyond(before) == ["thread forgotten"]
    end.set()
    thread.join()
    assert not Held.now().beyond(before)


async def test_an_open_socket_is_found_with_its_address():
    before = Held.now()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (left,) = Held.now().beyond(before)
        assert str(listener.getsockname()[1]) in left
    assert not Held.now().beyond(before)


async def test_the_default_executor_is_no_leak():
    before = Held.now()
    await asyncio.to_thread(int)
    assert not Held.now().beyond(before)


@pytest.mark.slow
def test_a_test_that_leaks_fails(pytester_run):
    outcome = pytester_run(
        """
        import asyncio

        kept = []

        async def test_leaks():
            kept.append(asyncio.create_task(asyncio.sleep(30), name="forgotten"))
        """
    )
    assert "left behind: task forgotten" in outcome
    assert "1 passed, 1 error" in outcome
