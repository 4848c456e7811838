"""A temporary file that is filled as a run goes on, so that memory does not grow."""

import os
import tempfile

BLOCK = 1 << 20


class Spool:
    """One without a name: nothing is left of it, however we end."""

    def __init__(self, folder):
        self.file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self.parts, self.size, self.written = [], 0, 0

    def add(self, data):
        self.parts.append(data)
        self.size += len(data)
        if self.size - self.written > BLOCK:
            self.flush()

    def flush(self):
        data = memoryview(b"".join(self.parts))
        self.parts, self.written = [], self.size
        while data:
            data = data[self.file.write(data) :]

    def blocks(self, start, end):
        """What lies between, piece by piece; it is not filled meanwhile."""
        self.flush()
        while start < end:
            data = os.pread(self.file.fileno(), min(end - start, BLOCK), start)
            yield data
            start += len(data)

    def lines(self, start, end):
        """What lies between, of lines of text."""
        rest = b""
        for data in self.blocks(start, end):
            *lines, rest = (rest + data).split(b"\n")
            yield from lines

    def has(self, data, start):
        """Whether it is this that begins there."""
        place = 0
        for found in self.blocks(start, min(start + len(data), self.size)):
            if not data.startswith(found, place):
                return False
            place += len(found)
        return place == len(data)

    def copy(self, start, end, to):
        for data in self.blocks(start, end):
            to.write(data)

    def close(self):
        self.file.close()
