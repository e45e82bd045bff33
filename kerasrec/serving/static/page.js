// The page: what is asked stands in the form and in the address, the answer beside it.

import * as api from "./api.js";
import { Combobox } from "./combobox.js";
import { Context } from "./context.js";
import * as portrait from "./portrait.js";
import * as results from "./results.js";

const by = (id) => document.getElementById(id);
const [list, status, error] = [by("list"), by("status"), by("error")];
const titles = new Map();
const title = (id) => titles.get(id) ?? "";

let name = "";
let version = null;
let signatures = {};
let request = null;
// Whether the export leaves out the history by default.
let masks = true;
// Kinds of the tasks whose predictions the signature score returns, by name.
let tasks = {};

// A message about the form for screen readers; `status` shows messages about the answer to everyone.
function announce(text) {
  by("announced").textContent = text;
}

async function find(what, text, signal) {
  const found = await api.search(name, what, text, signal);
  if (what === "items") for (const each of found) titles.set(each.id, each.title);
  return found;
}

const items = (text, signal) => find("items", text, signal);
const users = (text, signal) => find("users", text, signal);
const boxes = {
  history: new Combobox(by("history"), { search: items, changed: refresh, announce }),
  user: new Combobox(by("user"), { search: users, changed: refresh, announce, most: 1 }),
  exclude: new Combobox(by("exclude"), { search: items, changed: refresh, announce }),
  allow: new Combobox(by("allow"), { search: items, changed: refresh, announce }),
};

const context = new Context(by("context"), refresh);

// The address holds what is asked, so that it can be kept and sent to somebody.

function write() {
  const asked = new URLSearchParams({ model: name });
  for (const [each, box] of Object.entries(boxes)) for (const id of box.ids) asked.append(each, id);
  for (const [each, text] of Object.entries(context.given)) asked.set(`context.${each}`, text);
  if (words()) asked.set("words", words());
  if (by("k").value !== "10") asked.set("k", by("k").value);
  if (by("seen").checked !== masks) asked.set("seen", by("seen").checked ? "yes" : "no");
  if (!by("why").checked) asked.set("why", "no");
  history.replaceState(null, "", `#${asked}`);
}

async function read() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const wanted = Object.keys(boxes).flatMap((each) => asked.getAll(each));
  if (wanted.length) await learn(wanted);
  for (const [each, box] of Object.entries(boxes)) {
    box.set(asked.getAll(each).map((id) => ({ id, title: each === "user" ? "" : title(id) })));
  }
  const texts = [...asked].filter(([key]) => key.startsWith("context."));
  context.set(Object.fromEntries(texts.map(([key, text]) => [key.slice("context.".length), text])));
  by("words-input").value = asked.get("words") ?? "";
  by("k").value = asked.get("k") ?? "10";
  by("seen").checked = asked.has("seen") ? asked.get("seen") !== "no" : masks;
  by("why").checked = asked.get("why") !== "no";
  by("more").open = boxes.exclude.ids.length + boxes.allow.ids.length > 0;
}

// Titles of items that have not been seen yet, asked for also where there are none: the answer says
// which version it comes from, and a new one may have other titles and other signatures.
async function learn(ids, signal) {
  const unknown = [...new Set(ids)].filter((id) => !titles.has(id));
  const answer = await api.titles(name, unknown.slice(0, 1000), signal);
  if (answer.version !== version) {
    titles.clear();
    await describe();
    return learn(ids, signal);
  }
  for (const [id, each] of Object.entries(answer.titles)) titles.set(id, each);
}

// The words of a search, where the model finds items by words.
function words() {
  return "search" in signatures ? by("words-input").value.trim() : "";
}

function inputs(signature) {
  // Every input is sent, since TF Serving's REST API asks for each. Lists begin with "": a server
  // that fills requests up to one length repeats the first value.
  const padded = (ids) => [["", ...ids]];
  const known = {
    user: [boxes.user.ids[0] ?? ""],
    history: padded(boxes.history.ids),
    exclude: padded(boxes.exclude.ids),
    allow: padded(boxes.allow.ids),
    k: [count()],
    repeats: [by("seen").checked ? "mask" : "allow"],
    pin: padded([]),
    boost: padded([]),
    boost_factor: [[0]],
    behavior: padded(boxes.history.ids.map(() => "")),
    timestamp: [[0, ...boxes.history.ids.map(() => 0)]],
    value: [[NaN, ...boxes.history.ids.map(() => NaN)]],
    item_weight: [[NaN, ...boxes.history.ids.map(() => NaN)]],
    recent: padded([]),
    recent_behavior: padded([]),
    recent_timestamp: [[0]],
    search_text: [words()],
    ...context.inputs,
  };
  const names = Object.keys(signatures[signature].inputs);
  return Object.fromEntries(names.map((each) => [each, known[each]]));
}

// The outputs of a signature of one item, asked for in one request with a row for each item found.
function ofItems(signature, found, signal) {
  const of = { ...inputs(signature), item: [""] };
  const rows = Object.entries(of).map(([each, [value]]) => [each, found.map(() => value)]);
  const asked = { ...Object.fromEntries(rows), item: found.map((each) => each.id) };
  return api.predictRows(name, signature, asked, signal);
}

async function predictTasks(found, signal) {
  if (!found.length || !Object.keys(tasks).length) return;
  const outputs = await ofItems("score", found, signal);
  found.forEach((each, place) => {
    each.tasks = Object.keys(tasks).map((task) => ({ name: task, kind: tasks[task], value: outputs[task][place] }));
  });
}

// What each group of features adds to the logarithm of a score.
async function explainGroups(found, signal) {
  if (!found.length || !by("why").checked || !("explain" in signatures)) return;
  const outputs = await ofItems("explain", found, signal);
  found.forEach((each, place) => {
    const parts = outputs.contribution[place];
    each.groups = outputs.group[place].map((group, n) => ({ name: group, part: parts[n] }));
    // What groups do only together, so that all of them add up to the difference they make.
    const rest = parts.reduce((left, part) => left - part, outputs.all[place] - outputs.none[place]);
    each.groups.push({ name: "together", part: rest });
    each.groups.sort((one, other) => Math.abs(other.part) - Math.abs(one.part));
  });
}

function count() {
  const most = Number(by("k").max) || 100;
  return Math.min(Math.max(Math.trunc(Number(by("k").value)) || 1, 1), most);
}

// What the items that were taken have in common; nothing where nothing was taken.
async function showPortrait(signal) {
  const somebody = boxes.history.ids.length || boxes.user.ids.length;
  const box = by("portrait");
  const outputs = somebody && "profile" in signatures ? await api.predict(name, "profile", inputs("profile"), signal) : null;
  const features = outputs ? portrait.read(outputs) : [];
  if (signal.aborted) return;
  box.hidden = !features.length;
  portrait.show(box.querySelector(".panels"), features);
}

// What could not be used of the words of a search.
function note(outputs) {
  const unknown = [...new Set((outputs.unknown_word ?? []).filter((word) => word))];
  let text = "";
  if (outputs.by_words === false) {
    text = outputs.known_words
      ? "The items cannot be told apart by these words: these are popular ones."
      : "No item has these words: these are popular ones.";
  } else if (unknown.length) {
    text = `No item has: ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? " and more" : ""}.`;
  }
  by("words-note").textContent = text;
  by("words-note").hidden = !text;
}

function heading() {
  if (words()) return `For \u201c${words().length > 60 ? `${words().slice(0, 60)}\u2026` : words()}\u201d`;
  const took = boxes.history.ids.length;
  const user = boxes.user.ids[0];
  if (took) return `For ${user ?? "somebody"} who took ${took === 1 ? "one item" : `${took} items`}`;
  if (user !== undefined) return `For ${user}`;
  return "For somebody new";
}

async function refresh() {
  if (!name) return;
  write();
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const started = performance.now();
  list.setAttribute("aria-busy", "true");
  try {
    const explained = by("why").checked && "recommend_explained" in signatures;
    const signature = words() ? "search" : explained ? "recommend_explained" : "recommend";
    const k = count();
    const outputs = await api.predict(name, signature, inputs(signature), signal);
    const took = performance.now() - started;
    const found = results.read(outputs, k);
    await predictTasks(found, signal);
    await explainGroups(found, signal);
    await showPortrait(signal);
    await learn(results.ids(found), signal);
    if (signal.aborted) return;
    error.hidden = true;
    by("heading").textContent = heading();
    note(outputs);
    by("legend").hidden = !found.some((each) => each.behavior !== undefined);
    const canTake = "history" in signatures.recommend.inputs;
    results.show(list, found, { title, take: canTake && take });
    status.textContent = summary(found.length, k, took, words() ? "item" : "recommendation");
    list.setAttribute("aria-busy", "false");
  } catch (problem) {
    if (problem.name === "AbortError") return;
    list.setAttribute("aria-busy", "false");
    complain(problem);
  }
}

function summary(found, k, milliseconds, what) {
  const number = found === 1 ? `1 ${what}` : `${found} ${what}s`;
  const fewer = found < k ? ", all there are" : "";
  return `${number}${fewer}, in ${Math.max(1, Math.round(milliseconds))} ms`;
}

function take(id, place) {
  boxes.history.pick({ id, title: title(id) });
  // The list is made anew: the focus stays in its place.
  const kept = new MutationObserver(() => {
    kept.disconnect();
    const buttons = list.querySelectorAll(".take");
    buttons[Math.min(place, buttons.length - 1)]?.focus();
  });
  kept.observe(list, { childList: true });
}

function complain(problem) {
  error.hidden = false;
  error.querySelector("p").textContent =
    problem instanceof api.Refused ? problem.message : `The page itself failed: ${problem.message}`;
  list.replaceChildren();
  by("heading").textContent = "No recommendations";
  by("portrait").hidden = true;
  note({});
  by("legend").hidden = true;
  status.textContent = "";
}

// The model and the inputs of its signatures.

async function describe() {
  const wanted = name;
  const [model, found] = await Promise.all([api.model(wanted), api.signatures(wanted)]);
  if (wanted !== name) return;
  version = model.version;
  signatures = found;
  masks = model.about.repeats !== "allow";
  if (!("recommend" in signatures)) {
    throw new api.Refused(`${name} has no signature \u201crecommend\u201d: it was not exported by kerasrec.`);
  }
  const inputs = signatures.recommend.inputs;
  for (const [each, box] of Object.entries(boxes)) box.field.hidden = !(each in inputs);
  by("words").hidden = !("search" in signatures);
  by("more").hidden = !("exclude" in inputs || "allow" in inputs);
  by("seen-field").hidden = !("repeats" in inputs);
  by("why-field").hidden = !("recommend_explained" in signatures || "explain" in signatures);
  by("user-hint").textContent =
    "history" in inputs && model.about.stored_histories
      ? "Somebody the model knows. Without items above, their stored history counts."
      : "Somebody the model knows.";
  by("k").max = model.about.max_k ?? 100;
  if (Number(by("k").value) > Number(by("k").max)) by("k").value = by("k").max;
  context.describe(model.about.context ?? {});
  tasks = "score" in signatures ? model.about.tasks ?? {} : {};
  about(model.about);
  document.title = `${name}: kerasrec`;
  by("name").textContent = name;
  by("version").textContent = `version ${version}`;
  by("version").hidden = false;
}

const WHOLE = new Intl.NumberFormat();

function about(model) {
  const facts = [];
  if (model.model) facts.push(model.model);
  if (model.num_items) facts.push(`${WHOLE.format(model.num_items)} items`);
  if (model.num_users) facts.push(`${WHOLE.format(model.num_users)} users`);
  if (model.created) facts.push(`made ${String(model.created).slice(0, 10)}`);
  by("facts").textContent = facts.join(" \u00b7 ");
  const lines = flat(model).filter(([key]) => !/^(signatures|sha256|files|format|run config|context)/.test(key));
  by("about").hidden = !lines.length;
  by("about").querySelector("dl").replaceChildren(
    ...lines.flatMap(([key, value]) => {
      const [term, description] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = key;
      description.textContent = value;
      return [term, description];
    }),
  );
}

function flat(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, String(value)]];
  if (Array.isArray(value)) return [[path, value.join(", ")]];
  return Object.entries(value).flatMap(([key, each]) => flat(each, path ? `${path} ${key}` : key));
}

async function choose(wanted) {
  request?.abort();
  name = wanted;
  titles.clear();
  try {
    await describe();
    await read();
  } catch (problem) {
    return complain(problem);
  }
  // Somebody may have chosen another one in the meantime.
  if (name === wanted) await refresh();
}

async function start() {
  let names;
  try {
    names = await api.models();
  } catch (problem) {
    return complain(problem);
  }
  if (!names.length) return complain(new api.Refused("No model is loaded yet."));
  const select = by("model");
  select.replaceChildren(...names.map((each) => new Option(each, each)));
  select.hidden = names.length < 2;
  by("name").classList.toggle("unseen", names.length > 1);
  const wanted = new URLSearchParams(location.hash.slice(1)).get("model");
  select.value = names.includes(wanted) ? wanted : names[0];
  await choose(select.value);
}

by("model").addEventListener("change", () => {
  history.replaceState(null, "", "#");
  choose(by("model").value);
});
for (const each of ["k", "seen", "why", "words-input"]) by(each).addEventListener("input", refresh);
by("k").addEventListener("change", () => {
  by("k").value = count();
});
by("query").addEventListener("submit", (event) => event.preventDefault());
by("clear").addEventListener("click", () => {
  for (const box of Object.values(boxes)) box.set([]);
  context.set({});
  by("words-input").value = "";
  refresh();
  boxes[boxes.history.field.hidden ? "user" : "history"].input.focus();
});
error.querySelector("button").addEventListener("click", start);
start();
