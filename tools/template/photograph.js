// A reader's photograph, enlarged here by the study's network in ONNX Runtime. It never leaves the page.

import * as ort from "./ort.wasm.min.mjs";
import comparer from "./comparer.js";
import { Model } from "./site.js";

const SCALE = 4;
const TILE = 128; // LR pixels to a side of what the network gets at once, beside what it needs around them
const LARGEST = 12e6; // pixels that are read of a photograph; a phone's canvas holds little more
const SECONDS = Number(new URLSearchParams(location.search).get("seconds")) || 20;

ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
ort.env.wasm.numThreads = 1; // more would need headers that a plain web server does not send

const [form, message, progress, save, place] = ["form", "#said", "progress", "#save", "#compared"]
  .map((selector) => document.querySelector(selector));
const reach = Number(place.dataset.reach);
let session, rate, photograph; // the network, LR pixels that it does in a second, and what the reader chose

const pause = () => new Promise((done) => setTimeout(done)); // so that the page is drawn

// ---- Pictures: {data: RGBA, width, height}

const cubic = (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0);

// The width becomes n by antialiased bicubic, and rows become columns
function along({ data, width, height }, n) {
  const scale = width / n, wide = Math.max(scale, 1), out = new Uint8ClampedArray(4 * n * height).fill(255);
  for (let x = 0; x < n; x++) {
    const centre = (x + 0.5) * scale;
    const first = Math.max(0, Math.round(centre - 2 * wide)), end = Math.min(width, Math.round(centre + 2 * wide));
    const weights = Array.from({ length: end - first }, (_, i) => cubic(Math.abs(first + i + 0.5 - centre) / wide));
    const total = weights.reduce((a, b) => a + b);
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i] * data[4 * (y * width + first + i) + c];
        out[4 * (x * height + y) + c] = sum / total;
      }
    }
  }
  return { data: out, width: height, height: n };
}

// Antialiased bicubic, as Pillow has it and as the study makes LR
const resized = (image, width, height) => along(along(image, width), height);

function canvas({ data, width, height }) {
  const made = Object.assign(document.createElement("canvas"), { width, height });
  if (data) made.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return made;
}

const pixels = (canvas, x = 0, y = 0, width = canvas.width, height = canvas.height) =>
  canvas.getContext("2d", { willReadFrequently: true }).getImageData(x, y, width, height);

const blob = (image) => new Promise((done) => canvas(image).toBlob(done));

// The photograph upright, on white, and no larger than LARGEST
async function opened(file) {
  const whole = await createImageBitmap(file), part = Math.min(1, Math.sqrt(LARGEST / (whole.width * whole.height)));
  const shown = canvas({ width: Math.round(part * whole.width), height: Math.round(part * whole.height) });
  const pen = Object.assign(shown.getContext("2d"), { fillStyle: "white", imageSmoothingQuality: "high" });
  pen.fillRect(0, 0, shown.width, shown.height);
  pen.drawImage(whole, 0, 0, shown.width, shown.height);
  return pixels(shown);
}

// ---- The network

async function network() {
  const { body } = await fetch(new URL("./ort-wasm-simd-threaded.wasm.gz", import.meta.url));
  ort.env.wasm.wasmBinary = await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  session = await ort.InferenceSession.create(new URL("./combined.onnx", import.meta.url).href);
  const trial = new ImageData(TILE + 2 * reach, TILE + 2 * reach);
  for (let i = 0; i < 2; i++) { // the first one is slow
    const start = performance.now();
    await sr(trial);
    rate = (1000 * TILE ** 2) / (performance.now() - start);
    await pause();
  }
}

// The SR of one tile
async function sr({ data, width, height }) {
  const rgb = new Uint8Array(3 * width * height), out = new ImageData(SCALE * width, SCALE * height);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[4 * Math.floor(i / 3) + (i % 3)];
  const { sr } = await session.run({ lr: new ort.Tensor("uint8", rgb, [1, height, width, 3]) });
  out.data.fill(255);
  sr.data.forEach((value, i) => (out.data[4 * Math.floor(i / 3) + (i % 3)] = value));
  return out;
}

async function enlarged(lr) {
  const source = canvas(lr), out = canvas({ width: SCALE * lr.width, height: SCALE * lr.height });
  const pen = out.getContext("2d");
  for (let y = 0; y < lr.height; y += TILE) {
    for (let x = 0; x < lr.width; x += TILE) {
      const left = Math.min(x, reach), top = Math.min(y, reach);
      const width = Math.min(lr.width, x + TILE + reach) - x + left, height = Math.min(lr.height, y + TILE + reach) - y + top;
      const tile = await sr(pixels(source, x - left, y - top, width, height));
      const at = [SCALE * (x - left), SCALE * (y - top), SCALE * left, SCALE * top, SCALE * TILE, SCALE * TILE];
      pen.putImageData(tile, ...at);
      progress.value = (y + (TILE * (x + TILE)) / lr.width) / lr.height;
      await pause();
    }
  }
  return pixels(out);
}

// ---- The page

async function show() {
  let whole;
  try {
    whole = await opened(photograph);
  } catch {
    message.textContent = `${photograph.name} cannot be read as an image here; choose another file.`;
    return;
  }
  const judging = form.elements.mode.value === "judge", shrinks = judging ? SCALE : 1;
  if (Math.min(whole.width, whole.height) < 16 * shrinks) {
    message.textContent = `${photograph.name} is too small; choose a picture of at least ${16 * shrinks} pixels a side.`;
    return;
  }
  message.textContent = "The network is coming: 5 MB, once …";
  await (session ?? network());
  const part = Math.min(1, shrinks * Math.sqrt((SECONDS * rate) / (whole.width * whole.height)));
  const [width, height] = [whole.width, whole.height].map((n) => Math.max(16 * shrinks, Math.floor((part * n) / shrinks) * shrinks));
  const size = ({ width, height }) => `${width}×${height}`;
  let fitting = part < 1 ? resized(whole, width, height) : pixels(canvas(whole), 0, 0, width, height);
  const lr = judging ? resized(fitting, width / SCALE, height / SCALE) : fitting;
  const shrunk = part < 1 ? `, first shrunk to ${size(fitting)}, since this browser does that in about ${SECONDS} s` : "";
  const done = judging ? `shrunk to ${size(lr)}, enlarged to` : "became";
  message.textContent = `The network is at work${shrunk} …`;
  progress.hidden = false;
  await pause();
  const start = performance.now(), made = await enlarged(lr), seconds = (performance.now() - start) / 1000;
  progress.hidden = true;
  message.textContent = `${photograph.name}: ${size(whole)} pixels${shrunk}, ${done} ${size(made)} ` +
    `in ${seconds.toFixed(1)} s. ${judging ? "HR is the truth." : ""}`;
  const pictures = { lr, bicubic: resized(lr, made.width, made.height), combined: made, ...(judging && { hr: fitting }) };
  await compare(pictures, made);
  save.href = URL.createObjectURL(await blob(made));
  save.download = `${photograph.name.replace(/\.\w+$/, "")}-x4.png`;
  save.hidden = false;
}

// The comparer of these pictures; all else is as on the first page
async function compare(pictures, { width, height }) {
  const labels = Object.keys(pictures), keys = Object.fromEntries(labels.map((label) => [label, `own-${label}`]));
  const addresses = await Promise.all(labels.map(async (label) => [keys[label], URL.createObjectURL(await blob(pictures[label]))]));
  const state = await (await fetch("comparers/index.json")).json(), size = 96, el = document.createElement("div");
  place.replaceChildren(el);
  comparer.render({ el, model: new Model({
    ...state, ...Object.fromEntries(addresses), labels, shown: labels, image: "mine", images: ["mine"],
    titles: labels.map((label) => (["lr", "hr"].includes(label) ? label.toUpperCase() : label)),
    scenes: { mine: { shape: [height, width], pictures: keys } }, left: "bicubic", right: "combined", errors: false,
    x: Math.floor((width - size) / 2), y: Math.floor((height - size) / 2), size,
  }) });
}

// One photograph after the other: while one is made, nothing can be chosen
async function choose(file) {
  photograph = file ?? photograph;
  if (!photograph) return;
  place.replaceChildren();
  [save.hidden, form.inert] = [true, true];
  try {
    await show();
  } catch (error) {
    message.textContent = `This browser could not do it (${error.message}); try another one, or a smaller picture.`;
  }
  [progress.hidden, form.inert] = [true, false];
}

form.elements.photograph.addEventListener("change", ({ target }) => choose(target.files[0]));
for (const mode of form.elements.mode) mode.addEventListener("change", () => choose());
form.elements.sample.addEventListener("click", async () => {
  const answer = await fetch("assets/sample.png");
  choose(new File([await answer.blob()], "sample.png"));
});
