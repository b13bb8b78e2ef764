// The site's own script: the theme's button, and comparers without a kernel.

const root = document.documentElement;
document.querySelector(".theme").addEventListener("click", () => {
  root.dataset.theme = localStorage.theme = root.dataset.theme === "dark" ? "light" : "dark";
});

// What comparer.js asks of a model: a dict with listeners. Pictures are addresses, loaded when they are first shown.
export class Model {
  constructor(state) {
    this.state = state;
    this.listeners = [];
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    this.state[name] = value;
    for (const call of this.listeners) call();
  }
  on(event, call) {
    this.listeners.push(call);
  }
  save_changes() {} // there is no kernel
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    show(target);
  }
}, { rootMargin: "400px" });

async function show(place) {
  const { widget = "comparer", model } = place.dataset;
  const [{ default: comparer }, response] = await Promise.all([import(`./${widget}.js`), fetch(model)]);
  const state = await response.json(), el = document.createElement("div");
  place.replaceChildren(el);
  comparer.render({ model: new Model(state), el });
}

for (const place of document.querySelectorAll(".comparer")) near.observe(place);
