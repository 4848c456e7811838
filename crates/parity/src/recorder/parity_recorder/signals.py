"""Signals: what ends a run early, and when it may."""

import os
import signal
import time
import traceback

# In seconds. `parity record` passes on what came to it, after half a second: where it
# came to the whole group, that is the same once more, and would end the writing.
THE_SAME = 1.5


class Ended(BaseException):
    """A signal ends the run."""


class Signals:
    """Those that end this run, where they are watched."""

    def __init__(self):
        self.busy, self.waits = 0, None  # a signal waits until nothing is noted
        self.signal, self.since = None, 0.0  # that ended the script, and when
        self.watched = {}  # number -> what it did before

    def watch(self):
        """Lets INT, TERM and HUP end the script by an exception, so that what there
        is can be written; those that the script watches itself are its own."""
        own = (signal.SIG_DFL, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(number)
            if before in own:
                signal.signal(number, self.end)
                self.watched[number] = before
        # A handler in Python waits where C code waits: nobody could end a forked
        # process that waits for a lock.
        os.register_at_fork(after_in_child=self.leave)

    def leave(self):
        """Gives back those that are watched."""
        for number, before in self.watched.items():
            if signal.getsignal(number) == self.end:
                signal.signal(number, before)

    def end(self, number, frame):
        """Ends the script, but not while something is being noted, and once."""
        if number == self.signal and time.monotonic() < self.since + THE_SAME:
            return
        self.waits = number if self.busy else None
        if not self.busy:
            self.signal, self.since = number, time.monotonic()
            raise KeyboardInterrupt if number == signal.SIGINT else Ended

    def noted(self):
        """What was being noted is; the signal that waited may come."""
        if not self.busy:
            signal.raise_signal(self.waits)

    def end_as_signal(self, first=lambda: None):
        """Ends as the signal would have, where one ended the script; `first` is done
        before."""
        if self.signal not in (None, signal.SIGINT):
            first()
            signal.signal(self.signal, signal.SIG_DFL)
            signal.raise_signal(self.signal)


def is_of_a_handler(error):
    """Whether a signal's handler raised it, which is the script's own."""
    handlers = map(signal.getsignal, signal.valid_signals())
    codes = [getattr(handler, "__code__", None) for handler in handlers]
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code in codes for frame, _ in frames)
