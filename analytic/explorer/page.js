// Reads the fields, asks the exported formulas, and writes the answers. Numbers come from `formulas`,
// which are exported; rules, words and colours from `data`, where names in braces are to be filled in.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const named = (names, values, suffix = "") => Object.fromEntries(values.map((value, at) => [names[at] + suffix, value]));
const grouped = (number) => number.toLocaleString("en-US");
const NARROW = 6, WIDE = 32, STRIP = 44, LABELS = 16, HATCH = 5, LISTED = 12, TRIED = 20000n;

class Refusal extends Error {}

// --- The fields -----------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function field(argument, id) {
  return element("input", {
    type: "text", inputmode: "numeric", maxlength: 30, id, value: data.defaults[argument], spellcheck: "false",
  });
}

function makeFields() {
  // For the eye: the fields' own names say their axis.
  const heads = ["", "axis 0", "axis 1"].map((words) => element("span", {}, words));
  $("axes").append(element("div", { class: "row heads", id: "heads", "aria-hidden": "true" }, ...heads));
  for (const [argument, label] of Object.entries(data.labels)) {
    const onAxis = data.perAxis.includes(argument);
    const row = element("div", { class: onAxis ? "row" : "row single", "data-row": argument },
      element("label", { for: onAxis ? `${argument}-0` : argument }, label));
    row.append(...(onAxis ? [0, 1].map((at) => field(argument, `${argument}-${at}`)) : [field(argument, argument)]));
    $(onAxis ? "axes" : "channels").append(row);
  }
}

// Fields that come hold what held before without them: the layer stays as it is.
function keepLayer({ target }) {
  const copy = (from, to) => { $(to).value = $(from).value; };
  if (target.id === "linked" && !target.checked) for (const argument of data.perAxis) copy(`${argument}-0`, `${argument}-1`);
  if (target.id === "apart" && target.checked) for (const at of [0, 1]) copy(`padding-${at}`, `end_padding-${at}`);
}

// With crops apart, what torch calls padding is the begin alone.
function nameOf(argument) {
  return argument === "padding" && $("apart").checked ? data.begin : data.labels[argument];
}

function arrange() {
  const linked = $("linked").checked;
  $("heads").hidden = linked;
  for (const argument of data.perAxis) {
    const label = nameOf(argument);
    $(`${argument}-1`).hidden = linked;
    $(`${argument}-0`).parentElement.classList.toggle("linked", linked);
    for (const at of [0, 1]) $(`${argument}-${at}`).setAttribute("aria-label", `${label}, axis ${at}`);
    if (linked) $(`${argument}-0`).removeAttribute("aria-label"); // its label is enough
    document.querySelector(`[data-row="${argument}"] label`).textContent = label;
  }
  document.querySelector('[data-row="end_padding"]').hidden = !$("apart").checked;
}

// --- From fields to a layer, or to the refusal that Layer gives -------------------------------

// What was typed, as Python's `repr` writes it and `layer.shown` shows it: with single spaces.
function quoted(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const written = [...text].map((character) => {
    if (character === "\\" || character === quote) return `\\${character}`;
    if (character === "\t") return "\\t";
    return /[^\P{C}]|[^\P{Z} ]/u.test(character) ? escaped(character.codePointAt(0)) : character;
  });
  return quote + written.join("").replace(/ +/g, " ") + quote;
}

// A character that is not to be seen, by its number.
function escaped(code) {
  const [letter, digits] = code < 256 ? ["x", 2] : code < 65536 ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).padStart(digits, "0")}`;
}

function whole(argument, at, asList) {
  const input = $(at === null ? argument : `${argument}-${at}`);
  const text = input.value.trim();
  if (/^-?[0-9]+$/.test(text)) return BigInt(text);
  const template = at === null || !asList ? data.refusals.type : data.refusals.typeOnAxis;
  throw refusal(input, fill(template, { argument, value: quoted(input.value), axis: at }));
}

function refusal(input, words) {
  const made = new Refusal(words);
  made.input = input;
  return made;
}

function valuesOf(argument) {
  if (!data.perAxis.includes(argument)) return whole(argument, null, false);
  const asList = !$("linked").checked || argument === "input_size";
  const first = whole(argument, 0, asList);
  return [first, $("linked").checked ? first : whole(argument, 1, asList)];
}

function check(rules, slacks, values, fields, at) {
  slacks.forEach((slack, number) => {
    if (slack >= 0n) return;
    const { argument, words } = rules[number];
    const where = at === null ? "" : fill(data.refusals.where, { axis: at });
    const input = $(at === null ? argument : `${argument}-${$("linked").checked ? 0 : at}`);
    throw refusal(input, fill(words, { ...fields, value: values[number], where }));
  });
}

function readLayer() {
  const of = { end_padding: null, bias: $("bias").checked ? 1n : 0n };
  const apart = $("apart").checked;
  for (const argument of data.order) if (argument !== "end_padding" || apart) of[argument] = valuesOf(argument);
  of.axes = [0, 1].map((at) => data.axis.map((argument) => (of[argument] ?? of.padding)[at]));
  of.axes.forEach((axis, at) => {
    check(data.axisRules, formulas[apart ? "axisSlacksApart" : "axisSlacks"](...axis), formulas.axisRefused(...axis), named(data.letters, axis), at);
  });
  const rest = ["batch_size", "in_channels", "out_channels", "groups", "bias"].map((name) => of[name]);
  check(data.layerRules, formulas.layerSlacks(...rest), formulas.layerRefused(...rest), of, null);
  of.rest = rest;
  return of;
}

// --- Counts -----------------------------------------------------------------------------------

function countOf(layer) {
  const extents = layer.axes.map((axis) => formulas.extent(...axis));
  const products = formulas.products(...layer.axes[0], ...layer.axes[1]);
  const given = [...products, ...layer.rest];
  const conventions = Object.fromEntries(data.conventions.map((name) => [name, formulas[name](...given)]));
  return { extents, products, conventions, macs: formulas.macs(...given), filters: formulas.filters(...given)[0] };
}

// A long number may go over to the next line after a comma.
function breakable(text) {
  return text.split(/(?<=,)/).flatMap((part) => [part, element("wbr")]);
}

function showHeadline(count) {
  const [total, macs] = [count.conventions[data.conventions[0]].at(-1), count.macs[0]];
  const shown = [
    ["output size", count.extents.map((extent) => grouped(extent[0])).join(" × ")],
    [`operations (${data.conventions[0]} convention)`, grouped(total)],
    [`MACs (${data.rules[0]} rule)`, grouped(macs)],
    [`2 × MACs (${data.rules[0]} rule)`, grouped(2n * macs)],
  ];
  $("headline").replaceChildren(...shown.map(([label, value]) =>
    element("div", {}, element("span", {}, label), " ", element("strong", {}, ...breakable(value)))));
}

function showTable(id, caption, columns, rows) {
  const head = element("thead", {}, element("tr", {}, ...["", ...columns].map((name) =>
    name ? element("th", { scope: "col" }, name) : element("td", {}))));
  const body = element("tbody", {}, ...rows.map(([label, values]) => element("tr", {},
    element("th", { scope: "row" }, label),
    ...values.map((value, at) => element("td", { "data-count": `${label} | ${columns[at]}` }, grouped(value))))));
  $(id).replaceChildren(element("caption", { class: "hint" }, caption), head, body);
}

function showTables(count) {
  showTable("conventions", "by convention", data.conventions,
    data.fields.map((name, row) => [name.replaceAll("_", " "), data.conventions.map((of) => count.conventions[of][row])]));
  showTable("rules", "MACs by rule", data.rules, [
    ["MACs", count.macs], ["2 × MACs", count.macs.map((macs) => 2n * macs)]]);
  const layer = { positions: count.products[2], overlaps: count.products[3], covered: count.products[4] };
  showTable("parts", "what they are made of", ["axis 0", "axis 1", "layer"],
    Object.keys(layer).map((name, at) => [name, [count.extents[0][at], count.extents[1][at], layer[name]]]));
  $("parts").tBodies[0].append(element("tr", {}, element("th", { scope: "row" }, "filters"), element("td"), element("td"),
    element("td", { "data-count": "filters | layer" }, grouped(count.filters))));
}

// --- The verdict ------------------------------------------------------------------------------

// Python's sorted(set(numbers)).
const inOrder = (numbers) => [...new Set(numbers)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

// The numbers that stand in words, with the number of their axis: k0 is the kernel of axis 0.
function numbersOf(axes, apart) {
  return Object.assign({}, ...axes.flatMap((axis, at) => [
    named(data.letters, [...axis, ...formulas.commonFactor(...axis)], at),
    named(data.changed, formulas[apart ? "nearestApart" : "nearest"](...axis), at)]));
}

function showVerdict({ axes }) {
  const both = axes.flat(), apart = $("apart").checked, numbers = numbersOf(axes, apart);
  const found = inOrder(formulas.interior(...both)), diagnosis = formulas.diagnosis(...both);
  const { interior, reason, small, advice } = data.words;
  const verdict = interior[`${found}` === "1" ? "one" : found.length] + reason[diagnosis] + small[formulas.small(...both)];
  $("verdict").textContent = fill(verdict, { ...found, ...numbers });
  $("advice").replaceChildren(...unbroken(fill(advice[Number(apart)][diagnosis], numbers)));
}

// Weights that never meet an input, and the input size from which there are none.
function showDead({ axes, rest }) {
  const [weights, dead0, dead1, least0, least1] = formulas.dead(...axes.flat(), ...rest);
  const key = [dead0, dead1].map((taps) => (taps ? 1 : 0));
  $("dead").textContent = fill(data.words.dead[key], { weights: grouped(weights), dead0, dead1, least0, least1 });
}

// Words in which a flag and its value stay on one line.
function unbroken(words) {
  return words.split(/(--[a-z-]+ \S+)/).map((part, at) => (at % 2 ? element("span", { class: "flag" }, part) : part));
}

// --- The map ----------------------------------------------------------------------------------

let map = null;
let cursor = [0, 0];

// The positions of an axis for which there is room: all, or as many of both ends.
function parts(length, room) {
  if (length <= BigInt(room)) return [[0n, length]];
  const head = BigInt(Math.ceil((room - 1) / 2)), tail = BigInt(Math.floor((room - 1) / 2));
  return [[0n, head], [length - tail, length]];
}

// The drawn positions of an axis with their coverage; null stands for a gap.
function profile(axis, ranges) {
  const places = [];
  for (const [start, stop] of ranges) {
    if (places.length) places.push(null);
    for (let y = start; y < stop; y++) places.push({ y, c: formulas.landing(...axis, y)[0] });
  }
  return places;
}

function measure(layer, count) {
  const width = Math.max(160, $("map").clientWidth - STRIP - 2);
  const height = Math.max(160, Math.min(560, window.innerHeight - 80) - STRIP);
  const [down, across] = count.extents.map((extent) => Number(extent[0]));
  const cell = Math.max(NARROW, Math.min(WIDE, Math.floor(width / across), Math.floor(height / down)));
  const ranges = [parts(count.extents[0][0], Math.floor(height / cell)), parts(count.extents[1][0], Math.floor(width / cell))];
  const profiles = layer.axes.map((axis, at) => profile(axis, ranges[at]));
  const most = layer.axes.map((axis) => formulas.largest(...axis)[0]);
  return { layer, cell, ranges, profiles, most };
}

// The shade of a value where no other is more than `most`: red, green, blue, and whether it is light.
function shadeOf(value, most) {
  return data.shades[most ? (value * BigInt(data.shades.length - 1)) / most : 0];
}

// The looks of each value, worked out once: a map has many cells and few values.
function looks(most) {
  const known = new Map();
  return (value) => {
    if (!known.has(value)) {
      const [red, green, blue, isLight] = shadeOf(value, most);
      known.set(value, { shade: [red, green, blue, value ? 255 : 0], ink: isLight ? "#000" : "#fff", text: `${value}` });
    }
    return known.get(value);
  };
}

// The colours of the map: one pixel a cell, then enlarged. What is not covered, or not drawn, stays paper.
function paint(pen, { profiles: [rows, columns], cell }, look) {
  const small = element("canvas", { width: columns.length, height: rows.length });
  const image = new ImageData(columns.length, rows.length);
  rows.forEach((row, down) => columns.forEach((column, across) => {
    if (row && column) image.data.set(look(row.c * column.c).shade, 4 * (down * columns.length + across));
  }));
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, STRIP, STRIP, columns.length * cell, rows.length * cell);
}

// The numbers in the cells where there is room for them, and a dot where nothing lands.
function label(pen, { profiles: [rows, columns], cell }, look, paperInk) {
  const size = Math.max(1, Math.floor(cell / 8));
  rows.forEach((row, down) => columns.forEach((column, across) => {
    if (!row || !column || (cell < LABELS && row.c && column.c)) return;
    const x = STRIP + (across + 0.5) * cell, y = STRIP + (down + 0.5) * cell;
    const { ink, text } = look(row.c * column.c);
    pen.fillStyle = row.c && column.c ? ink : paperInk;
    if (row.c && column.c) pen.fillText(text, x, y + 0.5, cell - 2);
    else pen.fillRect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
  }));
}

function drawBars(pen, places, most, horizontal, { cell }) {
  places.forEach((place, at) => {
    if (!place || !place.c) return;
    const long = Math.max(2, Math.round((Number((place.c * 1000n) / most) / 1000) * (STRIP - 12)));
    pen.fillStyle = `rgb(${shadeOf(place.c, most).slice(0, 3)})`;
    const from = STRIP + at * cell, gap = cell > 8 ? 1 : 0;
    if (horizontal) pen.fillRect(from, STRIP - 6 - long, cell - gap, long);
    else pen.fillRect(STRIP - 6 - long, from, long, cell - gap);
  });
}

function draw() {
  const canvas = $("map"), { cell, profiles: [rows, columns], most } = map;
  const width = canvas.clientWidth, height = STRIP + rows.length * cell + 2;
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = `${Math.min(12, cell - 5)}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  drawBars(pen, columns, most[1], true, map);
  drawBars(pen, rows, most[0], false, map);
  const ink = getComputedStyle(document.body).color, look = looks(most[0] * most[1]);
  paint(pen, map, look);
  label(pen, map, look, ink);
  const [bottom, right] = [rows, columns].map((places) => STRIP + places.length * cell);
  columns.forEach((place, at) => { if (!place) hatch(pen, ink, STRIP + at * cell, 0, cell, bottom); });
  rows.forEach((place, at) => { if (!place) hatch(pen, ink, 0, STRIP + at * cell, right, cell); });
  drawCursor(pen, ink);
}

// What is counted but not drawn, in map and bars: hatched, as in the figures.
function hatch(pen, ink, x, y, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.6;
  pen.beginPath();
  for (let from = x - height; from < x + width; from += HATCH) {
    pen.moveTo(from, y + height);
    pen.lineTo(from + height, y);
  }
  pen.stroke();
  pen.restore();
}

function drawCursor(pen, ink) {
  const { cell } = map, [down, across] = cursor;
  const x = STRIP + across * cell, y = STRIP + down * cell;
  pen.strokeStyle = ink;
  pen.strokeRect(x + 0.5, 2.5, cell - 1, STRIP - 6);
  pen.strokeRect(2.5, y + 0.5, STRIP - 6, cell - 1);
  pen.lineWidth = 2;
  pen.strokeStyle = "#fff";
  pen.strokeRect(x, y, cell, cell);
  pen.lineWidth = 1;
  pen.strokeStyle = "#000";
  pen.strokeRect(x - 0.5, y - 0.5, cell + 1, cell + 1);
}

function showScale() {
  const most = map.most[0] * map.most[1];
  $("scale").textContent = `dark to light: few to ${grouped(most)} products, the most that can land on one output; a dot is an output that receives none`;
  const gaps = map.ranges.flatMap(([first, last], at) => (last ? [fill(data.words.gap,
    { what: ["rows", "columns"][at], first: grouped(first[1]), last: grouped(last[0] - 1n) })] : []));
  $("gaps").replaceChildren(...breakable(gaps.length ? `hatched: ${gaps.join("; ")}` : ""));
}

// The first pairs of an input and a tap that land on a position: a few, of so many taps tried.
function pairs(axis, y) {
  const [first, last] = formulas.reach(...axis, y), found = [];
  for (let tap = first; tap <= last && tap < first + TRIED && found.length < LISTED; tap++) {
    const [input, rest] = formulas.met(...axis, y, tap);
    if (!rest) found.push(`input ${input}, tap ${tap}`);
  }
  return found;
}

function showPosition() {
  const places = map.profiles.map((profileOf, at) => profileOf[cursor[at]]);
  const [row, column] = places;
  const lines = places.map((place, at) => {
    const listed = pairs(map.layer.axes[at], place.y);
    const more = place.c - BigInt(listed.length);
    if (more) listed.push(`${listed.length ? "and " : ""}${more} more`);
    return `Axis ${at}: ${listed.join("; ") || "no pair lands here"}`;
  });
  lines.unshift(`Products on output (${row.y}, ${column.y}): ${row.c} × ${column.c} = ${row.c * column.c}`);
  $("position").replaceChildren(...lines.map((line) => element("p", {}, line)));
  return lines.join(". ");
}

function moveTo(down, across) {
  if (!map.profiles[0][down] || !map.profiles[1][across]) return "";
  cursor = [down, across];
  draw();
  return showPosition();
}

function point(event) {
  if (!map) return;
  const box = $("map").getBoundingClientRect();
  moveTo(...[event.clientY - box.top, event.clientX - box.left].map((from) => Math.floor((from - STRIP) / map.cell)));
}

function step(at, by) {
  const places = map.profiles[at];
  let to = cursor[at] + by;
  if (places[to] === null) to += by;
  return Math.max(0, Math.min(places.length - 1, to));
}

function press(event) {
  const [down, across] = cursor;
  const targets = {
    ArrowUp: () => [step(0, -1), across], ArrowDown: () => [step(0, 1), across],
    ArrowLeft: () => [down, step(1, -1)], ArrowRight: () => [down, step(1, 1)],
    Home: () => [down, 0], End: () => [down, map.profiles[1].length - 1],
    PageUp: () => [0, across], PageDown: () => [map.profiles[0].length - 1, across],
  };
  if (!map || !(event.key in targets)) return;
  event.preventDefault();
  say(moveTo(...targets[event.key]()));
}

function showMap(layer, count) {
  map = measure(layer, count);
  cursor = cursor.map((at, axis) => {
    const places = map.profiles[axis];
    return places[at] ? at : Math.min(at, places.length - 1) - (places[Math.min(at, places.length - 1)] ? 0 : 1);
  });
  draw();
  showScale();
  showPosition();
}

// --- The formula ------------------------------------------------------------------------------

// Overlaps and covered of an axis from an input size on: what each input adds, and what there is at 0.
function lines([, ...rest]) {
  const axis = [1n, ...rest], [start] = formulas.affineFrom(...axis), steps = formulas.slopes(...axis);
  const [, b, d] = formulas.line(0n, start, ...formulas.extent(start, ...rest), ...steps);
  return { start, a: steps[1], b, c: steps[2], d };
}

function operatorBefore(node) {
  let at = node;
  while (at && !at.previousElementSibling) at = at.parentElement;
  return at?.previousElementSibling;
}

// Writes a number in the place of its name: "+ -2" as "- 2", "+ 0" and a factor of 1 not at all.
function writeNumber(node, value, isFactor) {
  const operator = isFactor ? node.nextElementSibling : operatorBefore(node);
  if (value === (isFactor ? 1n : 0n)) {
    operator.remove();
    node.remove();
    return;
  }
  if (!isFactor && value < 0n) operator.textContent = "−";
  const shown = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mn");
  shown.textContent = grouped(isFactor || value >= 0n ? value : -value);
  node.replaceWith(shown);
}

function showFormula(layer, count) {
  const axes = layer.axes.map(lines);
  const shown = element("div", { id: "polynomial" });
  shown.innerHTML = data.polynomial;
  for (const node of shown.querySelectorAll("mi, msub")) {
    const [, letter, at] = node.textContent.match(/^([abcd])([01])$/) ?? [];
    if (letter) writeNumber(node, axes[at][letter], "ac".includes(letter));
  }
  for (const node of shown.querySelectorAll("mo")) if (node.textContent === "-") node.textContent = "−";
  const holds = layer.axes.every((axis, at) => axis[0] >= axes[at].start);
  const additions = count.conventions[data.conventions[0]][data.fields.indexOf("additions_per_filter")];
  const words = `additions of a filter, for every input of at least ${axes.map((axis) => grouped(axis.start)).join(" × ")}` +
    (holds ? `; here ${grouped(additions)}` : `; this one is smaller, and has ${grouped(additions)}`);
  $("formula-words").replaceChildren(...breakable(words));
  $("polynomial").replaceWith(shown);
}

// --- The link ---------------------------------------------------------------------------------

const CHECKED = ["linked", "apart", "bias"];

function inputs() {
  return [...document.querySelectorAll('#layer input[type="text"]')];
}

function stateNow() {
  const state = new URLSearchParams();
  for (const input of inputs()) state.set(input.id, input.value);
  for (const id of CHECKED) state.set(id, $(id).checked ? "1" : "0");
  return state;
}

function saveState() {
  const state = stateNow();
  try {
    history.replaceState(null, "", `#${state}`);
  } catch {
    location.hash = `${state}`;
  }
}

function restoreState() {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const input of inputs()) if (state.has(input.id)) input.value = state.get(input.id).slice(0, input.maxLength);
  for (const id of CHECKED) if (state.has(id)) $(id).checked = state.get(id) === "1";
}

async function share() {
  saveState();
  try {
    await navigator.clipboard.writeText(location.href);
    $("shared").textContent = "copied";
  } catch {
    $("shared").textContent = "the link is in the address bar";
  }
}

// --- All together -----------------------------------------------------------------------------

function answer(layer) {
  const count = countOf(layer);
  showMap(layer, count); // first: it asks for the width of the page, before this changes
  showHeadline(count);
  showVerdict(layer);
  showDead(layer);
  showTables(count);
  showFormula(layer, count);
}

// What a screen reader is to read out, all of it in one place: it would read the pieces of the page
// that change one by one, in any order.
function say(words) {
  $("said").textContent = words;
}

// The link follows a little later: browsers bound how often an address may change. So does what is
// read out: not every digit of a number that is being typed.
let saving;
function settle() {
  saveState();
  if (!$("answers").hidden) say([...$("headline").children, $("verdict")].map((part) => part.textContent).join("; "));
}

function settleSoon() {
  clearTimeout(saving);
  saving = setTimeout(settle, 200);
}

// At most one update a frame, however fast the keys: till then, what is shown is busy. Fields come
// and go at once, so that a Tab right after goes to the next one.
let waiting = 0;
function updateSoon() {
  arrange();
  document.querySelector("main").setAttribute("aria-busy", "true");
  waiting ||= requestAnimationFrame(() => {
    waiting = 0;
    update();
    document.querySelector("main").setAttribute("aria-busy", "false");
    settleSoon();
  });
}

function update() {
  arrange();
  for (const input of inputs()) for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
  let words = "";
  try {
    const layer = readLayer();
    $("answers").hidden = false;
    answer(layer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    words = error.message;
    error.input?.setAttribute("aria-invalid", "true");
    error.input?.setAttribute("aria-describedby", "refusal");
    $("answers").hidden = true;
  }
  if ($("refusal").textContent !== words) $("refusal").textContent = words; // read out once, not at every key
  $("refusal").hidden = !words;
}

makeFields();
restoreState();
$("theorem").innerHTML = data.theorem;
update();
$("layer").addEventListener("input", keepLayer);
$("layer").addEventListener("input", updateSoon);
$("layer").addEventListener("submit", (event) => event.preventDefault());
$("share").addEventListener("click", share);
$("map").addEventListener("pointermove", point);
$("map").addEventListener("pointerdown", point);
$("map").addEventListener("keydown", press);
$("map").addEventListener("focus", () => say(`${$("map-help").textContent} ${showPosition()}`));
window.addEventListener("hashchange", () => { restoreState(); update(); });
window.addEventListener("resize", updateSoon);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", updateSoon);
