"""Futures of calls, and the threads that make them."""

import queue
import threading
from concurrent import futures
from typing import Any, Callable, List, Optional

from ._wire import Wire


class CallFuture(futures.Future):  # type: ignore[type-arg]
    """The Future of a call: one of concurrent.futures, except that cancel also
    ends a call that runs. The context of the Go function ends then, and its
    result, if it returns one all the same, is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._wire: Optional[Wire] = None
        self._binding = threading.RLock()
        self._begun = False

    def cancel(self) -> bool:
        """Gives the call up. It reports False if the call is over already."""
        if not super().cancel():
            return False
        with self._binding:
            if self._wire is not None:
                self._wire.abort()
        return True

    def running(self) -> bool:
        """Reports whether the call has been begun, and is not over."""
        return self._begun and not self.done()

    def _bind(self, wire: Optional[Wire]) -> None:
        """Says by which connection the answer comes. cancel must not hit another
        call that uses it later: thus the lock."""
        with self._binding:
            self._wire = wire
            if wire is not None and self.cancelled():
                wire.abort()

    def _run(self, call: Callable[..., Any]) -> None:
        if self.cancelled():
            self.set_running_or_notify_cancel()
            return
        self._begun = True
        # To concurrent.futures the call runs only now that it is over: what runs
        # there cannot be cancelled.
        try:
            value = call(self._bind)
        except BaseException as err:
            if self.set_running_or_notify_cancel():
                self.set_exception(err)
                # Not a cycle by way of the traceback.
                self = err = None  # type: ignore[assignment]
        else:
            if self.set_running_or_notify_cancel():
                self.set_result(value)


class Threads:
    """Up to most threads, which are made when they are needed and stay."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.RLock()
        self._tasks: "queue.SimpleQueue[Optional[Callable[[], None]]]" = queue.SimpleQueue()
        self._threads: List[threading.Thread] = []
        self._free = 0  # threads that wait, less the tasks that are on their way to them
        self._closed = False

    def run(self, task: Callable[[], None]) -> bool:
        """Has a thread run the task. It reports False after close."""
        with self._lock:
            if self._closed:
                return False
            self._tasks.put(task)
            self._free -= 1
            if self._free < 0 and len(self._threads) < self._most:
                thread = threading.Thread(
                    target=self._work, name="conex_client-%d" % (len(self._threads) + 1), daemon=True
                )
                self._threads.append(thread)
                self._free += 1
                thread.start()
            return True

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            if task is None:
                return
            task()
            del task
            with self._lock:
                self._free += 1

    def drain(self) -> List[Callable[[], None]]:
        """Closes, and returns the tasks that nobody has begun."""
        left = []
        with self._lock:
            self._closed = True
            while True:
                try:
                    task = self._tasks.get_nowait()
                except queue.Empty:
                    break
                if task is not None:
                    left.append(task)
            for _ in self._threads:
                self._tasks.put(None)
        return left

    def join(self) -> None:
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
