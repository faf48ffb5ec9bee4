"""The convolutions of ONNX models. Needs the package ``onnx`` (extra ``onnx``)."""

from analytic.onnx.dimensions import DimensionError, UnboundError
from analytic.onnx.reader import layers_of, read

__all__ = ["DimensionError", "UnboundError", "layers_of", "read"]
