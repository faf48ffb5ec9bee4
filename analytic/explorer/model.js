// From what was typed to a layer, its counts and its pairs. Numbers come from `formulas`, which are
// exported; rules, words and colours from `data`, where names in braces are to be filled in.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const named = (names, values, suffix = "") =>
  Object.fromEntries(values.map((value, at) => [names[at] + suffix, value]));
const grouped = (number) => number.toLocaleString("en-US");
const product = (numbers) => numbers.reduce((a, b) => a * b, 1n);
const upTo = (number) => Array.from({ length: number }, (_, at) => at);

class Refusal extends Error {}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// --- From fields to a layer, or to the refusal that Layer gives -------------------------------

const axesNow = () => Number($("axes").value);
const isLinked = () => axesNow() === 1 || $("linked").checked;
const isApart = () => $("apart").checked;
const isOrdinary = () => $("kind").value === "ordinary";

// What was typed, as Python's `repr` writes it and `layer.shown` shows it: with single spaces, and no
// longer than 100 characters.
function quoted(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const written = [...text].map((character) => {
    if (character === "\\" || character === quote) return `\\${character}`;
    if (character === "\t") return "\\t";
    return /[^\P{C}]|[^\P{Z} ]/u.test(character) ? escaped(character.codePointAt(0)) : character;
  });
  const shown = [...(quote + written.join("").replace(/ +/g, " ") + quote)];
  return shown.length <= 100 ? shown.join("") : `${shown.slice(0, 97).join("")}...`;
}

// A character that is not to be seen, by its number.
function escaped(code) {
  const [letter, digits] = code < 256 ? ["x", 2] : code < 65536 ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).padStart(digits, "0")}`;
}

function whole(argument, at, asList) {
  const input = $(at === null ? argument : `${argument}-${at}`);
  const text = input.value.trim(),
    isWhole = /^-?[0-9]+$/.test(text),
    digits = text.replace("-", "").length;
  if (isWhole && digits <= data.digits) return BigInt(text);
  const words = data.refusals[(isWhole ? "digits" : "type") + (at === null || !asList ? "" : "OnAxis")];
  throw refusal(input, fill(words, { argument, value: isWhole ? digits : quoted(input.value), axis: at }));
}

function refusal(input, words) {
  const made = new Refusal(words);
  made.input = input;
  return made;
}

function valuesOf(argument) {
  if (!data.perAxis.includes(argument)) return whole(argument, null, false);
  const first = whole(argument, 0, !isLinked() || argument === "input_size");
  return upTo(axesNow()).map((at) => (at === 0 || isLinked() ? first : whole(argument, at, true)));
}

function check(rules, slacks, values, fields, at) {
  slacks.forEach((slack, number) => {
    if (slack >= 0n) return;
    const { argument, words } = rules[number];
    const where = at === null ? "" : fill(data.refusals.where, { axis: at });
    const input = $(at === null ? argument : `${argument}-${isLinked() ? 0 : at}`);
    throw refusal(input, fill(words, { ...fields, value: values[number], where }));
  });
}

// The arguments of each axis, checked; those of an ordinary convolution make the axis of its pairs.
function axisOf(given, at) {
  const slacks = isOrdinary() ? "ordinarySlacks" : isApart() ? "axisSlacksApart" : "axisSlacks";
  const refused = isOrdinary() ? "ordinaryRefused" : "axisRefused";
  check(
    data.rules[$("kind").value],
    formulas[slacks](...given),
    formulas[refused](...given),
    named(data.letters, given),
    at,
  );
  return isOrdinary() ? formulas.ordinary(...given) : given;
}

// What is typed but not shown is not asked: the end of a padding that is one, what `Conv2d` has not.
const isAsked = (argument) =>
  argument === "end_padding" ? isApart() : argument === "output_padding" ? !isOrdinary() : true;

function readLayer() {
  const bias = $("bias").checked,
    kind = $("kind").value,
    layer = { kind, bias, apart: isApart() };
  for (const argument of data.order) if (isAsked(argument)) layer[argument] = valuesOf(argument);
  const valueOf = (argument) =>
    layer[argument] ?? (argument === "end_padding" ? layer.padding : layer.padding.map(() => 0n));
  layer.given = layer.input_size.map((_, at) => data.axis.map((argument) => valueOf(argument)[at]));
  layer.axes = layer.given.map(axisOf);
  const rest = {
    batch_size: layer.batch_size,
    in_channels: layer.in_channels,
    out_channels: layer.out_channels,
    groups: layer.groups,
    bias: bias ? 1n : 0n,
  };
  layer.rest = Object.values(rest);
  check(data.rules.layer, formulas.layerSlacks(...layer.rest), formulas.layerRefused(...layer.rest), rest, null);
  return layer;
}

// --- Counts -----------------------------------------------------------------------------------

// The axes do not interact: what a layer gives is, number by number, the product of what they give.
function countOf(layer) {
  const ofAxes = layer.axes.map((axis) => formulas[`factors_${layer.kind}`](...axis));
  const factors = ofAxes[0].map((_, at) => product(ofAxes.map((numbers) => numbers[at])));
  const given = [...factors, ...layer.rest],
    by = (name) => formulas[name](...given);
  return {
    ofAxes,
    factors,
    macs: by("macs"),
    filters: by("filters")[0],
    headline: by("headline"),
    conventions: Object.fromEntries(data.conventions.map((name) => [name, by(`${name}_${layer.kind}`)])),
    passes: Object.fromEntries(STEPS.map((name) => [name, by(name)])),
  };
}

const [INPUTS, TAPS, POSITIONS, OVERLAPS, COVERED, INPUTS_REACHED, TAPS_REACHED] = upTo(7);
const STEPS = [...data.passes, "training_step", "training_step_without_grad_input"];

// --- Pairs ------------------------------------------------------------------------------------

// An input of the pairs is i, a tap t, a position y, as transposed convolutions have them: an
// ordinary one reads y and writes i.
const GRIDS = ["input", "kernel", "output"];
const letterOf = (layer, grid) =>
  grid === "kernel" ? "t" : (grid === "input") === (layer.kind === "transposed") ? "i" : "y";
const gridOf = (layer, letter) => GRIDS.find((grid) => letterOf(layer, grid) === letter);
const lengthOf = (axis, letter) => (letter === "i" ? axis[0] : letter === "t" ? axis[1] : formulas.size(...axis)[0]);
const lengthsOf = (layer, grid) => layer.axes.map((axis) => lengthOf(axis, letterOf(layer, grid)));
const countAt = (axis, letter, at) => formulas[`count_${letter}`](...axis, at)[0];
const within = (number, end) => number >= 0n && number < end;

// The pair that two of an input, a tap and a position make, or null.
function pairOf(axis, { i, t, y }) {
  let rest = 0n;
  if (y === undefined) [y] = formulas.lands(...axis, i, t);
  else if (i === undefined) [i, rest] = formulas.met(...axis, y, t);
  else [t, rest] = formulas.met(...formulas.exchanged(...axis), y, i);
  const inside = ["i", "t", "y"].every((letter, at) => within([i, t, y][at], lengthOf(axis, letter)));
  return !rest && inside ? { i, t, y } : null;
}

// The first pairs of an input, a tap or a position: a few, of so many tried.
const TRIED = 2000n;
function pairsAt(axis, letter, at, most) {
  const exchanged = formulas.exchanged(...axis),
    listed = [];
  const [first, last] =
    letter === "y" ? formulas.tapsAt(...axis, at) : formulas.tapsOf(...(letter === "i" ? axis : exchanged), at);
  for (let other = first; other <= last && other < first + TRIED && listed.length < most; other++) {
    const pair = pairOf(axis, { [letter]: at, [letter === "t" ? "i" : "t"]: other });
    if (pair) listed.push(pair);
  }
  return listed;
}

// The digits of a number where each place counts to the length of an axis: the element of that number.
function elementAt(number, lengths) {
  const digits = [];
  for (const length of [...lengths].reverse()) {
    digits.unshift(number % length);
    number /= length;
  }
  return digits;
}

// What an element has of an axis: all its pairs, those of inputs before `stamped`, those of this one.
function shares(axis, letter, at, stamped) {
  const all = countAt(axis, letter, at);
  if (stamped === null) return { all };
  if (letter === "i") return { all, before: at < stamped ? all : 0n, with: at === stamped ? all : 0n };
  const [before, until] = [stamped, stamped + 1n].map((m) => countAt(formulas.first(...axis, m), letter, at));
  return { all, before, with: until - before };
}

// The pairs of the axes together; of a stamped layer those of its inputs so far, in their order.
function together(ofAxes) {
  let sum = 0n,
    all = 1n;
  for (const shared of [...ofAxes].reverse()) {
    sum = shared.with === undefined ? sum : shared.before * all + shared.with * sum;
    all *= shared.all;
  }
  return ofAxes.some((shared) => shared.with === undefined) ? all : sum;
}
