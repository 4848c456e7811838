"""What is written, under which key: `series/step/phase/name`."""

from .file import DigestFile, TraceFile, digest_of


class Record:
    """The file of one recording, and what of it is there already."""

    def __init__(self, path, options):
        self.options = options
        self.file = (DigestFile if options.digest else TraceFile)(path)
        self.last = {}  # (series, name) -> digest of the data recorded last
        self.known = {}  # the same -> data that need not be recorded again
        self.order = {"series": {}, "names": {}}  # of their first appearance

    def __len__(self):
        return len(self.file)

    def wants(self, step):
        """Whether this step is among those asked for."""
        options = self.options
        return options.first <= step < options.end and step % options.every == 0

    def write(self, series, step, phase, name, piece):
        if piece is None or phase not in self.options.phases:
            return
        self.order["series"][series] = self.order["names"][name] = None
        self.file.add(f"{series}/{step:06}/{phase}/{name}", piece)

    def write_data(self, series, step, name, piece):
        """Data is recorded where it is not what was recorded last under its name, or
        by another series under any."""
        place = series, name
        if piece is None or self.known.get(place) == piece:
            return
        digest = digest_of(piece)
        # Two inputs of a model may change places.
        others = (d for (s, n), d in self.last.items() if s != series or n == name)
        if digest not in others:
            self.write(series, step, "data", name, piece)
            self.last[place] = digest
            self.known.clear()
        self.known[place] = piece

    def write_shared(self, name, piece):
        """What all series share. Drawn again, the same data is the same data."""
        digest = digest_of(piece)
        if self.last.get(("data", name)) != digest:
            self.last["data", name] = digest
            if self.wants(0):
                self.write("data", 0, "data", name, piece)
