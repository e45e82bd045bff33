// Recommendations as a list. Titles and ids are foreign: they become text, never HTML.

// Three digits of the largest score, and at least two decimals.
let number, signed;

function format(found) {
  const largest = Math.max(...found.map((each) => Math.abs(each.score)));
  const digits = largest > 0 ? Math.min(Math.max(2 - Math.floor(Math.log10(largest)), 2), 8) : 2;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  number = new Intl.NumberFormat(undefined, options);
  signed = new Intl.NumberFormat(undefined, { ...options, signDisplay: "exceptZero" });
}

const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const significant = new Intl.NumberFormat(undefined, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });

function predicted({ kind, value }) {
  if (kind === "binary") return percent.format(value);
  const text = significant.format(value);
  return kind === "seconds" ? `${text} s` : text;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Columns of a signature's outputs as one object for each item; "" fills up.
export function read(outputs, k) {
  const found = [];
  outputs.item.slice(0, k).forEach((id, place) => {
    if (!id) return;
    const of = (names, keys) =>
      (outputs[names[0]]?.[place] ?? [])
        .map((_, each) => Object.fromEntries(keys.map((key, n) => [key, outputs[names[n]]?.[place]?.[each]])))
        .filter((each) => each[keys[0]]);
    found.push({
      id,
      score: outputs.score[place],
      behavior: outputs.from_behavior?.[place],
      content: outputs.from_content?.[place],
      first: outputs.retriever_rank?.[place],
      reasons: of(["reason_item", "reason"], ["id", "part"]),
      words: of(["word", "word_feature", "word_reason"], ["word", "feature", "part"]),
    });
  });
  return found;
}

// Every id whose title the list shows.
export function ids(found) {
  return found.flatMap((each) => [each.id, ...each.reasons.map((reason) => reason.id)]);
}

export function show(list, found, { title, take, max }) {
  format(found);
  const largest = Math.max(...found.map((each) => Math.abs(each.behavior) + Math.abs(each.content)));
  list.replaceChildren(...found.map((each, place) => row(each, place, { title, take, largest })));
}

function row(each, place, { title, take, largest }) {
  const line = element("li", "item");
  line.append(element("span", "rank", place + 1));
  const body = element("div", "body");
  const head = element("div", "title-line");
  const name = element("p", "title", title(each.id) || each.id);
  head.append(name);
  if (title(each.id)) head.append(element("span", "id", each.id));
  if (each.first) head.append(moved(each.first, place + 1));
  body.append(head);
  if (each.behavior !== undefined) body.append(split(each, largest));
  if (each.tasks) body.append(predictions(each));
  if (each.groups) body.append(groups(each));
  if (each.reasons.length) body.append(reasons(each, title));
  if (each.words.length) body.append(words(each));
  const side = element("div", "side");
  const score = element("span", "score", number.format(each.score));
  score.title = "score";
  side.append(score);
  if (take) {
    const button = element("button", "quiet take", "Take");
    button.type = "button";
    button.setAttribute("aria-label", `Take ${title(each.id) || each.id} into the history`);
    button.addEventListener("click", () => take(each.id, place));
    side.append(button);
  }
  line.append(body, side);
  return line;
}

function split(each, largest) {
  const box = element("div", "split");
  const bar = element("div", "track");
  bar.setAttribute("aria-hidden", "true");
  for (const part of ["behavior", "content"]) {
    const piece = element("span", `part ${part}${each[part] < 0 ? " minus" : ""}`);
    piece.style.width = `${largest ? (100 * Math.abs(each[part])) / largest : 0}%`;
    bar.append(piece);
  }
  const parts = element("span", "parts");
  parts.append(
    element("span", "unseen", "behaviour "),
    element("span", "behavior", signed.format(each.behavior)),
    element("span", "unseen", ", content "),
    element("span", "content", signed.format(each.content)),
  );
  box.append(bar, parts);
  return box;
}

function predictions(each) {
  const line = element("p", "why tasks");
  each.tasks.forEach((task, place) => {
    if (place) line.append(", ");
    line.append(element("span", "label", task.name), " ", element("span", "", predicted(task)));
  });
  return line;
}

// Where the retriever had put it, and how far the ranker moved it.
function moved(first, place) {
  const by = first - place;
  const how = by === 0 ? "as the retriever" : `${by > 0 ? "up" : "down"} ${Math.abs(by)}`;
  const mark = element("span", `moved${by > 0 ? " up" : by < 0 ? " down" : ""}`, how);
  mark.title = `number ${first} of the retriever`;
  return mark;
}

function groups(each) {
  const line = element("p", "why groups");
  each.groups.forEach((group, place) => {
    if (place) line.append(", ");
    line.append(element("span", "label", group.name), " ", element("span", "amount", signed.format(group.part)));
  });
  return line;
}

function reasons(each, title) {
  const line = element("p", "why");
  line.append(element("span", "label", "because of "));
  each.reasons.forEach((reason, place) => {
    if (place) line.append(", ");
    line.append(element("span", "cause", title(reason.id) || reason.id), " ");
    line.append(element("span", "amount", signed.format(reason.part)));
  });
  return line;
}

function words(each) {
  const line = element("p", "why words");
  let feature;
  for (const word of each.words) {
    if (word.feature !== feature) line.append(element("span", "label", `words in ${word.feature} `));
    feature = word.feature;
    const chip = element("span", "word");
    chip.append(element("span", "", word.word), " ", element("span", "amount", signed.format(word.part)));
    line.append(chip, " ");
  }
  return line;
}
