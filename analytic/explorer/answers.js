// What is said of a layer: the headline, the verdict, the tables, the formula.

// A long number may go over to the next line after a comma.
function breakable(text) {
  return text.split(/(?<=,)/).flatMap((part) => [part, element("wbr")]);
}

// --- The headline and the tables --------------------------------------------------------------

const outputSize = (layer) => lengthsOf(layer, "output");
const spaced = (name) => name.replaceAll("_", " ");

// Of the forward pass what everyone asks; of another what it costs, in the exact convention.
function headlineOf(layer, count, pass) {
  if (pass === "forward") {
    return [
      ["output size", outputSize(layer).map(grouped).join(" × ")],
      ...data.headline.map((name, at) => [name, grouped(count.headline[at])]),
    ];
  }
  const [macs, , operations, elements, reached] = count.passes[pass],
    [once, twice] = data.headline;
  return [
    ["pass", pass],
    [once, grouped(macs)],
    [twice, grouped(2n * macs)],
    ["operations (exact)", grouped(operations)],
    ["elements reached", `${grouped(reached)} of ${grouped(elements)}`],
  ];
}

function showHeadline(layer, count, pass) {
  $("headline").replaceChildren(
    ...headlineOf(layer, count, pass).map(([label, value]) =>
      element("div", {}, element("span", {}, label), " ", element("strong", {}, ...breakable(value))),
    ),
  );
}

function showTable(id, caption, columns, rows) {
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...["", ...columns].map((name) => (name ? element("th", { scope: "col" }, name) : element("td", {}))),
    ),
  );
  const body = element(
    "tbody",
    {},
    ...rows.map(([label, values]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, label),
        ...columns.map((column, at) =>
          values[at] === undefined
            ? element("td", {})
            : element("td", { "data-count": `${label} | ${column}` }, grouped(values[at])),
        ),
      ),
    ),
  );
  $(id).replaceChildren(element("caption", { class: "hint" }, caption), head, body);
}

function showTables(layer, count) {
  showTable(
    "conventions",
    "by convention",
    data.conventions,
    data.fields.map((name, row) => [spaced(name), data.conventions.map((of) => count.conventions[of][row])]),
  );
  showTable("rules", "MACs by rule", data.rulesOfMacs, [
    ["MACs", count.macs],
    ["2 × MACs", count.macs.map((macs) => 2n * macs)],
  ]);
  showTable(
    "passes",
    "by pass, in the exact convention",
    data.ofPass,
    STEPS.map((name) => [spaced(name).replace(/grad (\w+)/, "grad_$1"), count.passes[name]]),
  );
  const parts = {
    positions: POSITIONS,
    overlaps: OVERLAPS,
    covered: COVERED,
    "inputs reached": INPUTS_REACHED,
    "taps reached": TAPS_REACHED,
  };
  const rows = Object.entries(parts).map(([label, at]) => [
    label,
    [...count.ofAxes, count.factors].map((numbers) => numbers[at]),
  ]);
  showTable(
    "parts",
    "what they are made of",
    [...layer.axes.map((_, at) => `axis ${at}`), "layer"],
    [...rows, ["filters", [...layer.axes.map(() => undefined), count.filters]]],
  );
}

// --- The verdict ------------------------------------------------------------------------------

// Python's sorted(set(numbers)).
const inOrder = (numbers) => [...new Set(numbers)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const flag = (number) => (number ? 1 : 0);
const wordsOf = (layer) => data.words[layer.axes.length];

// Whether axes differ in kernel, stride or dilation, and the fault of each.
function diagnosisOf({ axes }) {
  const each = axes.map((axis) => formulas.diagnosis(...axes[0], ...axis));
  return [flag(each.some(([differ]) => differ)), ...each.map(([, fault]) => fault)];
}

const evenAxis = (layer, axis) => formulas[layer.apart ? "nearestApart" : "nearest"](...axis);

// The numbers that stand in words, with the number of their axis: k0 is the kernel of axis 0.
function numbersOf(layer) {
  return Object.assign(
    {},
    ...layer.axes.flatMap((axis, at) => [
      named(data.letters, [...axis, ...formulas.commonFactor(...axis)], at),
      named(data.changed, evenAxis(layer, axis), at),
    ]),
  );
}

// What interior outputs receive: of an ordinary convolution each reads the whole kernel.
function interiorOf(layer, count) {
  if (layer.kind === "ordinary") return [count.factors[TAPS]];
  return inOrder(
    layer.axes.reduce((received, axis) => received.flatMap((factor) => formulas.received(factor, ...axis)), [1n]),
  );
}

function showVerdict(layer, count) {
  const { interior, reason, small, advice } = wordsOf(layer),
    isTransposed = layer.kind === "transposed";
  const values = interiorOf(layer, count),
    diagnosis = diagnosisOf(layer),
    numbers = numbersOf(layer);
  const missing = layer.axes.map((axis) => formulas[`small_${layer.kind}`](...axis)[0]);
  const verdict =
    interior[`${values}` === "1" ? "one" : values.length] +
    (isTransposed ? reason[diagnosis] : "") +
    small[missing.map(flag)];
  $("verdict").textContent = fill(verdict, { ...values, ...numbers });
  const words = isTransposed ? fill(advice[flag(layer.apart)][diagnosis], numbers) : "";
  $("advice").replaceChildren(...unbroken(words));
  $("nearest").hidden = !words.includes("--");
}

// Words in which a flag and its value stay on one line.
function unbroken(words) {
  return words.split(/(--[a-z-]+ \S+)/).map((part, at) => (at % 2 ? element("span", { class: "flag" }, part) : part));
}

// The least input size from which no tap of an axis is dead. Once alive, taps never die again: of an
// ordinary axis it is sought by halving.
function aliveFrom(layer, at) {
  if (layer.kind === "transposed") return formulas.aliveFrom(...layer.axes[at])[0];
  const [, ...rest] = layer.given[at];
  const isAlive = (size) =>
    formulas.ordinarySlacks(size, ...rest).every((slack) => slack >= 0n) &&
    !formulas.dead_1(...formulas.ordinary(size, ...rest), ...layer.rest)[1];
  let least = 1n,
    enough = 1n;
  while (!isAlive(enough)) [least, enough] = [enough + 1n, 2n * enough];
  while (least < enough) {
    const middle = (least + enough) / 2n;
    if (isAlive(middle)) enough = middle;
    else least = middle + 1n;
  }
  return least;
}

// Weights that never meet an input, and the input size from which there are none.
function showDead(layer) {
  const [weights, ...taps] = formulas[`dead_${layer.axes.length}`](...layer.axes.flat(), ...layer.rest);
  const words = wordsOf(layer).dead[taps.map(flag)];
  const least = words ? layer.axes.map((_, at) => aliveFrom(layer, at)) : [];
  const numbers = taps.map((number, at) => ({ [`dead${at}`]: number, [`least${at}`]: least[at] }));
  $("dead").textContent = fill(words, Object.assign({ weights: grouped(weights) }, ...numbers));
}

// --- The formula ------------------------------------------------------------------------------

// Overlaps and covered of an axis from an input size on: what each input adds, and what there is at 0.
function lines([, ...rest]) {
  const axis = [1n, ...rest],
    [start] = formulas.affineFrom(...axis),
    steps = formulas.slopes(...axis);
  const known = formulas.factors_transposed(start, ...rest).slice(POSITIONS, COVERED + 1);
  const [, b, d] = formulas.line(0n, start, ...known, ...steps);
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
  if (!isFactor && value < 0n) operator.textContent = /[-−]/.test(operator.textContent) ? "+" : "−";
  const shown = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mn");
  shown.textContent = grouped(isFactor || value >= 0n ? value : -value);
  node.replaceWith(shown);
}

// The theorem, with the parts that stand in it by a character of their own.
function theoremOf(layer) {
  const text = data.theorem[layer.kind][layer.axes.length],
    own = new RegExp("[\\u{E000}-\\u{F8FF}]", "gu");
  return text.replace(own, (part) => data.parts[part.codePointAt(0) - data.private]);
}

function showFormula(layer, count) {
  const kind = `${layer.kind} ${layer.axes.length}`;
  if ($("theorem").dataset.kind !== kind) $("theorem").innerHTML = theoremOf(layer); // it is long
  $("theorem").dataset.kind = kind;
  $("polynomial").replaceChildren();
  $("formula-words").textContent = "";
  if (layer.kind === "transposed") showPolynomial(layer, count);
}

function showPolynomial(layer, count) {
  const axes = layer.axes.map(lines),
    shown = $("polynomial");
  shown.innerHTML = data.polynomial[layer.axes.length];
  for (const node of shown.querySelectorAll("mi, msub")) {
    const [, letter, at] = node.textContent.match(/^([abcd])([012])$/) ?? [];
    if (letter) writeNumber(node, axes[at][letter], "ac".includes(letter));
  }
  for (const node of shown.querySelectorAll("mo")) if (node.textContent === "-") node.textContent = "−";
  const holds = layer.axes.every((axis, at) => axis[0] >= axes[at].start);
  const additions = count.conventions[data.conventions[0]][data.fields.indexOf("additions_per_filter")];
  const words =
    `additions of a filter, for every input of at least ${axes.map((axis) => grouped(axis.start)).join(" × ")}` +
    (holds ? `; here ${grouped(additions)}` : `; this one is smaller, and has ${grouped(additions)}`);
  $("formula-words").replaceChildren(...breakable(words));
}
