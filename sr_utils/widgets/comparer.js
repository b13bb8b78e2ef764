// The crop comparer. Pictures come once, as PNG; every move after that is drawn here, without a kernel.
//
// `model` is anywidget's in JupyterLab, that of tools/template/site.js on a page: get, set, on and save_changes.
// It holds the traits of comparer.py. `scenes` is {image: {shape: [height, width], pictures: {label: key}}}, where
// get(key) is a PNG: its bytes, or its address.

const REFERENCE = "hr";
const SHAVE = 4; // pixels cut from each side before scoring
const REST = 400; // ms without a move, after which the kernel is told where the crop is
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const NEARER = { "+": 1, "=": 1, "-": -1, "−": -1, "_": -1 };
const HINT = "Drag to move · wheel or pinch to zoom · double click for full size · " +
  "hold 1…9 to see that picture in the same place";

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children); // strings become text, so labels need no escaping
  if (element.tabIndex >= 0) element.dataset.lmSuppressShortcuts = ""; // JupyterLab's own keys sleep while it has focus
  return element;
}

// ---- Scores: BT.601 luma of rounded pixels, 4 of them shaved; equal to evaluation.psnr and evaluation.ssim

// RGBA of side×side pixels -> luma (16…235) of (side − 8)² pixels
export function luma(rgba, side) {
  const inner = side - 2 * SHAVE, plane = new Float64Array(inner * inner);
  for (let i = 0; i < plane.length; i++) {
    const at = 4 * ((Math.floor(i / inner) + SHAVE) * side + (i % inner) + SHAVE);
    plane[i] = 16 + (65.481 * rgba[at] + 128.553 * rgba[at + 1] + 24.966 * rgba[at + 2]) / 255;
  }
  return plane;
}

// Two lumas -> dB
export function psnr(a, b) {
  const error = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
  return 10 * Math.log10(255 ** 2 / error);
}

const bell = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
const TAPS = bell.map((tap) => tap / bell.reduce((a, b) => a + b)); // a Gaussian of σ 1.5

// Rows of n values -> their weighted means over 11 neighbours, as columns; twice gives means over 11×11
function blurred(plane, n) {
  const rows = plane.length / n, inner = n - 10, out = new Float64Array(rows * inner);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < 11; k++) sum += TAPS[k] * plane[y * n + x + k];
      out[x * rows + y] = sum;
    }
  }
  return out;
}

// Two lumas of n×n pixels -> SSIM (Wang et al., 2004); NaN below 11×11
export function ssim(a, b) {
  const n = Math.sqrt(a.length), c1 = (0.01 * 255) ** 2, c2 = (0.03 * 255) ** 2;
  if (n < 11) return NaN;
  const mean = (plane) => blurred(blurred(plane, n), n);
  const product = (p, q) => mean(p.map((value, i) => value * q[i]));
  const ma = mean(a), mb = mean(b), aa = product(a, a), bb = product(b, b), ab = product(a, b);
  const likeness = ma.map((_, i) => {
    const va = aa[i] - ma[i] ** 2, vb = bb[i] - mb[i] ** 2, cov = ab[i] - ma[i] * mb[i];
    return ((2 * ma[i] * mb[i] + c1) * (2 * cov + c2)) / ((ma[i] ** 2 + mb[i] ** 2 + c1) * (va + vb + c2));
  });
  return likeness.reduce((sum, value) => sum + value) / likeness.length;
}

// What stands under a picture
function scoreText(picture, truth) {
  const [own, reference] = [picture, truth].map(({ data, width }) => luma(data, width));
  const decibels = psnr(own, reference), likeness = ssim(own, reference);
  return `${decibels === Infinity ? "∞" : decibels.toFixed(2)} dB` +
    (Number.isNaN(likeness) ? "" : ` · SSIM ${likeness.toFixed(4)}`);
}

// ---- Pictures

// PNG bytes or an address -> pixels as they are in the file
async function decoded(png) {
  const blob = typeof png === "string" ? await (await fetch(png)).blob() : new Blob([png], { type: "image/png" });
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

// A whole picture, or nothing, on a canvas of its size; the style sheet scales it
function showWhole(canvas, bitmap) {
  if (canvas.holds === bitmap) return;
  [canvas.holds, canvas.width, canvas.height] = [bitmap, bitmap?.width ?? 1, bitmap?.height ?? 1];
  if (bitmap) canvas.getContext("2d").drawImage(bitmap, 0, 0);
}

// Pixels, or nothing, on a canvas of size×size
function put(canvas, pixels, size) {
  canvas.width = canvas.height = size;
  if (pixels) canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// "#rrggbb" -> a pixel's four bytes as one number, 0xAABBGGRR
const opaque = (colour) => parseInt(`ff${colour.slice(5)}${colour.slice(3, 5)}${colour.slice(1, 3)}`, 16);

// Largest difference over the channels, in one of the colours for each grey level, the last for all above
function errorMap({ data: a, width, height }, { data: b }, colours) {
  const map = new ImageData(width, height), pixels = new Uint32Array(map.data.buffer);
  for (let i = 0; i < a.length; i += 4) {
    const worst = Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2]));
    pixels[i / 4] = colours[Math.min(worst, colours.length - 1)];
  }
  return map;
}

// ---- Gestures: one pointer drags, two pinch, the wheel zooms. Places are shares of the element's width and height.
// `drag` gets the way in CSS pixels, what `start` returned, and the place; `zoom` the direction and the place.

function gestures(element, { start, drag, zoom = () => false }) {
  const pointers = new Map();
  let origin, from, spread, rolled = 0, moved = false;
  const share = ({ clientX, clientY }) => {
    const box = element.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  };
  const distance = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  const begin = () => { // again with every finger that comes or goes
    [origin] = pointers.values();
    if (origin) from = start(share(origin));
    if (pointers.size === 2) spread = distance([...pointers.values()]);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    begin();
  });
  element.addEventListener("pointermove", (event) => {
    if (event.movementX || event.movementY) moved = true;
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) {
      drag(event.clientX - origin.clientX, event.clientY - origin.clientY, from, share(event));
      return;
    }
    const now = distance([...pointers.values()]);
    if (Math.abs(Math.log(now / spread)) < 0.2) return;
    zoom(Math.sign(now - spread), share(event));
    spread = now;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    element.addEventListener(end, (event) => pointers.delete(event.pointerId) && begin());
  }
  element.addEventListener("pointerleave", () => (moved = false));
  element.addEventListener("wheel", (event) => {
    if (!moved && !event.ctrlKey) return; // the page scrolls under a pointer at rest
    rolled -= event.deltaY * (event.ctrlKey ? 8 : 1) * (event.deltaMode ? 40 : 1);
    const enough = Math.abs(rolled) >= 60; // a touchpad's steps are small
    if (!enough || zoom(Math.sign(rolled), share(event))) event.preventDefault(); // at the last zoom the page scrolls
    if (enough) rolled = 0;
  }, { passive: false });
}

// ---- The widget

function render({ model, el }) {
  const get = (name) => model.get(name);
  const labels = get("labels"), palette = get("palette"), colours = palette.map(opaque);
  const title = (label) => get("titles")[labels.indexOf(label)];
  const scratch = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const updates = []; // functions that bring a control in line with the state
  const stale = new Set(); // cells whose scores are to come
  let scene, drawn, bitmaps; // the scene, its name, and its whole pictures by their keys
  let active, flicked; // where the pointer or the focus is, and the label that is shown there while its key is down
  let arranged, frame, telling, scoring;

  // -- state

  function set(changes, delay = REST) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    schedule();
    clearTimeout(telling);
    telling = setTimeout(() => model.save_changes(), delay);
  }

  const sides = () => get("sides").filter((side, i) => i === 0 || side <= Math.min(...scene.shape));

  // The crop, kept inside the picture
  function place({ x, y, size } = { x: get("x"), y: get("y"), size: get("size") }) {
    const [height, width] = scene.shape, side = sides().findLast((each, i) => i === 0 || each <= size);
    return { x: clamp(Math.round(x), 0, width - side), y: clamp(Math.round(y), 0, height - side), size: side };
  }

  const move = (changes) => set(place({ ...place(), ...changes }));

  // One step nearer or farther; the pixel at shares (u, v) of the crop stays where it is
  function zoom(step, [u, v] = [0.5, 0.5]) {
    const { x, y, size } = place(), next = sides()[sides().indexOf(size) - step];
    if (next) move({ x: x + u * (size - next), y: y + v * (size - next), size: next });
    return Boolean(next);
  }

  // A whole picture, or undefined until it is there
  function picture(label) {
    const key = scene.pictures[label], into = bitmaps;
    if (key && !into.has(key)) {
      into.set(key, undefined);
      const fail = () => (message.textContent = `${title(label)} cannot be read.`);
      decoded(get(key)).then((bitmap) => schedule(into.set(key, bitmap)), fail);
    }
    return into.get(key);
  }

  // The crop of a picture, LR by nearest neighbour
  function crop(label, { x, y, size }) {
    const bitmap = picture(label);
    if (!bitmap) return undefined;
    const scale = bitmap.height / scene.shape[0];
    scratch.canvas.width = scratch.canvas.height = size;
    scratch.imageSmoothingEnabled = false;
    scratch.drawImage(bitmap, x * scale, y * scale, size * scale, size * scale, 0, 0, size, size);
    return scratch.getImageData(0, 0, size, size);
  }

  // -- elements

  // A labelled control; `show` gives the properties that it takes from the state
  function control(text, input, change, show) {
    const output = make("output");
    input.ariaLabel = text; // of a select, the label would hold all options
    input.addEventListener("input", () => change(input));
    updates.push((at) => {
      Object.assign(input, show(at));
      output.textContent = input.ariaValueText;
    });
    return make("div", { className: "row" }, make("label", {}, text, input), output);
  }

  // `read` gives the value, the largest one, and the text for the value
  function slider(text, write, read) {
    return control(text, make("input", { type: "range", min: 0 }), (input) => write(input.valueAsNumber), (at) => {
      const [value, max, ariaValueText = value] = read(at);
      return { max, value, ariaValueText };
    });
  }

  function choice(name, options) {
    const list = make("select", {}, ...options.map(([value, text]) => make("option", { value }, text)));
    return control(name, list, () => set({ [name]: list.value }, 0), () => ({ value: get(name) }));
  }

  function checkbox(text, write, read) {
    return control(text, make("input", { type: "checkbox" }), write, () => ({ checked: read() }));
  }

  // What shows pictures, and is reached by Tab
  function surface(tag, name, text, ...children) {
    const element = make(tag, { className: `surface ${name}`, tabIndex: 0, role: "img", ariaLabel: text }, ...children);
    for (const event of ["pointerenter", "focus"]) element.addEventListener(event, () => (active = element));
    return element;
  }

  function cell(label) {
    const canvas = surface("canvas", "crop", title(label)), key = make("kbd"), name = make("b"), scores = make("span");
    const figure = make("figure", {}, canvas, make("figcaption", {}, key, " ", name, make("br"), scores));
    const drag = (dx, dy, { x, y, size }) => {
      const scale = size / canvas.clientWidth;
      move({ x: x - dx * scale, y: y - dy * scale });
    };
    gestures(canvas, { start: () => place(), drag, zoom });
    canvas.addEventListener("dblclick", () => open(label));
    return { label, canvas, figure, key, name, scores };
  }

  function toggle(label) {
    const on = (each) => get("shown").includes(each);
    const write = () => set({ shown: labels.filter((each) => (each === label ? !on(each) : on(each))) }, 0);
    return checkbox(title(label), write, () => on(label));
  }

  const named = labels.map((label) => [label, title(label)]);
  const images = get("images").map((name) => [name, name]);
  const message = make("p", { className: "message", role: "status" }), hint = make("p", { className: "hint" });
  const errors = checkbox("error maps", (input) => set({ errors: input.checked }), () => get("errors"));
  const legend = make("div", { className: "scale" }, make("i"), `difference to HR: 0 … ${palette.length - 1} grey levels or more`);
  legend.firstChild.style.background = `linear-gradient(90deg, ${palette})`;
  const controls = make("div", { className: "controls" },
    ...(images.length > 1 ? [choice("image", images)] : []),
    slider("x / px", (x) => move({ x }), ({ x, size }) => [x, scene.shape[1] - size]),
    slider("y / px", (y) => move({ y }), ({ y, size }) => [y, scene.shape[0] - size]),
    slider("crop side / px", (i) => zoom(sides().indexOf(place().size) - i),
      ({ size }) => [sides().indexOf(size), sides().length - 1, size]),
    make("div", { className: "toggles" }, ...labels.map(toggle)),
    ...(labels.includes(REFERENCE) ? [errors, legend] : []));
  const wiping = make("div", { className: "controls" }, choice("left", named), choice("right", named),
    slider("wipe / %", (wipe) => set({ wipe }), () => [get("wipe"), 100]));

  const overview = make("canvas"), box = make("div", { className: "frame" });
  const map = surface("div", "map", "the whole picture; click or drag to move the crop", overview, box);
  const cells = new Map(labels.map((label) => [label, cell(label)]));
  const grid = make("div", { className: "crops", role: "group", ariaLabel: "the same crop of every picture" });
  const right = make("canvas"), left = make("canvas");
  const stage = surface("div", "stage", "wipe between two pictures; drag to move the border", right, left, make("i"));

  // One picture in the whole window, which scrolls
  const view = make("canvas"), pane = make("div", { className: "pane", tabIndex: 0 }, view);
  const list = make("select", { ariaLabel: "picture" });
  list.addEventListener("input", () => showFull(list.value));
  const close = make("button", { title: "close (Esc)", ariaLabel: "close" }, "✕");
  const full = make("dialog", { className: "full", ariaLabel: "full size" },
    make("form", { method: "dialog" }, list, close), pane);

  el.classList.add("sr-comparer");
  el.append(message, make("div", { className: "top" }, map, controls), grid, hint,
    make("div", { className: "top" }, stage, wiping), full);

  // -- what the reader does

  const seek = ([u, v]) => {
    const [height, width] = scene.shape, { size } = place();
    move({ x: u * width - size / 2, y: v * height - size / 2 });
  };
  gestures(map, { start: seek, drag: (dx, dy, from, at) => seek(at) });
  const wipeTo = ([u]) => set({ wipe: Math.round(100 * clamp(u, 0, 1)) });
  gestures(stage, { start: wipeTo, drag: (dx, dy, from, at) => wipeTo(at), zoom });
  stage.addEventListener("dblclick", () => open(get("left")));
  view.addEventListener("dblclick", () => full.close());

  el.addEventListener("keydown", (event) => {
    if (!scene || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const label = get("shown")[event.key - 1], arrow = ARROWS[event.key], step = NEARER[event.key];
    if (label && full.open) showFull(label);
    else if (full.open) return; // the browser scrolls and closes
    else if (label) flicked = label;
    else if (step) zoom(step);
    else if (arrow && !event.target.matches("input")) { // a slider's arrows are its own
      const { x, y } = place(), far = event.shiftKey ? 8 : 1;
      move({ x: x + far * arrow[0], y: y + far * arrow[1] });
    } else if (event.key === "Enter" && event.target.matches(".surface")) {
      event.target.dispatchEvent(new MouseEvent("dblclick"));
    } else return;
    event.preventDefault();
    schedule();
  });
  for (const end of ["keyup", "focusout"]) {
    el.addEventListener(end, () => {
      flicked = undefined;
      schedule();
    });
  }

  // -- full size

  function open(label) {
    const made = named.filter(([each]) => each in scene.pictures);
    list.replaceChildren(...made.map(([value, text]) => make("option", { value }, text)));
    full.showModal();
    pane.focus();
    showFull(label);
    const { x, y, size } = place(), scale = view.clientWidth / scene.shape[1];
    pane.scrollTo((x + size / 2) * scale - pane.clientWidth / 2, (y + size / 2) * scale - pane.clientHeight / 2);
  }

  function showFull(label) {
    const [height, width] = scene.shape;
    list.value = label;
    showWhole(view, picture(label));
    const room = Math.min(pane.clientWidth, (pane.clientHeight * width) / height);
    view.style.width = enlarged(width, room * devicePixelRatio);
  }

  // -- drawing

  function schedule() {
    frame ??= requestAnimationFrame(draw);
  }

  function draw() {
    frame = undefined;
    const image = get("image"), made = get("scenes")[image];
    message.textContent = get("message") || (made ? "" : `Waiting for the kernel to make the pictures of ${image} …`);
    if (made && drawn !== image) [drawn, bitmaps] = [image, new Map()];
    scene = made ?? scene; // until the chosen one is there, the one before
    if (!scene) return;
    const at = place();
    drawOverview(at);
    drawCrops(at);
    drawWipe(at);
    if (full.open) showFull(list.value);
    legend.hidden = !get("errors");
    for (const update of updates) update(at);
    score();
  }

  function drawOverview({ x, y, size }) {
    const [height, width] = scene.shape;
    showWhole(overview, picture(REFERENCE) ?? picture(labels[0]));
    const inset = [y / height, 1 - (x + size) / width, 1 - (y + size) / height, x / width];
    box.style.inset = inset.map((share) => `${100 * share}%`).join(" ");
  }

  function drawCrops(at) {
    const shown = get("shown").map((label) => cells.get(label));
    if (arranged !== get("shown")) grid.replaceChildren(...shown.map(({ figure }) => figure));
    arranged = get("shown");
    hint.textContent = shown.length ? HINT : "No picture is chosen; choose some above.";
    grid.style.setProperty("--side", enlarged(at.size, room(shown.length)));
    const truth = crop(REFERENCE, at);
    shown.forEach((cell, i) => {
      const swapped = Boolean(flicked) && active === cell.canvas, label = swapped ? flicked : cell.label;
      const pixels = crop(label, at), compared = pixels && truth && label !== REFERENCE;
      put(cell.canvas, compared && get("errors") ? errorMap(pixels, truth, colours) : pixels, at.size);
      cell.key.textContent = i < 9 ? i + 1 : "";
      cell.name.textContent = title(label);
      cell.figure.classList.toggle("swapped", swapped);
      cell.figure.classList.toggle("waiting", !pixels);
      cell.score = () => (compared ? scoreText(pixels, truth) : pixels && label === REFERENCE ? "reference" : "");
      stale.add(cell);
    });
  }

  // Screen pixels for a crop's side: columns of at least 180 CSS pixels, in even rows
  function room(count) {
    const width = grid.clientWidth + 10, fit = Math.max(2, Math.floor(width / 190));
    const columns = Math.ceil(count / Math.ceil(count / fit)) || 1;
    const most = Math.floor((Math.min(384, width / columns - 10) * devicePixelRatio) / 48) * 48;
    grid.style.gridTemplateColumns = `repeat(${columns}, ${most / devicePixelRatio}px)`;
    return most;
  }

  // The CSS length of `size` pixels, each of them as many screen pixels as `most` has room for
  function enlarged(size, most) {
    return `${(size * Math.max(1, Math.floor(most / size))) / devicePixelRatio}px`;
  }

  function drawWipe(at) {
    const swapped = flicked && active === stage;
    put(right, crop(swapped ? flicked : get("right"), at), at.size);
    put(left, crop(swapped ? flicked : get("left"), at), at.size);
    stage.style.setProperty("--side", enlarged(at.size, Math.min(384, el.clientWidth) * devicePixelRatio));
    stage.style.setProperty("--wipe", `${get("wipe")}%`);
  }

  // One picture after the other, so that drawing goes on in between
  async function score() {
    if (scoring) return;
    scoring = true;
    for (const cell of stale) { // a cell that is drawn again meanwhile comes again
      stale.delete(cell);
      cell.scores.textContent = cell.score();
      await new Promise((done) => setTimeout(done));
    }
    scoring = false;
  }

  // -- life

  const observer = new ResizeObserver(schedule);
  observer.observe(el);
  model.on("change", schedule); // the host takes this back itself
  return () => {
    observer.disconnect();
    clearTimeout(telling);
  };
}

export default { render };
