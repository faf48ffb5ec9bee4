"""``python -m oracle``."""

from analytic.packages import run_main

run_main("oracle.cli")
