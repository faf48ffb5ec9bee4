"""``python -m tests.frameworks``: hold translations to the frameworks that are installed here.

Prints one line of JSON a function: the framework and its version, how many random settings were
run, and how often which verdict; the exit status is 1 where a setting differs. With ``--record``
it prints what the framework makes of a few settings, a line each; with ``--shapes``, the settings
of the frameworks' own tests, with the shapes that no test states as the framework runs them.
`tests/data/frameworks.jsonl`, `framework_settings.jsonl` and `framework_shapes.jsonl` are what it
printed, in an environment of its own for each framework.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from tests.frameworks.held import held, recorded
from tests.frameworks.runs import RUNS
from tests.frameworks.shapes import restated


def write(row: dict[str, Any]) -> None:
    """A line of JSON."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run these functions, or all whose frameworks are installed."""
    parser = argparse.ArgumentParser(prog="python -m tests.frameworks")
    parser.add_argument("functions", nargs="*", help=f"of {', '.join(RUNS)}; default: all")
    parser.add_argument("--settings", type=int, default=2000)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--shapes", action="store_true")
    options = parser.parse_args()
    if options.shapes:
        for row in restated():
            write(row)
        return 0
    failed = 0
    for run in RUNS.values():
        if (options.functions and run.name not in options.functions) or not run.installed():
            continue
        if options.record:
            for row in recorded(run, options.settings):
                write(row)
            continue
        tally, differing = held(run, options.settings)
        backend = {"backend": os.environ.get("KERAS_BACKEND", "")} if run.package == "keras" else {}
        row = {"function": run.name, "package": run.package, "version": run.version(), **backend}
        write({**row, "settings": options.settings, **tally})
        for words, said in differing:
            failed = 1
            sys.stderr.write(f"{words} {said}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
