// The crop comparer. Pictures come once, as PNG; every move after that is drawn here, without a kernel.
//
// `model` is anywidget's in JupyterLab, and that of tools/site/comparers.js on a page. It has get, set, on, off and
// save_changes, and holds (see comparer.py):
//   images, image                 the scenes, and the one that is shown
//   labels, titles, shown         pictures of a scene, their names, and those that stand side by side
//   scenes                        {image: {shape: [height, width], pictures: {label: key}}};
//                                 get(key) is a PNG: its bytes, or its address
//   x, y, size, sides             the crop in HR pixels, and the sides that it can have
//   errors, left, right, wipe     error maps or pictures; the two pictures of the wipe, and its place in percent
//   message                       why a picture could not be made

const REFERENCE = "hr";
const SHAVE = 4; // pixels cut from each side before scoring
const WORST = 64; // grey levels of difference that get the brightest colour
const REST = 400; // ms without a move, after which the kernel is told where the crop is
const VIRIDIS = ("#440154 #48186a #472d7b #424086 #3b528b #33638d #2c728e #26828e #21918c " +
  "#1fa088 #28ae80 #3fbc73 #5ec962 #84d44b #addc30 #d8e219 #fde725").split(" "); // of matplotlib, Smith & van der Walt
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LARGER = { "+": 1, "=": 1, "-": -1, "−": -1, "_": -1 };

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children); // strings become text, so labels need no escaping
  if (element.tabIndex >= 0) element.dataset.lmSuppressShortcuts = ""; // JupyterLab's own keys sleep in here
  return element;
}

// ---- Scores: BT.601 luma of rounded pixels, 4 of them shaved; equal to evaluation.psnr and evaluation.ssim

// RGBA of side×side pixels -> luma (16…235) of (side − 8)² pixels
export function luma(rgba, side) {
  const inner = side - 2 * SHAVE, plane = new Float64Array(inner * inner);
  for (let y = 0, i = 0; y < inner; y++) {
    for (let x = 0, j = 4 * ((y + SHAVE) * side + SHAVE); x < inner; x++, j += 4) {
      plane[i++] = 16 + (65.481 * rgba[j] + 128.553 * rgba[j + 1] + 24.966 * rgba[j + 2]) / 255;
    }
  }
  return plane;
}

// Two lumas of n×n pixels -> dB
export function psnr(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length) / sum);
}

const TAPS = Float64Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
const TOTAL = TAPS.reduce((a, b) => a + b);
TAPS.forEach((tap, i) => (TAPS[i] = tap / TOTAL));

// n×n -> (n − 10)²: Gaussian means of σ 1.5 over 11×11 pixels, where all of them are inside
function means(plane, n) {
  const m = n - 10, rows = new Float64Array(n * m), out = new Float64Array(m * m);
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < m; x++) {
      let sum = 0;
      for (let k = 0; k < 11; k++) sum += TAPS[k] * plane[y * n + x + k];
      rows[y * m + x] = sum;
    }
  }
  for (let y = 0; y < m; y++) {
    for (let k = 0; k < 11; k++) {
      for (let x = 0; x < m; x++) out[y * m + x] += TAPS[k] * rows[(y + k) * m + x];
    }
  }
  return out;
}

// Two lumas of n×n pixels -> SSIM (Wang et al., 2004); NaN below 11×11
export function ssim(a, b) {
  const n = Math.sqrt(a.length);
  if (n < 11) return NaN;
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  const [ma, mb, aa, bb, ab] = [a, b, a.map((v) => v * v), b.map((v) => v * v), a.map((v, i) => v * b[i])].map((p) =>
    means(p, n),
  );
  let sum = 0;
  for (let i = 0; i < ma.length; i++) {
    const [va, vb, cov] = [aa[i] - ma[i] ** 2, bb[i] - mb[i] ** 2, ab[i] - ma[i] * mb[i]];
    sum += ((2 * ma[i] * mb[i] + c1) * (2 * cov + c2)) / ((ma[i] ** 2 + mb[i] ** 2 + c1) * (va + vb + c2));
  }
  return sum / ma.length;
}

// ---- Pictures

// PNG bytes or an address -> pixels as they are in the file
async function decoded(png) {
  const blob = typeof png === "string" ? await (await fetch(png)).blob() : new Blob([png], { type: "image/png" });
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

// Fill a canvas with `image` from (x, y) on, `zoom` screen pixels per HR pixel, `scale` HR pixels per pixel of `image`
function paint(canvas, image, scale, x, y, zoom) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!image) return;
  context.imageSmoothingEnabled = false;
  context.setTransform(zoom * scale, 0, 0, zoom * scale, -x * zoom, -y * zoom);
  context.drawImage(image, 0, 0);
}

// `width`×`height` screen pixels, whatever the density of the screen
function resize(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${width / devicePixelRatio}px`;
  canvas.style.height = `${height / devicePixelRatio}px`;
}

const COLOURS = Array.from({ length: WORST + 1 }, (_, level) => {
  const at = (level / WORST) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const [from, to] = [rgb(VIRIDIS[low]), rgb(VIRIDIS[low + 1])];
  return from.map((value, i) => Math.round(value + (at - low) * (to[i] - value)));
});

// Largest difference over the channels, in colour
function errorMap(a, b, side) {
  const map = new ImageData(side, side);
  for (let i = 0; i < a.length; i += 4) {
    const worst = Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2]));
    map.data.set(COLOURS[Math.min(worst, WORST)], i);
    map.data[i + 3] = 255;
  }
  return map;
}

// ---- Gestures: one pointer drags, two pinch, the wheel zooms. `zoom(step, u, v)` gets the place in shares of the canvas

function gestures(canvas, { start, drag, zoom, eager = false }) {
  const pointers = new Map();
  let origin, spread, rolled = 0, meant = eager;
  const distance = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  const share = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    origin = { event, from: start?.(share(event)) };
    if (pointers.size === 2) spread = distance();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.movementX || event.movementY) meant = true; // not a page that scrolls under a resting pointer
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) {
      drag(event.clientX - origin.event.clientX, event.clientY - origin.event.clientY, origin.from, share(event));
    } else if (zoom && Math.abs(Math.log(distance() / spread)) > 0.2) {
      zoom(distance() > spread ? 1 : -1, ...share(event));
      spread = distance();
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      const [left] = pointers.values();
      if (left) origin = { event: left, from: start?.(share(left)) };
    });
  }
  canvas.addEventListener("pointerleave", () => (meant = eager));
  canvas.addEventListener("wheel", (event) => {
    if (!zoom || !(meant || event.ctrlKey)) return; // the page scrolls on
    rolled += event.deltaY * (event.ctrlKey ? 8 : 1) * (event.deltaMode ? 40 : 1);
    let done = true;
    if (Math.abs(rolled) >= 60) {
      done = zoom(rolled < 0 ? 1 : -1, ...share(event));
      rolled = 0;
    }
    if (done) event.preventDefault(); // at the last zoom the page may scroll
  }, { passive: false });
}

// ---- The widget

function render({ model, el }) {
  const get = (name) => model.get(name);
  const title = (label) => get("titles")[get("labels").indexOf(label)];
  const scene = () => (known = get("scenes")[get("image")] ?? known); // until the chosen one is there, the one before
  const bitmaps = new Map(); // key -> pixels, or null while they are decoded
  const patch = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const id = `sr-${Math.random().toString(36).slice(2)}`;
  let known, frame, telling, flicked, active, cells = [], stale = new Set(), scoring, overviewOf;

  // -- state

  function set(changes, delay = REST) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    schedule();
    clearTimeout(telling);
    telling = setTimeout(() => model.save_changes(), delay);
  }

  function sides() {
    const [height, width] = scene().shape;
    return get("sides").filter((side, i) => i === 0 || side <= Math.min(height, width));
  }

  // The crop, kept inside the picture
  function place(x = get("x"), y = get("y"), size = get("size")) {
    const [height, width] = scene().shape;
    const side = Math.max(...sides().filter((each, i) => i === 0 || each <= size));
    return { x: clamp(Math.round(x), 0, width - side), y: clamp(Math.round(y), 0, height - side), size: side };
  }

  const move = (x, y, size) => scene() && set(place(x, y, size));

  // One step nearer or farther; the pixel at shares (u, v) of the crop stays where it is
  function zoom(step, u = 0.5, v = 0.5) {
    const { x, y, size } = place(), all = sides(), next = all[all.indexOf(size) - step];
    if (!next) return false;
    move(x + u * (size - next), y + v * (size - next), next);
    return true;
  }

  function picture(label) {
    const key = scene()?.pictures[label];
    if (!key) return null;
    if (!bitmaps.has(key)) {
      bitmaps.set(key, null);
      decoded(get(key)).then((bitmap) => {
        if (!bitmaps.has(key)) return bitmap.close(); // another image was chosen meanwhile
        bitmaps.set(key, bitmap);
        schedule();
      }, () => say(`${title(label)} cannot be read.`));
    }
    return bitmaps.get(key);
  }

  const scale = (bitmap) => (bitmap ? Math.round(scene().shape[0] / bitmap.height) : 1);

  // RGBA of the crop, size×size
  function pixels(label, { x, y, size }) {
    const bitmap = picture(label);
    if (patch.canvas.width !== size) patch.canvas.width = patch.canvas.height = size;
    paint(patch.canvas, bitmap, scale(bitmap), x, y, 1);
    return patch.getImageData(0, 0, size, size).data;
  }

  // -- elements

  const say = (words) => (message.textContent = words);
  const message = make("p", { className: "message" });
  message.setAttribute("role", "status");

  function slider(name, words, read, write) {
    const input = make("input", { type: "range", id: `${id}-${name}`, min: 0, step: 1 });
    const value = make("output", { htmlFor: input.id });
    input.addEventListener("input", () => write(Number(input.value)));
    const row = make("div", { className: "row" }, make("label", { htmlFor: input.id }, words), input, value);
    const show = (at) => {
      const [now, most, said = now] = read(at);
      if (input.max !== String(most)) input.max = most;
      if (input.value !== String(now)) input.value = now;
      input.setAttribute("aria-valuetext", said);
      value.textContent = said;
    };
    return { row, show };
  }

  function choice(name, words, options, write) {
    const list = make("select", { id: `${id}-${name}` });
    list.append(...options.map(([value, text]) => make("option", { value }, text)));
    list.addEventListener("change", () => write(list.value));
    const row = make("div", { className: "row" }, make("label", { htmlFor: list.id }, words), list);
    return { row, show: () => (list.value = get(name)) };
  }

  function canvas(label) {
    const element = make("canvas", { tabIndex: 0, width: 1, height: 1 });
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    for (const event of ["pointerenter", "focus"]) element.addEventListener(event, () => (active = element));
    return element;
  }

  const named = get("labels").map((label, i) => [label, get("titles")[i]]);
  const controls = [
    slider("x", "x / px", ({ x, size }) => [x, scene().shape[1] - size], (x) => move(x)),
    slider("y", "y / px", ({ y, size }) => [y, scene().shape[0] - size], (y) => move(undefined, y)),
    slider("size", "crop side / px", ({ size }) => [sides().indexOf(size), sides().length - 1, size], (i) => {
      zoom(sides().indexOf(place().size) - i);
    }),
  ];
  if (get("images").length > 1) {
    controls.unshift(choice("image", "image", get("images").map((name) => [name, name]), (image) => set({ image }, 0)));
  }
  const wiping = [
    choice("left", "left", named, (left) => set({ left }, 0)),
    choice("right", "right", named, (right) => set({ right }, 0)),
    slider("wipe", "wipe / %", () => [get("wipe"), 100], (wipe) => set({ wipe })),
  ];

  const toggles = named.map(([label, text]) => {
    const button = make("button", { type: "button", title: `show or hide ${text}` }, text);
    button.addEventListener("click", () => {
      const on = new Set(get("shown"));
      if (!on.delete(label)) on.add(label);
      set({ shown: get("labels").filter((each) => on.has(each)) }, 0);
    });
    return { label, button };
  });
  const errors = make("input", { type: "checkbox", id: `${id}-errors`, disabled: !get("labels").includes(REFERENCE) });
  errors.addEventListener("change", () => set({ errors: errors.checked }));
  const scaled = `difference to HR: 0 … ${WORST} grey levels or more`;
  const bar = make("div", { className: "bar" }, make("i"), make("span", {}, scaled));
  bar.firstChild.style.background = `linear-gradient(90deg, ${VIRIDIS})`;

  const overview = canvas("the whole picture; click or drag to move the crop");
  const box = make("div", { className: "frame" });
  const grid = make("div", { className: "crops" });
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "the same crop of every picture");
  const stage = canvas("wipe between two pictures; drag to move the border");
  const border = make("div", { className: "border" });
  const hint = make("p", { className: "hint" });

  el.classList.add("sr-comparer");
  el.append(
    message,
    make("div", { className: "top" },
      make("div", { className: "picture" }, overview, box),
      make("div", { className: "controls" }, ...controls.map(({ row }) => row),
        make("div", { className: "toggles" }, ...toggles.map(({ button }) => button)),
        make("div", { className: "row", hidden: errors.disabled },
          make("label", { htmlFor: errors.id }, "error maps"), errors),
        bar)),
    grid, hint,
    make("div", { className: "top" },
      make("div", { className: "picture" }, stage, border),
      make("div", { className: "controls" }, ...wiping.map(({ row }) => row))),
  );
  const full = fullSize();

  // -- what the reader does

  const inHand = { start: () => place(), zoom };
  const seek = (_, [u, v]) => {
    const [height, width] = scene().shape, { size } = place();
    move(u * width - size / 2, v * height - size / 2);
  };
  gestures(overview, { start: (at) => seek(null, at), drag: (dx, dy, _, at) => seek(null, at) });
  const wipeTo = ([u]) => set({ wipe: Math.round(100 * clamp(u, 0, 1)) });
  gestures(stage, { start: wipeTo, drag: (dx, dy, _, at) => wipeTo(at), zoom });
  stage.addEventListener("dblclick", () => full.open(get("left")));

  function arrange() {
    const shown = get("shown");
    if (cells.map(({ label }) => label).join("\n") === shown.join("\n") && cells.length) return;
    cells = shown.map((label, i) => {
      const cell = { label, canvas: canvas(title(label)), scores: make("span"), name: make("b", {}, title(label)) };
      cell.figure = make("figure", {}, cell.canvas,
        make("figcaption", {}, ...(i < 9 ? [make("kbd", {}, i + 1), " "] : []), cell.name, make("br"), cell.scores));
      gestures(cell.canvas, {
        ...inHand,
        drag(dx, dy, from) {
          const perPixel = from.size / cell.canvas.clientWidth;
          move(from.x - dx * perPixel, from.y - dy * perPixel, from.size);
        },
      });
      cell.canvas.addEventListener("dblclick", () => full.open(label));
      return cell;
    });
    stale.clear();
    grid.replaceChildren(...cells.map(({ figure }) => figure));
    const touch = matchMedia("(pointer: coarse)").matches, keys = shown.slice(0, 9).map((_, i) => i + 1).join(" ");
    hint.textContent = !shown.length ? "No picture is chosen; choose some above." : touch
      ? "Drag to move · pinch to zoom · double tap for full size"
      : `Drag to move · wheel to zoom · hold ${keys} to flick a picture over another · double click for full size`;
  }

  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !scene() || event.target.matches("select")) return;
    const label = get("shown")[event.key - 1], { x, y } = place();
    if (full.isOpen()) {
      if (!full.key(event)) return;
    } else if (label) flicked = label;
    else if (event.target.matches("input")) return; // a slider's arrows are its own
    else if (ARROWS[event.key]) {
      const [dx, dy] = ARROWS[event.key], far = event.shiftKey ? 8 : 1;
      move(x + far * dx, y + far * dy);
    } else if (LARGER[event.key]) zoom(LARGER[event.key]);
    else if (event.key === "Enter" && event.target.matches("canvas")) {
      full.open(cells.find(({ canvas }) => canvas === event.target)?.label ?? get("left"));
    } else return;
    event.preventDefault();
    schedule();
  });
  for (const end of ["keyup", "focusout"]) {
    el.addEventListener(end, () => {
      if (flicked) schedule();
      flicked = undefined;
    });
  }

  // -- drawing

  function schedule() {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      if (el.isConnected) draw();
    });
  }

  // Screen pixels of a crop's side: all in one row if that leaves 180 for each, else in even rows
  function room() {
    const count = cells.length, width = grid.clientWidth + 10;
    const fit = clamp(Math.floor(width / 190), Math.min(2, count), count);
    const columns = Math.ceil(count / Math.ceil(count / fit));
    grid.style.gridTemplateColumns = `repeat(${columns}, max-content)`;
    return Math.floor(Math.min(384, width / columns - 10) * devicePixelRatio / 48) * 48;
  }

  function draw() {
    const made = get("image") in get("scenes");
    say(get("message") || (made ? "" : `Waiting for the kernel to make the pictures of ${get("image")} …`));
    if (!scene()) return;
    forget();
    arrange();
    const at = place(), most = room();
    const zoomed = Math.max(1, Math.floor(most / at.size));
    const truth = get("errors") && picture(REFERENCE) && pixels(REFERENCE, at);
    grid.style.setProperty("--cell", `${most / devicePixelRatio}px`);
    for (const cell of cells) {
      const swapped = flicked && active === cell.canvas, label = (cell.seen = swapped ? flicked : cell.label);
      resize(cell.canvas, at.size * zoomed, at.size * zoomed);
      if (truth && label !== REFERENCE && picture(label)) {
        const colours = errorMap(pixels(label, at), truth, at.size);
        patch.setTransform(1, 0, 0, 1, 0, 0);
        patch.putImageData(colours, 0, 0);
        paint(cell.canvas, patch.canvas, 1, 0, 0, zoomed);
      } else paint(cell.canvas, picture(label), scale(picture(label)), at.x, at.y, zoomed);
      cell.name.textContent = title(label);
      cell.figure.classList.toggle("swapped", Boolean(swapped));
      cell.figure.classList.toggle("waiting", !picture(label));
      stale.add(cell);
    }
    drawOverview(at);
    drawWipe(at);
    for (const { show } of [...controls, ...wiping]) show(at);
    for (const { label, button } of toggles) button.setAttribute("aria-pressed", get("shown").includes(label));
    errors.checked = get("errors");
    bar.hidden = !get("errors") || errors.disabled;
    scoring ??= setTimeout(score);
    full.draw();
  }

  // Pixels of images that are no longer shown
  function forget() {
    const keys = new Set(Object.values(scene().pictures));
    for (const [key, bitmap] of bitmaps) {
      if (keys.has(key)) continue;
      bitmap?.close();
      bitmaps.delete(key);
    }
  }

  function drawOverview({ x, y, size }) {
    const [height, width] = scene().shape, bitmap = picture(REFERENCE) ?? picture(get("labels")[0]);
    const zoomed = Math.min(1, 240 / Math.max(height, width) * devicePixelRatio);
    if (bitmap && overviewOf !== `${zoomed} ${get("image")} ${bitmap.height}`) {
      overviewOf = `${zoomed} ${get("image")} ${bitmap.height}`;
      resize(overview, Math.round(width * zoomed), Math.round(height * zoomed));
      const context = overview.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, overview.width, overview.height);
    }
    const percent = (share) => `${100 * share}%`;
    Object.assign(box.style, {
      left: percent(x / width), top: percent(y / height), width: percent(size / width), height: percent(size / height),
    });
  }

  function drawWipe(at) {
    const most = Math.min(384, el.clientWidth) * devicePixelRatio, zoomed = Math.max(1, Math.floor(most / at.size));
    const side = at.size * zoomed, edge = Math.round((get("wipe") / 100) * side);
    resize(stage, side, side);
    const put = (label) => paint(stage, picture(label), scale(picture(label)), at.x, at.y, zoomed);
    const swapped = flicked && active === stage;
    put(swapped ? flicked : get("right"));
    if (!swapped) {
      const context = stage.getContext("2d");
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.beginPath();
      context.rect(0, 0, edge, side);
      context.clip();
      put(get("left"));
      context.restore();
    }
    border.style.left = `${edge / devicePixelRatio}px`;
    border.hidden = Boolean(swapped);
  }

  // A few milliseconds of scoring between two frames; the cell that waits longest comes first
  function score() {
    const until = performance.now() + 6, at = place();
    let reference;
    while (stale.size && performance.now() < until) {
      const [cell] = stale, { seen } = cell;
      stale.delete(cell);
      if (!picture(seen) || !picture(REFERENCE)) cell.scores.textContent = "";
      else if (seen === REFERENCE) cell.scores.textContent = "reference";
      else {
        reference ??= luma(pixels(REFERENCE, at), at.size);
        const own = luma(pixels(seen, at), at.size), likeness = ssim(own, reference);
        const decibels = psnr(own, reference);
        cell.scores.textContent = (decibels === Infinity ? "∞ dB" : `${decibels.toFixed(2)} dB`) +
          (Number.isNaN(likeness) ? "" : ` · SSIM ${likeness.toFixed(4)}`);
      }
    }
    scoring = stale.size ? setTimeout(score) : undefined;
  }

  // -- one picture, as large as the window

  function fullSize() {
    const view = make("canvas", { tabIndex: 0 });
    const buttons = make("div", { className: "toggles" });
    const close = make("button", { type: "button", title: "close (Esc)", ariaLabel: "close" }, "✕");
    const dialog = make("dialog", { className: "full", ariaLabel: "full size" },
      make("div", { className: "head" }, buttons, make("span", { className: "zoom" }), close), view);
    let label, x, y, zoomed;
    el.append(dialog);
    const area = () => [view.clientWidth, view.clientHeight].map((n) => Math.round(n * devicePixelRatio));
    const zoomTo = (step, u = 0.5, v = 0.5) => {
      const [width, height] = area(), next = clamp(zoomed + step, 1, 16);
      x += u * width * (1 / zoomed - 1 / next);
      y += v * height * (1 / zoomed - 1 / next);
      zoomed = next;
      schedule();
      return true;
    };
    const open = (which) => {
      dialog.showModal();
      view.focus();
      buttons.replaceChildren(...get("shown").map((each, i) => {
        const button = make("button", { type: "button", value: each }, `${i + 1} ${title(each)}`);
        button.addEventListener("click", () => show(each));
        return button;
      }));
      const [height, width] = scene().shape, [w, h] = area(), at = place();
      label = which;
      zoomed = clamp(Math.floor(Math.min(w / width, h / height)), 1, 16);
      [x, y] = [at.x + at.size / 2 - w / zoomed / 2, at.y + at.size / 2 - h / zoomed / 2];
      schedule();
    };
    const draw = () => {
      if (!dialog.open) return;
      const [height, width] = scene().shape, [w, h] = area();
      const inside = (at, whole, seen) => (whole <= seen ? (whole - seen) / 2 : clamp(at, 0, whole - seen));
      [x, y] = [inside(x, width, w / zoomed), inside(y, height, h / zoomed)]; // never beyond the picture
      if (view.width !== w) view.width = w;
      if (view.height !== h) view.height = h;
      const [left, top] = [x, y].map((at) => Math.round(at * zoomed) / zoomed); // whole screen pixels
      paint(view, picture(label), scale(picture(label)), left, top, zoomed);
      dialog.querySelector(".zoom").textContent = `${title(label)} · ×${zoomed}`;
      for (const button of buttons.children) button.setAttribute("aria-pressed", button.value === label);
    };
    const show = (which) => {
      label = which;
      schedule();
    };
    gestures(view, {
      eager: true,
      start: () => [x, y],
      drag(dx, dy, [left, top]) {
        [x, y] = [left - (dx * devicePixelRatio) / zoomed, top - (dy * devicePixelRatio) / zoomed];
        schedule();
      },
      zoom: zoomTo,
    });
    view.addEventListener("dblclick", () => dialog.close());
    close.addEventListener("click", () => dialog.close());
    // True if the key was for this view
    const key = (event) => {
      const chosen = get("shown")[event.key - 1];
      if (chosen) show(chosen);
      else if (ARROWS[event.key]) {
        x += ARROWS[event.key][0] * 32 / zoomed;
        y += ARROWS[event.key][1] * 32 / zoomed;
      } else if (LARGER[event.key]) zoomTo(LARGER[event.key]);
      else return false;
      return true;
    };
    return { open, draw, key, isOpen: () => dialog.open };
  }

  // -- life

  const watched = ["image", "scenes", "shown", "x", "y", "size", "errors", "left", "right", "wipe", "message"];
  for (const name of watched) model.on(`change:${name}`, schedule);
  const observer = new ResizeObserver(schedule);
  observer.observe(el);
  schedule();
  return () => {
    observer.disconnect();
    for (const name of watched) model.off(`change:${name}`, schedule);
    for (const bitmap of bitmaps.values()) bitmap?.close();
    clearTimeout(telling);
    clearTimeout(scoring);
  };
}

export default { render };
