"""A temporary file that is filled as a run goes on, so that memory does not grow."""

import os
import tempfile

BLOCK = 1 << 20
LARGE = 1 << 16  # bytes from which nothing is copied to be written later
MOST = 1000  # places that one call writes from


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

    def add_memory(self, memory, size):
        """What lies in several places, where it may be written to from now on."""
        if size < LARGE:
            self.add(b"".join(memory))
        else:
            self.size += size
            self.parts += memory
            self.flush()

    def flush(self):
        parts, self.parts, self.written = self.parts, [], self.size
        for first in range(0, len(parts), MOST):
            some = parts[first : first + MOST]
            written = os.writev(self.file.fileno(), some)
            if written < sum(map(len, some)):  # the rest in one
                rest = memoryview(b"".join(some))[written:]
                while rest:
                    rest = rest[self.file.write(rest) :]

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
