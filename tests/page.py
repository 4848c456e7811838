"""Opens pages of `--html` in a headless Chromium, on a phone's width and a
screen's, light and dark, and holds their numbers to the JSON.

    python tests/page.py PAGE.html[=REPORT.json] ...

Fails where the browser complains, where a page scrolls sideways, where words
stand out too little from their ground, where something cannot be reached by
keyboard or is not named, where a page needs the network, and where a number of a
table is not that of the JSON. Last it spoils a page in each of these ways, and
fails where that is not noticed.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

WIDTHS = (400, 1400)
SCHEMES = {"dark": 0, "light": 1}

# Runs in the page that holds the pages.
MEASURE = """
function luminance([r, g, b]) {
  const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}
const numbers = text => text.match(/[0-9.]+/g).map(Number);
function contrast(view, element) {
  const style = view.getComputedStyle(element);
  const ink = numbers(element.closest("svg") ? style.fill : style.color);
  let ground = element;
  const seen = e => numbers(view.getComputedStyle(e).backgroundColor);
  while (seen(ground)[3] === 0) ground = ground.parentElement;
  const [a, b] = [luminance(ink), luminance(seen(ground))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}
const clean = element => element.textContent.trim();
function measure(frame) {
  const [page, view] = [frame.contentDocument, frame.contentWindow];
  const has_words = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  const shown = [...page.body.querySelectorAll("*")].filter(has_words);
  const faint = shown.filter(e => contrast(view, e) < 4.5);
  const boxes = [...page.querySelectorAll(".wide")];
  const inner = boxes.filter(e => !e.ariaLabel || e.tabIndex !== 0 || e.role !== "region");
  const images = [...page.querySelectorAll("img:not([alt]), svg:not([aria-label])")];
  const links = [...page.querySelectorAll("a")];
  const lost = links.filter(a => !page.querySelector(a.getAttribute("href")));
  const levels = [...page.querySelectorAll("h1, h2, h3")].map(h => +h.tagName[1]);
  const table = t => ({
    of: t.dataset.of,
    comparison: t.closest("section")?.dataset.comparison,
    rows: [...t.tBodies[0].rows].map(row => [...row.cells].map(clean)),
  });
  return {
    name: frame.title,
    width: view.innerWidth,
    scrolls: page.scrollingElement.scrollWidth,
    quirks: page.compatMode,
    faint: faint.map(clean),
    unnamed: [...inner, ...images, ...lost].map(e => e.outerHTML.slice(0, 80)),
    first: links[0]?.className,
    landmarks: ["header", "main", "footer"].filter(name => page.querySelector(name)).length,
    jumps: levels[0] !== 1 || levels.some((level, i) => i && level > levels[i - 1] + 1),
    outside: [...page.querySelectorAll("[src], link[href]")].map(e => e.src || e.href)
      .filter(place => !place.startsWith("data:")),
    summary: page.querySelector("[data-of=summary]")?.textContent,
    tables: [...page.querySelectorAll("table")].map(table),
  };
}
onload = () => {
  const found = JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
  document.body.textContent = "<<<" + found + ">>>";
};
"""


def browse(pages, scheme):
    """Opens all pages, (name, width, text) each; returns what was measured, and
    what the browser complained of."""
    frames = "".join(
        f'<iframe title="{html.escape(name)}" style="border:0;width:{width}px;height:900px"'
        f' srcdoc="{html.escape(text)}"></iframe>'
        for name, width, text in pages
    )
    with tempfile.TemporaryDirectory() as folder:
        holder = pathlib.Path(folder, "holder.html")
        holder.write_text(
            f"<!DOCTYPE html><meta charset=utf-8><script>{MEASURE}</script>{frames}"
        )
        browser = os.environ.get("BROWSER", "chromium")
        done = subprocess.run(
            [
                *(browser, "--headless=new", "--no-sandbox", "--disable-gpu"),
                *("--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom"),
                f"--user-data-dir={folder}/profile",
                f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                holder.as_uri(),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    found = re.search("&lt;&lt;&lt;(.*)&gt;&gt;&gt;", done.stdout, re.DOTALL)
    assert found, f"the browser measured nothing:\n{done.stderr}"
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])), complaints


def shown_phases(comparison):
    phases = comparison["phases"]
    if len(phases) > 24:
        differs = [
            p for p in phases if p["tensors_equal"] < p["tensors"] or p["max_ulps"]
        ]
        phases = differs[:24]
    return [*phases, {"name": "all", **comparison["total"]}]


def expected(of, comparison):
    """The rows of a table, made of the JSON."""
    first = comparison["first_divergence"] or {}
    if of == "phases":
        columns = (
            "tensors",
            "tensors_equal",
            "values",
            "values_equal",
            "max_ulps",
            "max_abs",
        )
        return [[p["name"], *(p[c] for c in columns)] for p in shown_phases(comparison)]
    if of == "around":
        return [
            [
                json.dumps(near["index"]),
                *(part for v in near["values"] for part in (v["value"], v["bits"])),
                "nan" if near["ulps"] is None else near["ulps"],
                "yes"
                if near["values"][0]["bits"] == near["values"][1]["bits"]
                else "no",
            ]
            for near in first["around"]
        ]
    if of == "endings":
        return [
            [
                ending["series"],
                *("" if loss is None else loss["value"] for loss in ending["losses"]),
                "nan" if ending["ulps"] is None else ending["ulps"],
                ending["steps_equal"],
                ending["steps"],
            ]
            for ending in comparison["endings"]
        ]
    if of == "differences":
        return [
            [
                told["key"],
                f"{told['differing']:,} of {told['count']:,}",
                told["max_ulps"],
                told["max_abs"],
                "yes" if told["passes"] else "no",
            ]
            for told in comparison["differences"]
        ]
    if of == "origins":
        rows = [*comparison["phases"], {"name": "all", **comparison["total"]}]
        differ = [p["tensors"] - p["tensors_equal"] for p in rows]
        return [[p["name"], p["local"], n - p["local"]] for p, n in zip(rows, differ)]
    if of == "settings":
        return [[name, value] for name, value in comparison["settings"].items()]
    if of == "other_environment":
        return [[name, *both] for name, both in comparison["other_environment"]]
    if of == "environment":
        files = comparison["files"]
        rows = [["file", *files]] if files else []
        a, b = comparison["environment"]
        return rows + [[n, a.get(n, ""), b.get(n, "")] for n in sorted({*a, *b})]
    raise AssertionError(f"a table of {of}, which nothing is known of")


def same(cell, wanted):
    if isinstance(wanted, str):
        return cell == wanted
    text = cell.replace(",", "")
    number = float(text) if isinstance(wanted, float) else int(text)
    return number == wanted and str(number) == str(wanted)  # tells -0.0 from 0.0


def faults(page, report):
    """What is wrong with a page, in words."""
    wrong = []
    if page["scrolls"] > page["width"]:
        wrong.append(f"scrolls sideways: {page['scrolls']} px")
    wrong += [f"is hard to read: {words}" for words in page["faint"]]
    wrong += [f"has no name, or leads nowhere: {what}" for what in page["unnamed"]]
    wrong += [f"needs {place}" for place in page["outside"]]
    if page["first"] != "skip" or page["landmarks"] < 3 or page["jumps"]:
        wrong.append("has no order for the keyboard")
    if page["quirks"] != "CSS1Compat":
        wrong.append("is no standard HTML")
    if report is None:
        return wrong
    if page["summary"] != report["summary"]:
        wrong.append(f"says {page['summary']}")
    for table in page["tables"]:
        comparison = report["comparisons"][int(table["comparison"])]
        wanted = expected(table["of"], comparison)
        lengths = [len(row) for row in wanted] == [len(row) for row in table["rows"]]
        pairs = [pair for rows in zip(table["rows"], wanted) for pair in zip(*rows)]
        differ = [pair for pair in pairs if not same(*pair)]
        if not lengths or differ:
            wrong.append(f"table of {table['of']} is not the JSON's: {differ}")
    if sum(t["of"] == "phases" for t in page["tables"]) != len(report["comparisons"]):
        wrong.append("lacks a table by phase")
    return wrong


def spoilt(text):
    """The page in so many ways wrong, and the word that tells it."""
    number = re.search(r"<td>([0-9,]*)([1-9])</td>", text)
    other = f"<td>{number[1]}{int(number[2]) % 9 + 1}</td>"
    return {
        "not the JSON's": text.replace(number[0], other, 1),
        "scrolls sideways": text.replace("overflow-x: auto;", ""),
        "hard to read": text.replace("--text: #1b1f24", "--text: #cccccc"),
        "no name": text.replace('tabindex="0"', "", 1),
        "needs": text.replace(
            "<main", '<img alt="x" src="http://127.0.0.1:9/x.png"><main', 1
        ),
        "no order": text.replace('class="skip"', "", 1),
    }


def main(arguments):
    pages, reports = [], {}
    for argument in arguments:
        name, _, report = argument.partition("=")
        reports[name] = json.loads(pathlib.Path(report).read_text()) if report else None
        pages += [(name, width, pathlib.Path(name).read_text()) for width in WIDTHS]
    for scheme in SCHEMES:
        found, complaints = browse(pages, scheme)
        assert len(found) == len(pages) and not complaints, complaints
        for page, (name, width, _) in zip(found, pages):
            wrong = faults(page, reports[name])
            assert page["width"] == width and not wrong, (
                f"{name}, {width} px, {scheme}: {wrong}"
            )

    name = next(name for name in reports if reports[name])
    text = pathlib.Path(name).read_text()
    ways = spoilt(text)
    script = text.replace("</main>", "<script>nowhere()</script></main>")
    found, complaints = browse(
        [*((w, 400, t) for w, t in ways.items()), ("script", 400, script)], "light"
    )
    assert any("nowhere" in line for line in complaints), (
        "a script's error was not noticed"
    )
    for page in found[: len(ways)]:
        wrong = faults(page, reports[name])
        assert any(page["name"] in words for words in wrong), (
            f"not noticed: {page['name']}: {wrong}"
        )
    print(
        f"{len(pages) * len(SCHEMES)} pages are fine, {len(ways) + 1} spoilt ones were noticed"
    )


main(sys.argv[1:])
