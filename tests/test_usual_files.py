"""Files as people have them: what each must give, counts or one line that helps.

An axis of n inputs with kernel 4, stride 2 and padding 1 has 4n − 2 products that land: each input
meets four taps, and one product falls off at either end. So ``UP`` has 24·30² MACs, ``TOP`` 18·62².
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from tests.test_cli import Program, program

__all__ = ["program"]

NAMES = ["name", "input_size", "in_channels", "out_channels", "kernel_size", "stride", "padding"]
UP: dict[str, Any] = dict(zip(NAMES, ["up", [8, 8], 4, 6, 4, 2, 1], strict=True))
TOP: dict[str, Any] = dict(zip(NAMES, ["top", [16, 16], 6, 3, 4, 2, 1], strict=True))
MACS = {"up": 24 * 30**2, "top": 18 * 62**2}


def table(between: str, sizes: str = "{}x{}", **change: str) -> str:
    """Both layers as a table with this between its cells."""
    rows = [{**row, "input_size": sizes.format(*row["input_size"]), **change} for row in (UP, TOP)]
    return "\n".join(between.join(map(str, row)) for row in (NAMES, *(r.values() for r in rows)))


def archive(name: str) -> bytes:
    """A zip archive with one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, "x")
    return stream.getvalue()


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """What is written into a file."""
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    """What pandas writes: lists, and floats where the column has blanks."""
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra parquet")
    from pyarrow.parquet import write_table

    rows = [{**row, "stride": 2.0, "dilation": None} for row in (UP, TOP)]
    return saved(lambda stream: write_table(pyarrow.Table.from_pylist(rows), stream))


PANDAS = """\
,name,input_size,in_channels,out_channels,kernel_size,stride,padding,output_padding
0,up,"(8, 8)",4,6,"(4, 4)",2.0,1.0,
1,top,"[16, 16]",6,3,4,2.0,1.0,NaN
"""

#: What is in a file, which is counted.
READ: dict[str, str | bytes | Callable[[], bytes]] = {
    "commas.csv": table(","),
    "semicolons.csv": table(";"),
    "tabs.tsv": table("\t"),
    "renamed.txt": table("\t"),
    "windows.csv": table(";").replace("\n", "\r\n"),
    "mark.csv": table(";").encode("utf-8-sig"),
    "excel.csv": "sep=;\r\n" + table(";").replace("\n", "\r\n") + "\r\n;;;;;;\r\n",
    "filled.csv": table(",").replace("\n", ",,\n") + ",,\n,,,,,,,,\n",
    "unicode.txt": table("\t").replace("\n", "\r\n").encode("utf-16"),
    "big.txt": b"\xfe\xff" + table("\t").encode("utf-16-be"),
    "pandas.csv": PANDAS,
    "tuples.csv": table(";", "({}, {})"),
    "arrays.tsv": table("\t", "[{} {}]"),
    "capitals.csv": table(",", "{}X{}"),
    "crosses.csv": table(",", "{}×{}"),
    "floats.csv": table(",", in_channels="4.0", out_channels="6.0").replace(
        "16x16,4.0,6.0", "16x16,6,3"
    ),
    "lines.jsonl": json.dumps(UP) + "\n" + json.dumps(TOP),
    "floats.jsonl": json.dumps({**UP, "stride": 2.0, "dilation": None}) + "\n" + json.dumps(TOP),
    "array.json": json.dumps([UP, TOP]),
    "records.json": json.dumps([UP, TOP], separators=(",", ":")),
    "pretty.json": json.dumps([UP, TOP], indent=2),
    "tabbed.json": json.dumps([UP, TOP], indent="\t"),
    "objects.json": json.dumps(UP, indent=4) + "\n" + json.dumps(TOP, indent=4) + "\n",
    "windows.json": json.dumps([UP, TOP], indent=2).replace("\n", "\r\n").encode("utf-8-sig"),
    "unicode.json": json.dumps([UP, TOP], indent=2).encode("utf-16"),
    "sizes.json": json.dumps([{**UP, "output_size": [16, 16]}, {**TOP, "output_size": "32x32"}]),
    "sweep.parquet": parquet,
    "renamed.csv": parquet,
}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes | Callable[[], bytes]], Path]:
    """Writes a file."""

    def write(name: str, content: str | bytes | Callable[[], bytes]) -> Path:
        path = tmp_path / name
        given = content() if callable(content) else content
        path.write_bytes(given.encode() if isinstance(given, str) else given)
        return path

    return write


@pytest.mark.parametrize("name", READ)
def test_files_that_are_read(program: Program, file: Any, name: str) -> None:
    done = program(f"count {file(name, READ[name])} --json")
    assert done.status == 0
    counted = [json.loads(line) for line in done.out.splitlines()]
    assert {row["name"]: row["count"]["macs"] for row in counted} == MACS


@pytest.mark.parametrize("content", [json.dumps(UP), json.dumps(UP, indent=2)])
def test_one_object_is_one_layer(program: Program, file: Any, content: str) -> None:
    done = program(f"count {file('layer.json', content)} --json")
    assert json.loads(done.out)["count"]["macs"] == MACS["up"]


@pytest.mark.parametrize("name", ["model.csv", "model.bin", "model"])
def test_a_renamed_model_is_a_model(program: Program, file: Any, name: str) -> None:
    """An ONNX file whose 1×4×8×8 input meets four taps of each axis, which all land."""
    node = onnx.helper.make_node("ConvTranspose", ["x", "w"], ["y"], "up", kernel_shape=[4, 4])
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 4, 8, 8]), ("w", [4, 6, 4, 4]), ("y", None))
    ]
    graph = onnx.helper.make_graph([node], "g", values[:2], values[2:])
    model = onnx.helper.make_model(graph, producer_name="me")
    done = program(f"count {file(name, model.SerializeToString())} --json")
    (row,) = json.loads(done.out)["layers"]
    assert row["count"]["macs"] == 4 * 6 * (8 * 4) ** 2


def test_an_output_size_is_torchs(program: Program, file: Any) -> None:
    """It once was carried through, and the layer without output padding was counted."""
    sizes = {**UP, "kernel_size": 3, "output_size": [16, 15]}
    done = program(f"count {file('layers.jsonl', json.dumps(sizes))} --json")
    module = torch.nn.ConvTranspose2d(4, 6, 3, 2, 1)
    output = module(torch.ones(1, 4, 8, 8), output_size=[16, 15])
    assert json.loads(done.out)["count"]["output_size"] == list(output.shape[2:])


WANTED = "wanted are JSON Lines, a JSON array, or CSV whose header has input_size, in_channels, "
CSV = "save the table as CSV"
TORCH = "is a file that torch saved: oracle.count_module counts a model"
YAML = "- name: up\n  input_size: [8, 8]\n  in_channels: 4\n"
MODULE = torch.nn.ConvTranspose2d(4, 6, 4)

#: What is in a file that has no layers, and the one line that says so, behind its path.
REFUSED: dict[str, tuple[str | bytes | Callable[[], bytes], str]] = {
    "layers.yaml": (YAML, f"is YAML: {WANTED}"),
    "comment.yaml": ("# layers\n" + YAML, f"is YAML: {WANTED}"),
    "model.yml": ("layers:\n  up:\n    stride: 2\n", f"is YAML: {WANTED}"),
    "book.xlsx": (archive("[Content_Types].xml"), f"is an Excel workbook: {CSV}"),
    "written.xlsx": (archive("docProps/app.xml"), f"is an Excel workbook: {CSV}"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"is a document of an office program: {CSV}"),
    "book.ods": (archive("mimetype"), f"is a document of an office program: {CSV}"),
    "weights.pt": (lambda: saved(lambda to: torch.save(MODULE.state_dict(), to)), TORCH),
    "module.pth": (lambda: saved(lambda to: torch.save(MODULE, to)), TORCH),
    "old.pt": (
        lambda: saved(lambda to: torch.save({}, to, _use_new_zipfile_serialization=False)),
        TORCH,
    ),
    "rows.pkl": (pickle.dumps([UP]), f"is a pickle, which could run anything: {WANTED}"),
    "arrays.npz": (
        lambda: saved(lambda to: np.savez(to, a=np.ones(3))),
        "is a zip archive: unpack it",
    ),
    "array.npy": (lambda: saved(lambda to: np.save(to, np.ones(3))), f"is no text: {WANTED}"),
    "layers.csv.gz": (gzip.compress(table(",").encode()), "is compressed: unpack it"),
    "layers.csv.bz2": (bz2.compress(table(",").encode()), "is compressed: unpack it"),
    "table.feather": (b"ARROW1\0\0", "is an Arrow file: write it as Parquet or CSV"),
    "model.h5": (b"\x89HDF\r\n\x1a\n\0", f"is an HDF5 file: {WANTED}"),
    "printed.txt": (str(torch.nn.Sequential(MODULE)), "is Python, or what it prints of a model: "),
    "page.html": ("<!DOCTYPE html>\n<html>\n<p>\n", "is XML or HTML: "),
    "table.md": ("| input_size | stride |\n|---|---|\n| 8x8 | 2 |\n", "is a table of Markdown: "),
    "notes.txt": ("Layers of the decoder\nfrom the paper\n", "begins with 'Layers of the decoder'"),
    "empty.csv": ("", "has no layers"),
    "header.csv": (table(",").split("\n")[0], "has no layers"),
    "lacking.csv": ("name,input_size,in_channels\nup,8x8,4\n", "has no column 'out_channels' in"),
    "twice.csv": (table(",").replace("name", "stride"), "has the column 'stride' twice in its"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_without_layers(program: Program, file: Any, name: str) -> None:
    content, words = REFUSED[name]
    path = file(name, content)
    done = program(f"count {path}")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"analytic: {path} {words}")
    assert done.err.count("\n") == 1


#: What is wrong with every row, and the one line that says so, behind the path.
ALL_BAD: dict[str, tuple[str, str]] = {
    "stars.csv": (
        table(",", "{}*{}"),
        "line 2: input_size: '8*8' is not an integer, nor integers joined by x: is 8x8 meant?",
    ),
    "spaces.csv": (
        table(",", "{} {}"),
        "line 2: input_size: '8 8' is not an integer, nor integers joined by x: is 8x8 meant?",
    ),
    "commas.csv": (
        table(";", "{},{}"),  # or with a decimal comma?
        "line 2: input_size: '8,8' is not an integer, nor integers joined by x: is 8x8 meant?",
    ),
    "halves.csv": (table(",", stride="2.5"), "line 2: stride: '2.5' is not an integer"),
    "keras.csv": (table(",").replace("stride", "strides"), "line 2: 'strides' must be written 's"),
    "case.csv": (table(",").replace("stride", "Stride"), "line 2: 'Stride' must be written 'str"),
    "onnx.jsonl": (
        "\n".join(
            json.dumps({**row, "pads": [1] * 4}).replace("padding", "p") for row in (UP, TOP)
        ),
        "line 1: 'pads' must be written 'padding'",
    ),
    "mode.jsonl": (
        "\n".join(json.dumps({**row, "padding_mode": "circular"}) for row in (UP, TOP)),
        "line 1: padding_mode must be 'zeros', got 'circular'",
    ),
    "kind.jsonl": (
        "\n".join(json.dumps({**row, "type": "Conv2d"}) for row in (UP, TOP)),
        "line 1: type 'Conv2d' is an ordinary convolution: transposed must be false",
    ),
    "nan.jsonl": (
        "\n".join(json.dumps({**row, "stride": float("nan")}) for row in (UP, TOP)),
        "line 1: not JSON: 'NaN' is no number that JSON can have",
    ),
    "output.jsonl": (
        "\n".join(json.dumps({**row, "output_size": [9, 9]}) for row in (UP, TOP)),
        "line 1: output_size must be from 16 to 17, got 9 on axis 0",
    ),
    "zero.json": (json.dumps([{**UP, "groups": 0}] * 2), "line 1: groups must be positive, got 0"),
}


@pytest.mark.parametrize("name", ALL_BAD)
def test_files_whose_rows_all_fail_for_one_reason(program: Program, file: Any, name: str) -> None:
    content, words = ALL_BAD[name]
    path = file(name, content)
    done = program(f"count {path}")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"analytic: {path}, {words}")
    assert done.err.endswith("(and so do all 2 rows)\n")
    assert done.err.count("\n") == 1
