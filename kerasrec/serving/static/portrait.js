// What the items that somebody took have in common: small bars, a list for each feature.

const SHOWN = 5; // values of a feature
const small = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The outputs of the signature profile as [{feature, values: [{value, weight, items}]}].
export function read(outputs) {
  const features = new Map();
  outputs.feature.forEach((feature, place) => {
    if (!feature) return;
    const one = { value: outputs.value[place], weight: outputs.weight[place], items: outputs.items[place] };
    features.set(feature, [...(features.get(feature) ?? []), one]);
  });
  return [...features].map(([feature, values]) => ({ feature, values: values.slice(0, SHOWN) }));
}

export function show(box, features) {
  box.replaceChildren(...features.map(panel));
}

function panel({ feature, values }) {
  const made = element("section", "panel");
  made.append(element("h3", "", feature));
  const list = element("ol", "bars");
  list.setAttribute("role", "list");
  const largest = Math.max(...values.map((each) => each.weight));
  list.append(...values.map((each) => bar(each, largest)));
  made.append(list);
  return made;
}

function bar({ value, weight, items }, largest) {
  const line = element("li", "bar-line");
  const track = element("span", "track");
  track.setAttribute("aria-hidden", "true");
  const part = element("span", "part content");
  part.style.width = `${(100 * weight) / largest}%`;
  track.append(part);
  const amount = element("span", "amount", small.format(weight));
  amount.title = items === 1 ? "1 item" : `${items} items`;
  line.append(element("span", "value", value), track, amount);
  return line;
}
