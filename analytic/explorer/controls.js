// The fields, what is refused of them, the link with its history, presets, and what can be copied.

// --- The fields -------------------------------------------------------------------------------

const MOST_AXES = 3;
const CHECKED = ["linked", "apart", "bias"],
  CHOSEN = ["kind", "axes", "pass"];
const inputs = () => [...document.querySelectorAll('#layer input[type="text"]')];

// A field with a stepper: the arrow keys of the keyboard move it, and so do its two buttons.
function field(argument, id) {
  const input = element("input", {
    type: "text",
    inputmode: "numeric",
    id,
    value: data.defaults[argument],
    spellcheck: "false",
    role: "spinbutton",
  });
  const buttons = [
    ["▲", 1],
    ["▼", -1],
  ].map(([sign, by]) => {
    const button = element("button", { type: "button", tabindex: "-1", "aria-hidden": "true" }, sign);
    button.addEventListener("click", () => {
      input.focus();
      stepField(input, by);
    });
    return button;
  });
  return element("span", { class: "field" }, input, element("span", { class: "steps" }, ...buttons));
}

function stepField(input, by) {
  const text = input.value.trim();
  if (!/^-?[0-9]+$/.test(text)) return;
  input.value = `${BigInt(text) + BigInt(by)}`;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function stepWithKeys(event) {
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!by || event.target.type !== "text") return;
  event.preventDefault();
  stepField(event.target, event.shiftKey ? 10 * by : by);
}

function makeFields() {
  // For the eye: the fields' own names say their axis.
  const heads = ["", ...upTo(MOST_AXES).map((at) => `axis ${at}`)].map((words) => element("span", {}, words));
  $("fields").append(element("div", { class: "row heads", id: "heads", "aria-hidden": "true" }, ...heads));
  for (const [argument, label] of Object.entries(data.labels)) {
    const onAxis = data.perAxis.includes(argument);
    const row = element(
      "div",
      { class: "row", "data-row": argument },
      element("label", { for: onAxis ? `${argument}-0` : argument }, label),
    );
    row.append(
      ...(onAxis ? upTo(MOST_AXES).map((at) => field(argument, `${argument}-${at}`)) : [field(argument, argument)]),
    );
    $(onAxis ? "fields" : "channels").append(row);
  }
}

function makePresets() {
  $("presets").append(
    ...data.presets.map(({ title, model, layer, arguments: given }) => {
      const button = element("button", { type: "button", title: `${model}, ${layer}` }, title);
      button.addEventListener("click", () => change(`preset ${title}`, () => setLayer(given)));
      return button;
    }),
  );
}

// Fields that come hold what held before without them: the layer stays as it is.
function keepLayer({ target }) {
  const copy = (from, to) => {
    $(to).value = $(from).value;
  };
  const spread = (argument, from) => {
    for (let at = from; at < MOST_AXES; at++) copy(`${argument}-${from - 1}`, `${argument}-${at}`);
  };
  if (target.id === "linked" && !target.checked) for (const argument of data.perAxis) spread(argument, 1);
  if (target.id === "apart" && target.checked)
    for (const at of upTo(MOST_AXES)) copy(`padding-${at}`, `end_padding-${at}`);
}

// With crops apart, what torch calls padding is the begin alone.
function nameOf(argument) {
  return argument === "padding" && isApart() ? data.begin : data.labels[argument];
}

// Shows the fields that the layer has, and names them.
function arrange() {
  const axes = axesNow(),
    linked = isLinked(),
    shown = linked ? 1 : axes;
  $("heads").hidden = linked;
  $("linked-row").hidden = axes === 1;
  $("linked-words").textContent = axes === 2 ? "the same on both axes" : "the same on all axes";
  $("fields").dataset.shown = shown;
  [...$("heads").children].forEach((head, at) => {
    head.hidden = at > shown;
  });
  for (const argument of data.perAxis) {
    const label = nameOf(argument),
      row = document.querySelector(`[data-row="${argument}"]`);
    row.querySelector("label").textContent = label;
    row.hidden = !isAsked(argument);
    for (const at of upTo(MOST_AXES)) {
      const input = $(`${argument}-${at}`);
      input.parentElement.hidden = at >= shown;
      if (linked)
        input.removeAttribute("aria-label"); // its label is enough
      else input.setAttribute("aria-label", `${label}, axis ${at}`);
    }
  }
}

// --- A layer, written into the fields ---------------------------------------------------------

// Writes the arguments of `Layer`: what is not among them is what it is where it is not given.
function setLayer(given) {
  const of = { ...data.arguments, ...given },
    axes = of.input_size.length;
  const valuesOn = (argument) =>
    upTo(axes).map((at) => (Array.isArray(of[argument]) ? of[argument][at] : (of[argument] ?? of.padding)));
  const rows = data.perAxis.map((argument) => [argument, valuesOn(argument)]);
  $("kind").value = of.transposed ? "transposed" : "ordinary";
  $("axes").value = `${axes}`;
  $("linked").checked = rows.every(([, values]) => values.every((value) => value === values[0]));
  $("apart").checked = of.end_padding !== null;
  $("bias").checked = of.bias;
  for (const [argument, values] of rows)
    for (const at of upTo(MOST_AXES)) $(`${argument}-${at}`).value = `${values[Math.min(at, axes - 1)]}`;
  for (const argument of Object.keys(data.labels))
    if (!data.perAxis.includes(argument)) $(argument).value = `${of[argument]}`;
}

// Makes the layer the nearest even one of the same output size.
function applyNearest() {
  const { layer } = view,
    evens = layer.axes.map((axis) => named(data.changed, evenAxis(layer, axis)));
  change("nearest", () => {
    const isAlike = evens.every((even) => data.changed.every((name) => even[name] === evens[0][name]));
    if (!isAlike && $("linked").checked) {
      $("linked").checked = false;
      keepLayer({ target: $("linked") });
    }
    evens.forEach((even, at) => {
      for (const name of data.changed) if (isAsked(name)) $(`${name}-${at}`).value = `${even[name]}`;
    });
  });
  $("kernel_size-0").focus({ preventScroll: true }); // the button is gone
}

// --- The link and its history -----------------------------------------------------------------

function stateNow() {
  const state = new URLSearchParams();
  for (const id of CHOSEN) state.set(id, $(id).value);
  for (const input of inputs()) state.set(input.id, input.value);
  for (const id of CHECKED) state.set(id, $(id).checked ? "1" : "0");
  return `${state}`;
}

let first,
  edited = null,
  recorded = null;

// One change of one field is one step back, however many keys it took.
function saveState() {
  const hash = `#${stateNow()}`;
  if (edited === null || hash === location.hash) return;
  const isSame = recorded !== null && recorded === edited && location.hash !== "";
  try {
    history[isSame ? "replaceState" : "pushState"](null, "", hash);
  } catch {
    location.hash = hash;
  }
  recorded = edited;
}

// What a link does not name is as the page opens.
function restoreState() {
  const state = new URLSearchParams(location.hash.slice(1)),
    opened = new URLSearchParams(first);
  const valueOf = (id) => state.get(id) ?? opened.get(id);
  for (const input of inputs()) input.value = valueOf(input.id);
  for (const id of CHECKED) $(id).checked = valueOf(id) === "1";
  for (const id of CHOSEN) {
    $(id).value = valueOf(id);
    if (!$(id).value) $(id).value = opened.get(id);
  }
  recorded = edited = null;
}

// A change that no field makes: of a preset, say.
function change(name, make) {
  flush();
  edited = name;
  make();
  recorded = null;
  updateSoon();
}

// --- What can be copied -----------------------------------------------------------------------

// The arguments that are not what they are anyway, in the order of `Layer`.
function argumentsOf(layer) {
  const all = { ...layer, transposed: layer.kind === "transposed" };
  const isPlain = (value, usual) => [value].flat().every((number) => `${number}` === `${usual}`);
  return Object.entries(data.arguments)
    .map(([name, usual]) => [name, all[name] ?? null, usual])
    .filter(([, value, usual]) => value !== null && !isPlain(value, usual));
}

// Alike numbers of all axes are one, but for the input size, which says how many axes there are.
const isAlike = (name, value) => name !== "input_size" && value.every((number) => number === value[0]);

function commandLine({ layer, pass }) {
  const flags = argumentsOf(layer).map(([name, value]) => {
    const flagName = name.replaceAll("_", "-");
    if (typeof value === "boolean") return value ? `--${flagName}` : `--no-${flagName}`;
    return `--${flagName} ${Array.isArray(value) ? (isAlike(name, value) ? value[0] : value.join("x")) : value}`;
  });
  return ["python -m analytic count", ...flags, ...(pass === "forward" ? [] : ["--passes"])].join(" ");
}

function pythonCode({ layer, pass }) {
  const written = (name, value) => {
    if (typeof value === "boolean") return value ? "True" : "False";
    if (!Array.isArray(value)) return `${value}`;
    return isAlike(name, value) ? `${value[0]}` : `(${value.join(", ")}${value.length === 1 ? "," : ""})`;
  };
  const given = argumentsOf(layer)
    .map(([name, value]) => `${name}=${written(name, value)}`)
    .join(", ");
  const call = pass === "forward" ? "count" : "passes";
  const shown = `${call}(layer)${pass === "forward" ? "" : `.${pass}`}`;
  return `from analytic import Layer, ${call}\n\nlayer = Layer(${given})\nprint(${shown})\n`;
}

// The table that the command writes: what stands between @ in it are names of numbers.
function latexTable({ layer, count, pass }) {
  const plain = (name) => name.replaceAll("_", "");
  const {
    conventions: { [data.conventions[0]]: counted },
    factors,
    passes,
  } = count;
  const sizes = { inputsize: layer.input_size.join("x"), outputsize: outputSize(layer).join("x") };
  const numbers = {
    positions: factors[POSITIONS],
    overlaps: factors[OVERLAPS],
    covered: factors[COVERED],
    filters: count.filters,
    macs: count.headline[0],
    twice: count.headline[1],
  };
  data.fields.forEach((name, at) => {
    numbers[plain(name)] = counted[at];
  });
  for (const name of STEPS)
    data.ofPass.forEach((of, at) => {
      numbers[plain(name + of)] = passes[name][at];
    });
  return data.latex[flag(pass !== "forward")].replace(
    /@([a-z]+)@/g,
    (_, name) => sizes[name] ?? grouped(numbers[name]),
  );
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    $("shared").textContent = `${done} copied`;
    $("copied").hidden = true;
  } catch {
    // where the browser does not let a page write there: to be copied by hand
    $("copied").value = text;
    $("copied").hidden = false;
    $("copied").focus();
    $("copied").select();
    $("shared").textContent = `${done}: press Ctrl+C`;
  }
}

function share() {
  flush();
  copy(location.href, "link");
}

function save(blob, name) {
  const link = element("a", { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  URL.revokeObjectURL(link.href);
  $("shared").textContent = `${name} saved`;
}

const saveSvg = () => save(new Blob([svgText()], { type: "image/svg+xml" }), "convolution.svg");
const savePng = () => pngCanvas().toBlob((blob) => save(blob, "convolution.png"));

// --- All together -----------------------------------------------------------------------------

function answer(layer) {
  const count = countOf(layer),
    pass = $("pass").value;
  showGrids(layer, count, pass); // first: it asks for the width of the page, before this changes
  showPosition();
  showHeadline(layer, count, pass);
  showVerdict(layer, count);
  showDead(layer);
  showTables(layer, count);
  showFormula(layer, count);
}

// What a screen reader is to read out, all of it in one place: it would read the pieces of the page
// that change one by one, in any order.
function say(words) {
  $("said").textContent = words;
}

// The link follows a little later: browsers bound how often an address may change. So does what is
// read out: not every digit of a number that is being typed.
let saving = null;
function settle() {
  saving = null;
  saveState();
  if (isValid()) say([...$("headline").children, $("verdict")].map((part) => part.textContent).join("; "));
}

const isValid = () => $("refused").hidden;

function settleSoon() {
  clearTimeout(saving);
  saving = setTimeout(settle, 200);
}

// What waits to be settled is settled now: something else is about to change.
function flush() {
  if (saving === null) return;
  clearTimeout(saving);
  settle();
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

// The same layer on a page of another width or in other colours, also while what is typed is none.
function drawSoon() {
  document.querySelector("main").setAttribute("aria-busy", "true");
  requestAnimationFrame(() => {
    if (view !== null) showGrids(view.layer, view.count, view.pass);
    if (!waiting) document.querySelector("main").setAttribute("aria-busy", "false");
  });
}

// What was answered last stays, dimmed, while what is typed is no layer.
function update() {
  arrange();
  stopPlaying();
  for (const input of inputs()) for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
  let refused = null;
  try {
    answer(readLayer());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error;
  }
  document.body.classList.toggle("stale", refused !== null);
  document.body.classList.toggle("empty", view === null);
  refuse(refused);
}

function refuse(refused) {
  const words = refused === null ? "" : refused.message,
    input = refused && refused.input;
  if ($("refusal").textContent !== words) $("refusal").textContent = words; // read out once, not at every key
  $("refused").hidden = !words;
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", "refusal");
  $("refused").classList.toggle("below", input.getBoundingClientRect().top < 150); // it does not hide the field
}

function listen() {
  const layer = $("layer");
  const changed = (event) => {
    const { id, type, tagName } = event.target;
    if ((event.type === "change") !== (tagName === "SELECT")) return; // a choice is told by its change alone
    edited = type === "text" ? id : `${id} ${event.timeStamp}`;
    keepLayer(event);
    updateSoon();
  };
  for (const type of ["input", "change"]) layer.addEventListener(type, changed);
  layer.addEventListener("focusout", (event) => {
    if (event.target.id === edited) recorded = null;
  });
  layer.addEventListener("keydown", stepWithKeys);
  layer.addEventListener("submit", (event) => event.preventDefault());
  for (const name of GRIDS) {
    const canvas = canvasOf(name);
    canvas.addEventListener("pointermove", (event) => point(name, event));
    canvas.addEventListener("pointerdown", (event) => {
      stopPlaying();
      point(name, event);
    });
    canvas.addEventListener("keydown", (event) => press(name, event));
    canvas.addEventListener("focus", () => {
      if (view) say(`${titleOf(view.grids[name])}. ${$("map-help").textContent} ${moveTo(name, cursors[name])}`);
    });
    for (const [id, by] of [
      ["less", -1n],
      ["more", 1n],
    ])
      $(`${id}-${name}`).addEventListener("click", () => moveSlice(name, by));
  }
  const clicks = {
    share,
    nearest: applyNearest,
    play,
    "show-all": showAll,
    back: () => stepBy(-1n),
    step: () => stepBy(1n),
    svg: saveSvg,
    png: savePng,
    cli: () => copy(commandLine(view), "command"),
    python: () => copy(pythonCode(view), "Python"),
    latex: () => copy(latexTable(view), "LaTeX"),
  };
  for (const [id, act] of Object.entries(clicks)) $(id).addEventListener("click", act);
  $("at-step").addEventListener("input", (event) => {
    event.stopPropagation();
    stopPlaying();
    stampTo(BigInt(event.target.value));
    say(stepWords());
  });
  window.addEventListener("popstate", () => {
    clearTimeout(saving);
    saving = null;
    restoreState();
    update();
    say($("headline").textContent);
  });
  window.addEventListener("resize", drawSoon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawSoon);
}

makeFields();
makePresets();
makeGrids();
makeRamp();
first = stateNow();
restoreState();
update();
listen();
