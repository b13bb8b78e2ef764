// A reader's photograph, enlarged here by the study's network in ONNX Runtime. It never leaves the page.

import * as ort from "./ort/ort.wasm.min.mjs";
import comparer from "./comparer.js";
import { Model } from "./site.js";

const LARGEST = 192; // LR pixels to a side; of a larger photograph, its middle
const SCALE = 4;

ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
ort.env.wasm.numThreads = 1; // more would need headers that a plain web server does not send

const input = document.querySelector("#photograph"), message = document.querySelector("#said");
const place = document.querySelector("#compared");
let session;

function canvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

// The middle of the picture, upright: a canvas of at most LARGEST×LARGEST pixels
async function middle(file) {
  const whole = await createImageBitmap(file);
  const width = Math.min(LARGEST, whole.width), height = Math.min(LARGEST, whole.height);
  const lr = canvas(width, height);
  const [left, top] = [whole.width - width, whole.height - height].map((rest) => Math.floor(rest / 2));
  lr.getContext("2d").drawImage(whole, -left, -top);
  return lr;
}

async function network() {
  const { body } = await fetch(new URL("./ort/ort-wasm-simd-threaded.wasm.gz", import.meta.url));
  ort.env.wasm.wasmBinary = await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  return ort.InferenceSession.create(new URL("./combined.onnx", import.meta.url).href);
}

async function enlarged(lr) {
  session ??= await network();
  const { width, height } = lr, rgba = lr.getContext("2d").getImageData(0, 0, width, height).data;
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);
  const { sr } = await session.run({ lr: new ort.Tensor("uint8", rgb, [1, height, width, 3]) });
  const out = canvas(SCALE * width, SCALE * height), page = new ImageData(out.width, out.height);
  for (let i = 0; i < sr.data.length; i++) page.data[4 * Math.floor(i / 3) + (i % 3)] = sr.data[i];
  for (let i = 3; i < page.data.length; i += 4) page.data[i] = 255;
  out.getContext("2d").putImageData(page, 0, 0);
  return out;
}

const address = (canvas) => new Promise((done) => canvas.toBlob((blob) => done(URL.createObjectURL(blob))));

async function show() {
  const [file] = input.files;
  if (!file) return;
  place.replaceChildren();
  let lr;
  try {
    lr = await middle(file);
  } catch {
    message.textContent = `${file.name} cannot be read as an image; choose another file.`;
    return;
  }
  if (Math.min(lr.width, lr.height) < 16) {
    message.textContent = `${file.name} is too small; choose a picture of at least 16×16 pixels.`;
    return;
  }
  message.textContent = "The network is at work: some seconds, more on a phone …";
  await new Promise((done) => setTimeout(done, 50)); // so that this text is seen
  const start = performance.now(), sr = await enlarged(lr);
  message.textContent = `The middle ${lr.width}×${lr.height} pixels became ${sr.width}×${sr.height} ` +
    `in ${((performance.now() - start) / 1000).toFixed(1)} s, in this page.`;
  const el = document.createElement("div"), labels = ["lr", "combined"];
  place.replaceChildren(el);
  comparer.render({ el, model: new Model({
    image: file.name, images: [file.name], labels, titles: ["LR", "combined"], shown: labels,
    scenes: { [file.name]: { shape: [sr.height, sr.width], pictures: { lr: "first", combined: "second" } } },
    first: await address(lr), second: await address(sr), sides: [16, 24, 32, 48, 64, 96, 192],
    x: Math.floor(sr.width / 2) - 48, y: Math.floor(sr.height / 2) - 48, size: 96,
    errors: false, left: "lr", right: "combined", wipe: 50, message: "",
  }) });
}

input.addEventListener("change", show);
