"""Our lines for the counters that people already use, by the name under which they are imported.

What each is for: `oracle.counters.plugins`.
"""

from oracle.counters.plugins import (
    FLOP_COUNTER_MODE,
    PTFLOPS,
    THOP,
    both,
    flop_counter_mode,
    flop_counter_mode_backward,
    fvcore,
    moduleprofiler,
    moduleprofiler_operations,
    onnx_tool,
    ptflops,
    ptflops_aten,
    thop,
    torchtnt,
)

__all__ = [
    "FLOP_COUNTER_MODE",
    "PTFLOPS",
    "THOP",
    "both",
    "flop_counter_mode",
    "flop_counter_mode_backward",
    "fvcore",
    "moduleprofiler",
    "moduleprofiler_operations",
    "onnx_tool",
    "ptflops",
    "ptflops_aten",
    "thop",
    "torchtnt",
]
