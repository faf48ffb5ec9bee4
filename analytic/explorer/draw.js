// How a grid looks: its cells, the profiles beside them, what is hatched and what is lit, written
// with a pen. One pen writes on a canvas, another writes SVG.
const NARROW = 6,
  WIDE = 32,
  TALL = 20,
  LEAST = 1,
  MARK = 4,
  MOST_CELLS = 2n ** 16n,
  STRIP = 44,
  MARGIN = 3,
  LABELS = 16,
  HATCH = 5;
const PALETTES = {
  light: {
    paper: "#ffffff",
    ink: "#1b1f24",
    soft: "#57606a",
    line: "#c9d1d9",
    cell: "#f5f7f9",
    done: "#d6e2f5",
    lit: "#c2185b",
    on: "#ffffff",
    dead: "#b3261e",
  },
  dark: {
    paper: "#14181d",
    ink: "#e8ebef",
    soft: "#a3adb8",
    line: "#3a434d",
    cell: "#1c2229",
    done: "#28405f",
    lit: "#ff6fa5",
    on: "#14181d",
    dead: "#ff8a80",
  },
};
const paletteNow = () => PALETTES[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
const FONT = "system-ui, sans-serif";

// --- Pens -------------------------------------------------------------------------------------

// The lines of a hatched box, cut at its sides.
function hatching(x, y, width, height) {
  const lines = [];
  for (let from = HATCH - height; from < width; from += HATCH) {
    const [left, right] = [Math.max(0, from), Math.min(width, from + height)];
    if (left < right) lines.push([x + left, y + height - (left - from), x + right, y + height - (right - from)]);
  }
  return lines;
}

const css = ([red, green, blue]) => `rgb(${red},${green},${blue})`;

class CanvasPen {
  constructor(canvas, width, height, ratio) {
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    this.context = canvas.getContext("2d");
    this.context.scale(ratio, ratio);
    this.context.textBaseline = "middle";
  }
  rect(x, y, width, height, colour) {
    this.context.fillStyle = colour;
    this.context.fillRect(x, y, width, height);
  }
  frame(x, y, width, height, colour, thick) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = thick;
    this.context.strokeRect(x, y, width, height);
  }
  text(words, x, y, colour, size, { most, align = "center" } = {}) {
    this.context.fillStyle = colour;
    this.context.font = `${size}px ${FONT}`;
    this.context.textAlign = align;
    this.context.fillText(words, x, y, most);
  }
  lines(segments, colour) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = 1;
    this.context.beginPath();
    for (const [x, y, toX, toY] of segments) {
      this.context.moveTo(x, y);
      this.context.lineTo(toX, toY);
    }
    this.context.stroke();
  }
  // One pixel a cell, then enlarged: what has no shade is left out.
  cells(x, y, wide, tall, rows) {
    const across = rows[0].length,
      small = element("canvas", { width: across, height: rows.length });
    const image = new ImageData(across, rows.length),
      pixels = new Uint32Array(image.data.buffer);
    const lineOf = onceEach((row) => Uint32Array.from(row, (cell) => (cell && cell.shade ? cell.pixel : 0)));
    rows.forEach((row, down) => pixels.set(lineOf(row), down * across));
    small.getContext("2d").putImageData(image, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(small, x, y, across * wide, rows.length * tall);
  }
}

class SvgPen {
  constructor() {
    this.written = [];
  }
  write(text) {
    this.written.push(text);
  }
  rect(x, y, width, height, colour) {
    this.write(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`);
  }
  frame(x, y, width, height, colour, thick) {
    this.write(
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="${colour}" stroke-width="${thick}"/>`,
    );
  }
  text(words, x, y, colour, size, { align = "center" } = {}) {
    const anchor = { center: "middle", left: "start" }[align];
    this.write(
      `<text x="${x}" y="${y}" dy=".35em" fill="${colour}" font-family="${FONT}" font-size="${size}" text-anchor="${anchor}">${words}</text>`,
    );
  }
  lines(segments, colour) {
    this.write(
      `<path d="${segments.map(([x, y, toX, toY]) => `M${x} ${y}L${toX} ${toY}`).join("")}" stroke="${colour}" fill="none"/>`,
    );
  }
  // The cells of one colour are one path.
  cells(x, y, wide, tall, rows) {
    const paths = new Map();
    rows.forEach((row, down) =>
      row.forEach((cell, at) => {
        if (!cell || !cell.shade) return;
        if (!paths.has(cell)) paths.set(cell, []);
        paths.get(cell).push(`M${x + at * wide} ${y + down * tall}h${wide}v${tall}h${-wide}z`);
      }),
    );
    for (const [{ shade }, path] of paths) this.write(`<path d="${path.join("")}" fill="${css(shade)}"/>`);
  }
}

// --- Where the cells of a grid stand ----------------------------------------------------------

// The positions of an axis for which there is room: all, or as many of both ends, and null for a gap.
function places(length, room) {
  const range = (start, number) => upTo(number).map((at) => start + BigInt(at));
  if (length <= BigInt(room)) return range(0n, Number(length));
  const head = Math.ceil((room - 1) / 2),
    tail = Math.floor((room - 1) / 2);
  return [...range(0n, head), null, ...range(length - BigInt(tail), tail)];
}

// The two axes that are drawn, down and across, and the one of which there is a slice; null for none.
const planeOf = (axes) =>
  [
    { down: null, across: 0, slice: null },
    { down: 0, across: 1, slice: null },
    { down: 1, across: 2, slice: 0 },
  ][axes - 1];

// Which cells of a grid are drawn, and how large they are. The grid with the result has room for profiles.
function layOut(layer, name, isResult, room) {
  const plane = planeOf(layer.axes.length),
    lengths = lengthsOf(layer, name),
    strip = isResult ? STRIP : 0;
  const [down, across] = [plane.down, plane.across].map((axis) => (axis === null ? 1n : lengths[axis]));
  const width = room.width - strip - 2 * MARGIN,
    height = room.height - strip - 2 * MARGIN;
  const fitting = Math.min(
    Math.floor(width / Number(across)),
    plane.down === null ? WIDE : Math.floor(height / Number(down)),
  );
  const isWhole = fitting >= LEAST && down * across <= MOST_CELLS;
  const wide = isWhole ? Math.min(WIDE, fitting) : NARROW,
    tall = plane.down === null ? Math.max(wide, TALL) : wide;
  const rows = places(down, Math.max(3, Math.floor(height / tall))),
    columns = places(across, Math.max(3, Math.floor(width / wide)));
  return {
    name,
    letter: letterOf(layer, name),
    isResult,
    plane,
    lengths,
    wide,
    tall,
    rows,
    columns,
    left: strip + MARGIN,
    top: strip + MARGIN,
    width: strip + 2 * MARGIN + columns.length * wide,
    height: strip + 2 * MARGIN + rows.length * tall,
  };
}

const boxOf = ({ left, top, wide, tall }, down, across) => [left + across * wide, top + down * tall, wide, tall];

// --- What a grid shows ------------------------------------------------------------------------

// The shade of a value where no other is more than `most`: red, green, blue, and whether it is light.
function shadeOf(value, most) {
  return data.shades[most ? (value * BigInt(data.shades.length - 1)) / most : 0];
}

// The looks of each value, worked out once: a map has many cells and few values.
function looks(most) {
  return onceEach((value) => {
    const shade = shadeOf(value, most),
      [red, green, blue, isLight] = shade;
    const pixel = new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
    return { shade: value ? shade : null, pixel, ink: isLight ? "#000" : "#fff", text: `${value}` };
  });
}

// A function that is asked once for each thing: rows that are alike are one.
function onceEach(make) {
  const known = new Map();
  return (thing) => {
    if (!known.has(thing)) known.set(thing, make(thing));
    return known.get(thing);
  };
}

// A grid without what is lit: cells, profiles, gaps, dead taps.
function drawGrid(pen, grid, colours) {
  if (grid.isResult) drawResult(pen, grid, colours);
  else drawSource(pen, grid, colours);
  drawGaps(pen, grid, colours);
  if (grid.letter === "t") drawDead(pen, grid, colours);
}

function drawResult(pen, grid, colours) {
  const look = looks(grid.most),
    shown = grid.counts.map(onceEach((row) => row.map((count) => (count === null ? null : look(count)))));
  pen.cells(grid.left, grid.top, grid.wide, grid.tall, shown);
  const isLabelled = (cell) => cell && (cell.shade ? grid.wide >= LABELS : true);
  if (grid.wide >= MARK)
    shown.forEach((row, down) =>
      row.forEach((cell, across) => {
        if (isLabelled(cell)) label(pen, boxOf(grid, down, across), cell, colours);
      }),
    );
  drawBars(pen, grid, grid.columns, "across");
  if (grid.plane.down !== null) drawBars(pen, grid, grid.rows, "down");
}

// The number of a cell where there is room for it, and a dot where nothing lands.
function label(pen, [x, y, wide, tall], { shade, ink, text }, colours) {
  const size = Math.max(1, Math.floor(wide / 8));
  if (!shade)
    pen.rect(Math.round(x + wide / 2 - size / 2), Math.round(y + tall / 2 - size / 2), size, size, colours.ink);
  else pen.text(text, x + wide / 2, y + tall / 2 + 0.5, ink, Math.min(12, wide - 5), { most: wide - 2 });
}

// The profile of an axis, in the colours of the cells: one colour is one number.
function drawBars(pen, grid, positions, which) {
  const { profile, most } = grid.profiles[which],
    isAcross = which === "across",
    cell = isAcross ? grid.wide : grid.tall;
  positions.forEach((position, at) => {
    if (position === null || !profile[at]) return;
    const long = Math.max(2, Math.round((Number((profile[at] * 1000n) / most) / 1000) * (STRIP - 12)));
    const colour = css(shadeOf(profile[at], grid.most)),
      from = (isAcross ? grid.left : grid.top) + at * cell,
      thick = cell - (cell > 8 ? 1 : 0);
    if (isAcross) pen.rect(from, grid.top - 6 - long, thick, long, colour);
    else pen.rect(grid.left - 6 - long, from, long, thick, colour);
  });
}

// Cells that are only pointed at: the inputs that are stamped already are tinted.
function drawSource(pen, { left, top, wide, tall, rows, columns, done }, colours) {
  const width = columns.length * wide,
    height = rows.length * tall;
  pen.rect(left, top, width, height, colours.cell);
  if (done)
    rows.forEach((_, down) =>
      columns.forEach((__, across) => {
        if (done[down][across]) pen.rect(left + across * wide, top + down * tall, wide, tall, colours.done);
      }),
    );
  const lines = [
    ...upTo(rows.length + 1).map((at) => [left, top + at * tall, left + width, top + at * tall]),
    ...upTo(columns.length + 1).map((at) => [left + at * wide, top, left + at * wide, top + height]),
  ];
  const isFine = wide < 5; // then lines would be all there is to see
  pen.lines(
    (isFine ? [0, rows.length, rows.length + 1, lines.length - 1].map((at) => lines[at]) : lines).map((line) =>
      line.map((number) => number + 0.5),
    ),
    colours.line,
  );
}

// What is counted but not drawn, in cells and bars: hatched, as in the figures.
function drawGaps(pen, { left, top, wide, tall, rows, columns }, colours) {
  columns.forEach((position, at) => {
    if (position === null) pen.lines(hatching(left + at * wide, 0, wide, top + rows.length * tall), colours.soft);
  });
  rows.forEach((position, at) => {
    if (position === null) pen.lines(hatching(0, top + at * tall, left + columns.length * wide, tall), colours.soft);
  });
}

// Taps that meet no input, whatever the data.
function drawDead(pen, grid, colours) {
  grid.rows.forEach((_, down) =>
    grid.columns.forEach((__, across) => {
      if (!grid.dead[down][across]) return;
      const box = boxOf(grid, down, across);
      pen.lines(hatching(...box), colours.dead);
      if (grid.wide >= LABELS) pen.frame(box[0] + 1.5, box[1] + 1.5, box[2] - 3, box[3] - 3, colours.dead, 1);
    }),
  );
}

// What is lit: the cells of the pairs, with letters that say which belong together, and the cursor.
function drawLit(pen, grid, { cells, cursor }, colours) {
  for (const { down, across, name } of cells) {
    const [x, y, wide, tall] = boxOf(grid, down, across),
      thick = wide >= 12 ? 3 : 1,
      inset = thick / 2;
    if (grid.isResult && wide >= 8) {
      pen.frame(x + inset + 1, y + inset + 1, wide - thick - 2, tall - thick - 2, "#fff", thick + 2);
      pen.frame(x + inset + 1, y + inset + 1, wide - thick - 2, tall - thick - 2, PALETTES.light.lit, thick);
    } else
      pen.rect(
        ...(wide < 5 ? visible(x, y, wide, tall) : [x + 1, y + 1, wide - 1, tall - 1]),
        grid.isResult ? PALETTES.light.lit : colours.lit,
      );
    if (name && wide >= LABELS - 4 && !grid.isResult)
      pen.text(name, x + wide / 2, y + tall / 2 + 0.5, colours.on, Math.min(13, wide - 3));
  }
  if (cursor) drawCursor(pen, grid, cursor, colours);
}

// A box that is large enough to be seen where the cells are not.
function visible(x, y, wide, tall) {
  const [more, longer] = [wide, tall].map((side) => Math.max(0, MARK - side) / 2);
  return [x - more, y - longer, wide + 2 * more, tall + 2 * longer];
}

function drawCursor(pen, grid, [down, across], colours) {
  const [x, y, wide, tall] = visible(...boxOf(grid, down, across));
  if (grid.isResult) {
    pen.frame(x + 0.5, MARGIN + 0.5, wide - 1, STRIP - 6, colours.ink, 1);
    if (grid.plane.down !== null) pen.frame(MARGIN + 0.5, y + 0.5, STRIP - 6, tall - 1, colours.ink, 1);
  }
  pen.frame(x, y, wide, tall, "#fff", 2);
  pen.frame(x - 0.5, y - 0.5, wide + 1, tall + 1, "#000", 1);
}
