"""The convolutions of ONNX models. Needs the package ``onnx`` (extra ``onnx``)."""

from analytic.onnx.convolutions import Missing
from analytic.onnx.dimensions import DimensionError, UnboundError
from analytic.onnx.reader import Reading, layers_of, read

__all__ = ["DimensionError", "Missing", "Reading", "UnboundError", "layers_of", "read"]
