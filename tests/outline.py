"""What a record holds, but for the values, in a few lines that people can read.

tests/records.txt has them for every script of tests/scripts that is not one of the
lesson's variants: `python tests/test_record.py --write` makes it again. A series' steps
follow its name, each with its keys by phase and their shapes; `all` are the names that
`init` has.
"""

MOST = 10  # names of a phase


def outline(about, found, order):
    """The lines; `order` are the keys in the order of events."""
    for model in about["models"]:
        optimizers = model.get("optimizers") or [model["optimizer"]]
        of = [f"{one['class']} lr {one.get('lr')}" for one in optimizers if one]
        seed = model["seed"] if model["seed"] < 1 << 32 else "drawn"
        graph = model["graph"]
        yield (
            f"{model['series']}: {model['class']}, {' and '.join(of) or 'by hand'}, seed"
            f" {seed}, graph {' '.join([str(len(graph)), *graph[:1]])}"
        )
    if about["series"] != [model["series"] for model in about["models"]]:
        yield f"series {', '.join(about['series'])}"
    yield f"events {runs(about['events'])}"
    if about["generator"]:
        yield f"generator {runs([each[:2] for each in about['generator']])}"
    for series, step, groups in about["groups"]:
        if step > 1 or len(groups) > 1:
            yield f"groups {series} {step}: " + ", ".join(map(told, groups))
    if "partial" in about:
        yield f"partial {about['partial']}"
    yield from steps(found, order)


def runs(events):
    """Without the commas and brackets of lists."""
    return ", ".join(" ".join(map(str, event)) for event in events)


def told(group):
    """What changed in a group, by name; the first time, when all did, its rate."""
    return f"lr {group['lr']}" if "lr" in group else " ".join(group) or "as before"


def steps(found, order):
    """A line for each step, or for several that are alike."""
    by_step = {}
    for key in order:
        series, step, phase, name = key.split("/", 3)
        of_step = by_step.setdefault((series, int(step), phase == "end"), {})
        of_step.setdefault(phase, {})[name] = shape(*found[key][:2])
    lines, inits = [], {}
    for (series, step, _), phases in by_step.items():
        init = inits.setdefault(series, phases.get("init"))
        parts = [in_words(phase, named, init) for phase, named in phases.items()]
        text = "; ".join(parts)
        if lines and lines[-1][0] == series and lines[-1][3] == text:
            lines[-1][2] = step
        else:
            lines.append([series, step, step, text])
    for series, first, last, text in lines:
        yield f"{series} {first if first == last else f'{first}-{last}'}: {text}"


def in_words(phase, named, init):
    """The names of one phase, with their shapes."""
    if phase != "init" and named == init:
        return f"{phase} all"
    of = [f"{name}[{shape}]" for name, shape in named.items()]
    if len(of) > MOST + 1:
        of[MOST:] = [f"and {len(of) - MOST} more"]
    return f"{phase} {' '.join(of)}"


def shape(dtype, sizes):
    sizes = ",".join(map(str, sizes))
    return sizes if dtype == "F32" else f"{dtype} {sizes}".strip()
