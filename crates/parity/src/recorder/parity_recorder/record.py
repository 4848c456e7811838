"""What is written, under which key: `series/step/phase/name`."""

import contextlib
import hashlib
import math
import sys

from .file import DigestFile, TraceFile, digest_of
from .options import in_words

LARGE_STEP = 20e6  # bytes

SAME = "\nnot written again, for the same was recorded last"
BEFORE = "\nnot written again, for it is that of the call before"


def again(name, n):
    """The name of what comes the n-th time in a step: `x`, `x#2`."""
    return f"{name}#{n}" if n > 1 else name


class Events:
    """One count over all series: in which order their steps were taken."""

    def __init__(self):
        self.runs = []  # [series, first step, how many, updates before the first]
        self.starts = []  # (updates before it was made, series)

    def start(self, series, updates):
        """The model of this series was made after so many updates."""
        self.starts.append((updates, series))

    def step(self, series, step, updates, same):
        """This series took a step, after so many updates; the `same` as the series
        before, where one optimizer updates several."""
        last = self.runs[-1] if self.runs else None
        if last and not same and last[0] == series and last[1] + last[2] == step:
            last[2] += 1
        else:
            self.runs.append([series, step, 1, updates, int(same)])

    def in_order(self):
        """Runs of steps of one series: its name, the first, how many, and 1 where it
        is the same update as the one before. A start, step 0, comes before the first
        step after the model was made."""
        starts, found = sorted(self.starts, key=lambda start: start[0]), []
        for series, step, n, updates, same in self.runs:
            while starts and starts[0][0] < updates + n and not same:
                at, name = starts.pop(0)
                if (before := at - updates) > 0:
                    found.append([series, step, before])
                    step, n, updates = step + before, n - before, updates + before
                found.append([name, 0, 1])
            found.append([series, step, n, 1] if same else [series, step, n])
        return found + [[name, 0, 1] for _, name in starts]


class Record:
    """The file of one recording, and what of it is there already."""

    def __init__(self, path, options):
        self.options = options
        kind = DigestFile if options.digest else TraceFile
        self.file = kind(path, options.most_bytes)
        # (series, phase, name, how often in its step) ->
        self.last = {}  # digest of the data recorded last
        self.known = {}  # data that need not be recorded again
        self.before = {}  # without how often -> that, and the data of the call before
        self.first = {}  # likewise -> data that only another series has
        self.events = Events()
        self.generator = []  # [series, step, digest], where it is not the one before
        self.state = None  # of the generator, as last seen
        self.groups = []  # [series, step, what each group is set to, where it changed]
        self.groups_now = {}  # series -> what its groups are set to
        self.shared, self.shared_step = {}, 0  # digests of what the script names
        self.is_full = False  # whether it is as large as it may be
        self.explained = set()

    def __len__(self):
        return len(self.file)

    def wants(self, step):
        """Whether this step is among those asked for."""
        options = self.options
        return options.first <= step < options.end and step % options.every == 0

    def next_wanted(self, step):
        """The first of these that is not before this one; infinite without any."""
        options = self.options
        first = max(step, options.first)
        first += -first % options.every
        return first if first < options.end else math.inf

    def write(self, series, step, phase, name, piece):
        """Returns what the file knows it by, where it was written."""
        return self.write_all(series, step, phase, [(name, piece)]).get(name)

    def write_all(self, series, step, phase, named):
        """Several of one phase; returns what the file knows each by."""
        if not named or phase not in self.options.phases:
            return {}
        return self.file.add(series, step, phase, named)

    def write_data(self, series, step, name, n, piece, phase="data"):
        """Data is recorded where it is not what was recorded last under its name, or
        by another series under any, or by the call before in this step, `n` being
        how often its name was there. Returns what to add to the reason."""
        if piece is None:
            return "\nnot written, for it has no values"
        if piece.dtype is None:  # it was not read, for nothing of the kind is wanted
            return ""
        named = series, phase, name
        place = *named, n
        before = self.before.get(named)
        same = n > 1 and before == (n - 1, piece)
        self.before[named] = n, before[1] if same else piece
        if self.known.get(place) == piece:
            return BEFORE if same else SAME
        digest = digest_of(piece)
        # Two inputs of a model may change places.
        last = self.last.items()
        others = (digest for at, digest in last if at[0] != series or at == place)
        new = digest not in others
        if new and not same and n > 1 and named in self.first:  # no `x#2` without `x`
            self.write(series, step, phase, name, self.first[named])
        if new and not same:
            self.write(series, step, phase, again(name, n), piece)
        if new:
            self.last[place] = digest
            self.known.clear()
            self.first.pop(named, None)
        elif n == 1 and place not in self.last:
            self.first[named] = piece
        self.known[place] = self.before[named][1]
        return BEFORE if same else "" if new else SAME

    def note_generator(self, series, step, state):
        """The state of the default generator of random numbers by the end of a step."""
        if state != self.state:
            self.state = state
            digest = hashlib.sha256(state).hexdigest()[:16]
            self.generator.append([series, step, digest])

    def note_groups(self, series, step, groups):
        """What the optimizer's groups of parameters are set to in this step."""
        known = self.groups_now.get(series, [])
        if groups is known:
            return
        if len(known) != len(groups):
            known = [{} for _ in groups]
        changes = [
            {name: new for name, new in group.items() if old.get(name, self) != new}
            for group, old in zip(groups, known, strict=True)
        ]
        if any(changes):
            self.groups.append([series, step, changes])
        if groups:
            self.groups_now[series] = groups

    def say_size(self, series, size):
        """Says, once, what a step takes, where that is much."""
        if not self.options.say_size or size < LARGE_STEP:
            return
        self.options.say_size = False
        said = f"recording: a step of {series} takes {in_words(size)}; --digest or"
        self.say(f"{said} --max-size limits that")

    def explain(self, series, step, what, taken, why):
        """Prints, the first time that it is made, a decision and its reason."""
        if not self.options.explain or (series, what, why) in self.explained:
            return
        self.explained.add((series, what, why))
        place = series if step is None else f"{series}, step {step}"
        said = f"{place}: {'taken' if taken else 'not taken'}: {what}"
        self.say(f"explain: {said}\n{why}".replace("\n", "\n         "))

    def say(self, text):
        """Prints it beside the script's own lines."""
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it is closed
            print(text, file=sys.__stderr__, flush=True)

    def write_shared(self, named, updates):
        """What a script names itself, and all series share; at step 0, and where it
        was named before and is other data now, at the next. Drawn again, the same
        data is the same data."""
        found = {n: digest_of(content) for n, content in named.items() if content}
        new = {n: d for n, d in found.items() if self.shared.get(n) != d}
        if not new.keys().isdisjoint(self.shared):
            self.shared_step += 1
            if self.wants(self.shared_step):
                self.events.step("data", self.shared_step, updates, False)
        self.shared |= new
        for name, digest in new.items():
            self.last["data", name] = digest
            if self.wants(self.shared_step):
                self.write("data", self.shared_step, "data", name, named[name])
