// The three grids: which pairs belong to what is pointed at, and how the kernel is stamped, input by
// input. `view` is what is shown; each grid remembers where its own cursor is.
const LISTED = 12,
  LETTERS = "abcdefghijklmnopqrstuvwxyz",
  MOST_STEPS = 10n ** 6n;
const RESULTS = { forward: "output", grad_input: "input", grad_weight: "kernel", grad_bias: null };
const TITLES = {
  forward: { input: "input", kernel: "kernel", output: "output" },
  grad_input: { input: "gradient of the input", kernel: "kernel", output: "gradient of the output" },
  grad_weight: { input: "input", kernel: "gradient of the kernel", output: "gradient of the output" },
  grad_bias: { input: "input", kernel: "kernel", output: "gradient of the output" },
};
let view = null;
const cursors = { input: [], kernel: [], output: [] },
  slices = { input: 0n, kernel: 0n, output: 0n };
let active = "output";

// --- What is shown ----------------------------------------------------------------------------

const canvasOf = (name) => $(`grid-${name}`);
const shownGrids = (pass) => GRIDS.filter((name) => pass !== "grad_bias" || name === "output");
const sized = (lengths) => lengths.map(grouped).join(" × ");

// A grid with its name, and for three axes the slice of it that is shown.
function makeGrids() {
  $("grids").append(
    ...GRIDS.map((name) => {
      const button = (id, sign, label) =>
        element("button", { type: "button", id: `${id}-${name}`, "aria-label": `${label} slice of the ${name}` }, sign);
      const canvas = element("canvas", {
        id: `grid-${name}`,
        tabindex: 0,
        role: "application",
        "aria-roledescription": "grid",
        "aria-labelledby": `title-${name}`,
        "aria-describedby": "map-help scale gaps",
      });
      const slice = element(
        "p",
        { class: "slice", id: `slice-${name}` },
        button("less", "−", "previous"),
        " ",
        button("more", "+", "next"),
        " ",
        element("span", { id: `slice-words-${name}` }),
      );
      return element("figure", { id: `figure-${name}` }, element("figcaption", { id: `title-${name}` }), canvas, slice);
    }),
  );
}

// How many pixels a grid may take: the page is asked for them once, before it changes.
function roomOf(name) {
  return {
    width: Math.max(120, canvasOf(name).parentElement.clientWidth),
    height: Math.max(200, Math.min(600, window.innerHeight - 120)),
  };
}

function showGrids(layer, count, pass) {
  const result = RESULTS[pass],
    kept = view && view.key === keyOf(layer, pass) ? view.stamped : null;
  $("grids").className = layer.axes.length === 1 ? "stacked" : pass === "grad_bias" ? "alone" : "";
  for (const name of GRIDS) $(`figure-${name}`).className = name === result ? "result" : "";
  for (const name of GRIDS) $(`figure-${name}`).hidden = !shownGrids(pass).includes(name);
  const rooms = shownGrids(pass).map(roomOf);
  view = { layer, count, pass, result, stamped: kept, key: keyOf(layer, pass), grids: {} };
  view.order = result === null ? letterOf(layer, "output") : "i"; // whose elements are stamped, one by one
  settleCursors(layer);
  shownGrids(pass).forEach((name, at) => {
    view.grids[name] = layOut(layer, name, name === result, rooms[at]);
  });
  if (!(active in view.grids)) active = "output";
  for (const grid of Object.values(view.grids)) nearestDrawn(grid);
  followSlices(active);
  fillGrids();
  showPlayer();
  showScale();
}

const keyOf = (layer, pass) => JSON.stringify([pass, layer.kind, layer.axes.map((axis) => axis.map(String))]);

// A cursor stays where it is, as far as the layer reaches there.
function settleCursors(layer) {
  for (const name of GRIDS) {
    const lengths = lengthsOf(layer, name),
      inside = (at, axis) => (at < lengths[axis] ? at : lengths[axis] - 1n);
    cursors[name] = lengths.map((_, axis) => inside(cursors[name][axis] ?? 1n, axis));
    slices[name] = lengths.length === 3 ? inside(slices[name], 0) : 0n;
    if (lengths.length === 3) cursors[name][0] = slices[name];
  }
}

// A cursor in a gap goes to the end before it.
function nearestDrawn(grid) {
  for (const [axis, positions] of [
    [grid.plane.down, grid.rows],
    [grid.plane.across, grid.columns],
  ]) {
    if (axis === null || positions.includes(cursors[grid.name][axis])) continue;
    cursors[grid.name][axis] = positions[positions.indexOf(null) - 1];
  }
}

const digitsNow = () =>
  view.stamped === null ? null : elementAt(view.stamped, lengthsOf(view.layer, gridOf(view.layer, view.order)));

// The numbers of every grid, and its picture without what is lit.
function fillGrids() {
  for (const grid of Object.values(view.grids)) {
    if (grid.isResult) fillResult(grid);
    else grid.done = grid.letter === view.order && view.stamped !== null ? doneIn(grid) : null;
    if (grid.letter === "t") grid.dead = eachCell(grid, (ofAxes) => ofAxes.some((count) => !count));
    picture(grid);
  }
  light();
}

// A value for each cell, from one for each axis at its position; null in a gap. Rows that are alike are one.
function eachCell(grid, join, of = (axis, at) => countAt(view.layer.axes[axis], grid.letter, at)) {
  const { down, across, slice } = grid.plane;
  const along = (axis, positions) => positions.map((at) => (at === null ? null : axis === null ? [] : [of(axis, at)]));
  const before = slice === null ? [] : [of(slice, slices[grid.name])],
    columns = along(across, grid.columns),
    known = new Map();
  return along(down, grid.rows).map((row) => {
    const alike = row && row.map((value) => (typeof value === "bigint" ? value : Object.values(value))).join();
    if (!known.has(alike))
      known.set(
        alike,
        columns.map((column) => (row && column ? join([...before, ...row, ...column]) : null)),
      );
    return known.get(alike);
  });
}

function fillResult(grid) {
  const { layer } = view,
    digits = digitsNow(),
    known = layer.axes.map(() => new Map());
  const finished = digits && view.stamped >= stepsOf(); // all are stamped: more than the digits can say
  const shared = (axis, at) => {
    if (!known[axis].has(at))
      known[axis].set(at, shares(layer.axes[axis], grid.letter, at, digits && !finished ? digits[axis] : null));
    return known[axis].get(at);
  };
  const mostOf = layer.axes.map((axis) => formulas[`most_${grid.letter}`](...axis)[0]);
  grid.counts = eachCell(grid, together, shared);
  grid.most = product(mostOf);
  const profile = (axis, positions) => ({
    most: mostOf[axis],
    profile: positions.map((at) => (at === null ? null : shared(axis, at).all)),
  });
  grid.profiles = {
    across: profile(grid.plane.across, grid.columns),
    ...(grid.plane.down === null ? {} : { down: profile(grid.plane.down, grid.rows) }),
  };
}

// Which elements are stamped already, in their order.
function doneIn(grid) {
  const lengths = lengthsOf(view.layer, grid.name),
    numberOf = (at) => at.reduce((number, digit, axis) => number * lengths[axis] + digit, 0n);
  return eachCell(
    grid,
    (at) => numberOf(at) < view.stamped,
    (_, at) => at,
  );
}

function picture(grid) {
  const canvas = canvasOf(grid.name);
  grid.base = element("canvas");
  drawGrid(new CanvasPen(grid.base, grid.width, grid.height, ratio()), grid, paletteNow());
  canvas.style.width = `${grid.width}px`;
  canvas.style.height = `${grid.height}px`;
  $(`title-${grid.name}`).textContent = titleOf(grid);
  $(`slice-${grid.name}`).hidden = grid.plane.slice === null;
  $(`slice-words-${grid.name}`).textContent = `slice ${slices[grid.name]} of 0 to ${grid.lengths[0] - 1n} on axis 0`;
}

const ratio = () => window.devicePixelRatio || 1;
const titleOf = (grid) => `${TITLES[view.pass][grid.name]}, ${sized(grid.lengths)}`;

// --- What is lit ------------------------------------------------------------------------------

// Draws every grid as it is, and over it what belongs to the cursor.
function light() {
  const names = lettersOfPairs();
  for (const grid of Object.values(view.grids)) {
    const pen = new CanvasPen(canvasOf(grid.name), grid.width, grid.height, ratio());
    pen.context.drawImage(grid.base, 0, 0, grid.width, grid.height);
    drawLit(pen, grid, litIn(grid, names), paletteNow());
  }
}

function litIn(grid, names) {
  if (grid.name === active) return { cells: [], cursor: placeOf(grid, cursors[active]) };
  const { down, across, slice } = grid.plane,
    cells = [];
  const isLit = (axis, at) => at !== null && (axis === null || pairWith(axis, grid.letter, at) !== null);
  if (slice !== null && !isLit(slice, slices[grid.name])) return { cells, cursor: null };
  const columns = upTo(grid.columns.length).filter((at) => isLit(across, grid.columns[at]));
  for (const row of upTo(grid.rows.length).filter((at) => isLit(down, grid.rows[at]))) {
    for (const column of columns) {
      const at = [...(down === null ? [] : [grid.rows[row]]), grid.columns[column]];
      cells.push({ down: row, across: column, name: names.get(`${grid.letter} ${at}`) });
    }
  }
  return { cells, cursor: null };
}

// The pair that what is pointed at makes with an element of another grid, along an axis.
function pairWith(axis, letter, at) {
  return pairOf(view.layer.axes[axis], { [letterOf(view.layer, active)]: cursors[active][axis], [letter]: at });
}

function placeOf(grid, at) {
  const { down, across } = grid.plane;
  return [down === null ? 0 : grid.rows.indexOf(at[down]), grid.columns.indexOf(at[across])];
}

// A letter for each pair of what is pointed at, where there are few: alike in the other two grids.
function lettersOfPairs() {
  const { layer } = view,
    letter = letterOf(layer, active),
    names = new Map(),
    most = LETTERS.length;
  const { down, across } = planeOf(layer.axes.length),
    axes = [down, across].filter((axis) => axis !== null);
  const lists = axes.map((axis) => pairsAt(layer.axes[axis], letter, cursors[active][axis], most + 1));
  if (lists.reduce((number, list) => number * list.length, 1) > most) return names;
  const pairs = lists.reduce((known, list) => known.flatMap((pair) => list.map((other) => [...pair, other])), [[]]);
  pairs.forEach((pair, number) => {
    for (const of of ["i", "t", "y"]) names.set(`${of} ${pair.map((along) => along[of])}`, LETTERS[number]);
  });
  return names;
}

// The slices of the other grids are of a pair with this one, if there is any.
function followSlices(name) {
  const { layer } = view,
    axis = layer.axes[0],
    letter = letterOf(layer, name);
  if (layer.axes.length < 3 || view.pass === "grad_bias") return;
  const others = GRIDS.filter((grid) => grid !== name),
    letters = others.map((grid) => letterOf(layer, grid));
  // A pair that keeps one of the other slices, or else the first there is.
  const keeping = others.map((grid, at) => pairOf(axis, { [letter]: slices[name], [letters[at]]: slices[grid] }));
  const next = keeping[0] ?? keeping[1] ?? pairsAt(axis, letter, slices[name], 1)[0];
  if (next)
    others.forEach((grid, at) => {
      slices[grid] = next[letters[at]];
      cursors[grid][0] = slices[grid];
    });
}

// --- What is said of it -----------------------------------------------------------------------

const WORD = { t: "tap" };
const wordOf = (letter) => WORD[letter] ?? gridOf(view.layer, letter);

// One line for the products of an element, one for the pairs of each axis.
function linesOf(name, at) {
  const { layer } = view,
    letter = letterOf(layer, name),
    counts = layer.axes.map((axis, number) => countAt(axis, letter, at[number]));
  const multiplied = counts.length === 1 ? `${counts[0]}` : `${counts.join(" × ")} = ${product(counts)}`;
  const lines = layer.axes.map((axis, number) => {
    const listed = pairsAt(axis, letter, at[number], LISTED),
      more = counts[number] - BigInt(listed.length);
    const words = listed.map((pair) =>
      ["input", "kernel", "output"]
        .map((grid) => letterOf(layer, grid))
        .filter((of) => of !== letter)
        .map((of) => `${wordOf(of)} ${pair[of]}`)
        .join(", "),
    );
    if (more) words.push(`${words.length ? "and " : ""}${more} more`);
    return `Axis ${number}: ${words.join("; ") || "no pair"}`;
  });
  const how = letter === "t" ? "with" : name === "output" ? "on" : "of";
  return [`Products ${how} ${wordOf(letter)} ${placed(at)}: ${multiplied}`, ...lines];
}

const placed = (at) => (at.length === 1 ? `${at[0]}` : `(${at.join(", ")})`);

function showPosition() {
  const lines = view.pass === "grad_bias" ? biasLines() : linesOf(active, cursors[active]);
  $("position").replaceChildren(...lines.map((line) => element("p", {}, line)));
  return lines.join(". ");
}

function biasLines() {
  const { layer } = view,
    [added, all] = [view.stamped ?? stepsOf(), stepsOf()].map(grouped),
    [samples, channels] = [layer.batch_size, layer.out_channels].map(grouped);
  if (!layer.bias) return ["This layer has no bias"];
  const words = `Each output is added to the gradient of its channel's bias: ${added} of ${all}`;
  return [`${words}; samples ${samples}, channels ${channels}`];
}

function showScale() {
  const result = view.grids[view.result];
  $("ramp").hidden = !result;
  $("scale").textContent = [...(result ? [scaleWords(result)] : []), ...deadWords()].join("; ");
  const gaps = Object.values(view.grids).flatMap(gapsIn);
  $("gaps").replaceChildren(...breakable(gaps.length ? `hatched: ${gaps.join("; ")}` : ""));
}

function scaleWords({ most, letter, wide }) {
  const blank = wide < MARK ? "what is blank" : "a dot",
    word = wordOf(letter);
  return `dark to light: few to ${grouped(most)} products, the most that can land on one ${word}; ${blank} receives none`;
}

function deadWords() {
  const { kernel } = view.grids;
  return kernel && kernel.dead.flat().some(Boolean) ? ["hatched red: dead taps, which meet no input"] : [];
}

// What is said of the rows and the columns of a grid that are not drawn.
function gapsIn(grid) {
  const axes = [
    ["rows", grid.rows],
    ["columns", grid.columns],
  ].filter(([, positions]) => positions.includes(null));
  return axes.map(([what, positions]) => {
    const at = positions.indexOf(null),
      name = grid.isResult ? what : `${what} of the ${TITLES[view.pass][grid.name]}`;
    return fill(data.gap, {
      what: name,
      first: grouped(positions[at - 1] + 1n),
      last: grouped(positions[at + 1] - 1n),
    });
  });
}

// The colours from few to many, beside their words.
function makeRamp() {
  const steps = upTo(9).map((at) => css(data.shades[Math.round((at * (data.shades.length - 1)) / 8)]));
  $("ramp").style.background = `linear-gradient(to right, ${steps.join(", ")})`;
}

// --- Pointing and walking ---------------------------------------------------------------------

// Moves the cursor of a grid to an element, and lights what belongs to it.
function moveTo(name, at) {
  const isSlice = view.layer.axes.length === 3,
    before = isSlice && GRIDS.map((grid) => slices[grid]).join();
  active = name;
  cursors[name] = at;
  if (isSlice) slices[name] = at[0];
  followSlices(name);
  if (isSlice && before !== GRIDS.map((grid) => slices[grid]).join()) fillGrids();
  else light();
  return showPosition();
}

// The element of a cell, or null in a gap.
function elementIn(grid, [down, across]) {
  const { plane } = grid,
    at = [...cursors[grid.name]],
    row = grid.rows[down],
    column = grid.columns[across];
  if (row === null || row === undefined || column === null || column === undefined) return null;
  if (plane.down !== null) at[plane.down] = row;
  at[plane.across] = column;
  if (plane.slice !== null) at[0] = slices[grid.name];
  return at;
}

function point(name, event) {
  const grid = view && view.grids[name];
  if (!grid || playing) return;
  const box = canvasOf(name).getBoundingClientRect();
  const at = elementIn(grid, [
    Math.floor((event.clientY - box.top - grid.top) / grid.tall),
    Math.floor((event.clientX - box.left - grid.left) / grid.wide),
  ]);
  if (at && (active !== name || `${at}` !== `${cursors[name]}`)) moveTo(name, at);
}

// A step over a gap goes to its other side.
function stepIn(positions, at, by) {
  const to = at + by + (positions[at + by] === null ? by : 0);
  return Math.max(0, Math.min(positions.length - 1, to));
}

function press(name, event) {
  const grid = view && view.grids[name];
  if (!grid) return;
  const [down, across] = placeOf(grid, cursors[name]);
  const targets = {
    ArrowUp: () => [stepIn(grid.rows, down, -1), across],
    ArrowDown: () => [stepIn(grid.rows, down, 1), across],
    ArrowLeft: () => [down, stepIn(grid.columns, across, -1)],
    ArrowRight: () => [down, stepIn(grid.columns, across, 1)],
    Home: () => [down, 0],
    End: () => [down, grid.columns.length - 1],
    PageUp: () => [0, across],
    PageDown: () => [grid.rows.length - 1, across],
  };
  if (!(event.key in targets)) return;
  event.preventDefault();
  say(moveTo(name, elementIn(grid, targets[event.key]())));
}

function moveSlice(name, by) {
  const to = slices[name] + by;
  if (!within(to, view.grids[name].lengths[0])) return;
  say(moveTo(name, [to, ...cursors[name].slice(1)]));
}

// --- Playing ----------------------------------------------------------------------------------

// The kernel is stamped for one input after the other, of an ordinary convolution for one output.
const stepsOf = () => product(lengthsOf(view.layer, gridOf(view.layer, view.order)));
let playing = null;

function showPlayer() {
  const steps = stepsOf(),
    isShort = steps <= MOST_STEPS;
  $("player").hidden = !isShort;
  if (!isShort) return stopPlaying();
  $("at-step").max = `${steps}`;
  $("at-step").value = `${view.stamped ?? steps}`;
  $("at-step").setAttribute("aria-valuetext", stepWords());
  $("step-words").textContent = stepWords();
  $("play").textContent = playing ? "Pause" : "Play";
}

// What the last stamp did, and what all of them have done.
function stepWords() {
  const { layer, stamped } = view,
    steps = stepsOf(),
    grid = gridOf(layer, view.order),
    word = wordOf(view.order);
  if (stamped === null || stamped === 0n)
    return `${stamped === null ? "all" : "none"} of ${grouped(steps)} ${word}s stamped`;
  const last = elementAt(stamped - 1n, lengthsOf(layer, grid));
  const added = view.result === null ? 1n : product(layer.axes.map((axis, at) => countAt(axis, view.order, last[at])));
  const [unit, all] = view.result === null ? ["output", steps] : ["product", view.count.factors[OVERLAPS]];
  return (
    `${word} ${placed(last)}: ${grouped(added)} ${unit}${added === 1n ? "" : "s"}; ` +
    `${grouped(landedBefore(stamped))} of ${grouped(all)} so far`
  );
}

// The products that the first so many inputs have landed.
function landedBefore(stamped) {
  const { layer } = view,
    lengths = lengthsOf(layer, gridOf(layer, view.order));
  if (view.result === null) return stamped;
  if (stamped >= stepsOf()) return view.count.factors[OVERLAPS];
  const landed = (axis) => formulas[`factors_${layer.kind}`](...axis)[OVERLAPS],
    digits = elementAt(stamped, lengths);
  return together(
    layer.axes.map((axis, at) => ({
      all: landed(axis),
      before: landed(formulas.first(...axis, digits[at])),
      with: countAt(axis, "i", digits[at]),
    })),
  );
}

// Shows so many stamps, with the cursor on the last.
function stampTo(stamped) {
  const steps = stepsOf(),
    to = stamped < 0n ? 0n : stamped > steps ? steps : stamped;
  view.stamped = to;
  if (to > 0n) {
    active = gridOf(view.layer, view.order);
    cursors[active] = elementAt(to - 1n, lengthsOf(view.layer, active));
    if (view.layer.axes.length === 3) slices[active] = cursors[active][0];
    followSlices(active);
  }
  fillGrids();
  showPosition();
  showPlayer();
}

function stepBy(by) {
  stopPlaying();
  stampTo((view.stamped ?? (by > 0n ? 0n : stepsOf())) + by);
  say(`${stepWords()}. ${showPosition()}`);
}

function stopPlaying() {
  clearTimeout(playing);
  playing = null;
  $("play").textContent = "Play";
}

// From where it stands, or anew; what would be too long goes in larger steps.
function play() {
  if (playing) return stopPlaying();
  const steps = stepsOf(),
    stride = (steps + 399n) / 400n,
    pause = Math.max(20, Math.min(400, Math.floor(12000 / Number(steps))));
  if (view.stamped === null || view.stamped >= steps) view.stamped = 0n;
  const next = () => {
    stampTo(view.stamped + stride);
    if (view.stamped < steps) playing = setTimeout(next, pause);
    else stopPlaying();
    showPlayer();
  };
  playing = setTimeout(next, 0);
  showPlayer();
}

function showAll() {
  stopPlaying();
  view.stamped = null;
  fillGrids();
  showPlayer();
  say(stepWords());
}

// --- The picture, to take along ---------------------------------------------------------------

const GAP = 28,
  TITLE = 22;

// The grids side by side on paper, with their names: what a pen has to write, and how large it is.
function composed() {
  const grids = Object.values(view.grids).sort((a, b) => a.isResult - b.isResult);
  const width = grids.reduce((sum, grid) => sum + Math.max(grid.width, titleOf(grid).length * 7) + GAP, GAP);
  const height = Math.max(...grids.map((grid) => grid.height)) + TITLE + (2 * GAP) / 2;
  const write = (pen, move) => {
    pen.rect(0, 0, width, height, PALETTES.light.paper);
    let x = GAP / 2;
    for (const grid of grids) {
      pen.text(titleOf(grid), x + MARGIN, GAP / 2, PALETTES.light.ink, 13, { align: "left" });
      move(pen, x, TITLE + GAP / 2 - 4, () => {
        drawGrid(pen, grid, PALETTES.light);
        drawLit(pen, grid, litIn(grid, lettersOfPairs()), PALETTES.light);
      });
      x += Math.max(grid.width, titleOf(grid).length * 7) + GAP;
    }
  };
  return { width, height, write };
}

function svgText() {
  const { width, height, write } = composed(),
    pen = new SvgPen();
  write(pen, (_, x, y, draw) => {
    pen.write(`<g transform="translate(${x} ${y})">`);
    draw();
    pen.write("</g>");
  });
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${pen.written.join("")}</svg>\n`;
}

function pngCanvas() {
  const { width, height, write } = composed(),
    canvas = element("canvas"),
    pen = new CanvasPen(canvas, width, height, 2);
  write(pen, (_, x, y, draw) => {
    pen.context.save();
    pen.context.translate(x, y);
    draw();
    pen.context.restore();
  });
  return canvas;
}
