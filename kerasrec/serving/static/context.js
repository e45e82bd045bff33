// An input for each feature of the request that the model reads, by the kind that the export says.

import { Refused } from "./api.js";

const HINTS = {
  categories: ({ separator }) => `Several with ${separator} between them.`,
  vector: ({ size }) => `${size} numbers with commas between them.`,
  time: () => "In UTC.",
};

export class Context {
  // box is a fieldset; changed() is called when a value has changed.
  constructor(box, changed) {
    this.box = box;
    this.changed = changed;
    this.fields = new Map();
  }

  // features: {hour: {kind: "category", values: [...]}, ...}. Values that are there already stay.
  describe(features) {
    const before = this.given;
    this.fields = new Map(Object.entries(features).map(([name, feature]) => [name, { feature }]));
    this.box.querySelectorAll(".field").forEach((each) => each.remove());
    for (const [name, field] of this.fields) {
      field.input = control(field.feature);
      field.input.id = `context-${name}`;
      field.input.value = before[name] ?? "";
      field.input.addEventListener("change", this.changed);
      this.box.append(labelled(name, field));
    }
    this.box.hidden = !this.fields.size;
  }

  // Texts by name, of the features that have one.
  get given() {
    const texts = [...this.fields].map(([name, { input }]) => [name, input.value.trim()]);
    return Object.fromEntries(texts.filter(([, text]) => text));
  }

  set(texts) {
    for (const [name, { input }] of this.fields) input.value = texts[name] ?? "";
  }

  // Inputs of a signature for one row; the value of a missing number is NaN.
  get inputs() {
    return Object.fromEntries(
      [...this.fields].map(([name, { feature, input }]) => [name, [value(name, feature, input.value.trim())]]),
    );
  }
}

function control({ kind, values }) {
  if (kind === "category" && values) {
    const select = document.createElement("select");
    select.append(new Option("not given", ""), ...values.map((each) => new Option(each, each)));
    return select;
  }
  const input = document.createElement("input");
  input.type = { number: "number", time: "datetime-local" }[kind] ?? "text";
  if (kind === "number") input.step = "any";
  if (kind === "time") input.step = "1";
  return input;
}

function labelled(name, { feature, input }) {
  const field = document.createElement("div");
  field.className = "field";
  const label = document.createElement("label");
  label.htmlFor = input.id;
  label.textContent = name;
  field.append(label);
  if (feature.kind in HINTS) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.id = `${input.id}-hint`;
    hint.textContent = HINTS[feature.kind](feature);
    input.setAttribute("aria-describedby", hint.id);
    field.append(hint);
  }
  field.append(input);
  return field;
}

function value(name, { kind, separator, size }, text) {
  // As float32, which the model reads: a larger number would be infinity and count as missing.
  const isFinite = (number) => Number.isFinite(Math.fround(number));
  if (kind === "number") {
    if (text && !isFinite(Number(text))) throw new Refused(`${name} needs a finite number.`);
    return text ? Number(text) : NaN;
  }
  // Without a zone the browser would take its own.
  if (kind === "time") return text ? Math.floor(Date.parse(`${text}Z`) / 1000) : 0;
  const parts = (between) => text.split(between).map((part) => part.trim()).filter(Boolean);
  // Lists begin with "", as all do.
  if (kind === "categories") return ["", ...parts(separator)];
  if (kind !== "vector") return text;
  if (!text) return Array(size).fill(NaN);
  const numbers = parts(",").map(Number);
  if (numbers.length !== size || !numbers.every(isFinite)) {
    throw new Refused(`${name} needs ${size} numbers with commas between them.`);
  }
  return numbers;
}
