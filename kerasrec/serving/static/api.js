// What the page asks of the server: TF Serving's REST API, and /page for titles and search.

export class Refused extends Error {}

// JSON knows no infinity, TF Serving writes it all the same: outside of strings it becomes null.
const INFINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

export function parse(text) {
  return JSON.parse(text.replace(INFINITE, (found) => (found[0] === '"' ? found : "null")));
}

async function ask(url, options = {}) {
  let response, text;
  try {
    response = await fetch(url, options);
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The server does not answer. Is it still running?");
  }
  let body;
  try {
    body = parse(text);
  } catch {
    throw new Refused(`The server answered with something that is not JSON (${response.status}).`);
  }
  if (!response.ok) {
    throw new Refused(body.error ? `The server says: ${body.error}` : `The server refused (${response.status}).`);
  }
  return body;
}

// TF Serving reads NaN, a missing number, where JSON.stringify writes null.
export function write(value) {
  if (Number.isNaN(value)) return "NaN";
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`).join()}}`;
}

function post(url, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return ask(url, { method: "POST", headers, body: write(body), signal });
}

const address = (name) => `/v1/models/${encodeURIComponent(name)}`;

export async function models() {
  return (await ask("/page/models")).models;
}

export function model(name) {
  return ask(`/page/model?${new URLSearchParams({ name })}`);
}

// {recommend: {inputs: {k: ...}, outputs: {item: ...}}, ...}
export async function signatures(name) {
  const answer = await ask(`${address(name)}/metadata`);
  const found = {};
  for (const [each, signature] of Object.entries(answer.metadata.signature_def.signature_def)) {
    found[each] = { inputs: signature.inputs, outputs: signature.outputs };
  }
  return found;
}

export async function search(name, what, q, signal) {
  const query = new URLSearchParams({ name, what, q });
  return (await ask(`/page/search?${query}`, { signal })).found;
}

// Outputs by name, each with its rows.
export async function predictRows(name, signature, inputs, signal) {
  const body = { signature_name: signature, inputs };
  return (await post(`${address(name)}:predict`, body, signal)).outputs;
}

// Outputs of one row.
export async function predict(name, signature, inputs, signal) {
  const outputs = await predictRows(name, signature, inputs, signal);
  return Object.fromEntries(Object.entries(outputs).map(([each, rows]) => [each, rows[0]]));
}

export function titles(name, items, signal) {
  return post("/page/titles", { name, items }, signal);
}
