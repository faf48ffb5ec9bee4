"""The nodes of a graph and of the graphs in them, each with a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import onnx

from analytic.names import short, text
from analytic.onnx.facts import Stop
from analytic.onnx.nodes import graphs_in


class Node(NamedTuple):
    """A node, its name with those of the nodes it is in, and the graphs that it has."""

    name: str
    proto: onnx.NodeProto
    bodies: dict[str, Graph]

    @property
    def operator(self) -> str:
        """The operator with its domain, where that is not ONNX's own."""
        domain = text(self.proto.domain)
        return f"{domain}.{text(self.proto.op_type)}" if domain else text(self.proto.op_type)

    def stop(self, why: str) -> Stop:
        """That a size was lost here, and why."""
        return Stop(f"node {short(self.name)} ({self.operator}): {why}")


class Graph(NamedTuple):
    """A graph and its nodes."""

    proto: onnx.GraphProto
    nodes: list[Node]

    def every(self) -> Iterator[Graph]:
        """It and the graphs of its nodes."""
        yield self
        for node in self.nodes:
            for body in node.bodies.values():
                yield from body.every()


def graph_of(proto: onnx.GraphProto, path: str = "") -> Graph:
    """A graph with its nodes, named below a path."""
    return Graph(proto, [node_of(node, path) for node in proto.node])


def node_of(proto: onnx.NodeProto, path: str) -> Node:
    """A node with its graphs: branches, or a body, by the name of the attribute."""
    name = path + name_of(proto)
    bodies = {
        key: graph_of(graph, f"{name}/{text(key)}/") for key, graph in graphs_in(proto).items()
    }
    return Node(name, proto, bodies)


def name_of(node: onnx.NodeProto) -> str:
    """What a node is called: most exporters name it, and where not, its output has a name."""
    return text(node.name or next(iter(node.output), "") or node.op_type)
