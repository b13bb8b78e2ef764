// A blind comparison: two pictures of one place change sides at random, the reader chooses, and the end says which.
//
// `model` is as for comparer.js: `titles` are two names, `pairs` two PNGs for each place, as bytes or addresses. Nothing
// is sent anywhere, not even to the kernel.

const address = (png) =>
  typeof png === "string" ? png : URL.createObjectURL(new Blob([png], { type: "image/png" }));

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const titles = model.get("titles"), pairs = model.get("pairs").map((pair) => pair.map(address));
  const picture = (which, place, alt) => make("img", { src: pairs[place][which], alt });
  let orders, chosen; // of each place, who stands left and right, and who was preferred: 0, 1, or 2 for neither

  function begin() {
    orders = pairs.map(() => (Math.random() < 0.5 ? [0, 1] : [1, 0]));
    chosen = [];
    ask();
  }

  function choose(which) {
    chosen.push(which);
    (chosen.length < pairs.length ? ask : tell)();
    el.querySelector("button").focus({ preventScroll: true });
  }

  function ask() {
    const place = chosen.length;
    const sides = orders[place].map((which, i) => make("button", { onclick: () => choose(which) },
      picture(which, place, `the ${["left", "right"][i]} picture`)));
    el.replaceChildren(make("p", {}, `${place + 1} of ${pairs.length}: which looks better?`),
      make("div", { className: "pair" }, ...sides),
      make("button", { onclick: () => choose(2) }, "I see no difference"));
  }

  function tell() {
    const count = (which) => chosen.filter((each) => each === which).length;
    const rows = chosen.map((which, place) => make("div", { className: "pair" }, ...orders[place].map((each) =>
      make("figure", {}, picture(each, place, titles[each]),
        make("figcaption", {}, titles[each], each === which ? " ← yours" : "")))));
    el.replaceChildren(make("p", { role: "status" }, `You chose ${titles[0]} ${count(0)} times, ${titles[1]} ` +
      `${count(1)} times, and saw no difference ${count(2)} times. By chance alone, each would be chosen about as often.`),
    make("button", { onclick: begin }, "Again"), ...rows);
  }

  el.classList.add("sr-comparer", "sr-blind");
  begin();
}

export default { render };
