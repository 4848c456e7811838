"""Where outputs go, and rows as CSV. Twin of src/export.rs."""

import csv


def open_output(path, mode, **options):
    """Opens `path` for writing; `-` is standard output."""
    if path == "-":
        return open(1, mode, closefd=False, **options)
    return open(path, mode, **options)


def write_csv(path, header, rows):
    """Writes `rows` under `header`."""
    with open_output(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
