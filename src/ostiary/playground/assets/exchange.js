// One HTTP exchange: do it, keep it, and show it word for word.

import { element } from "./dom.js";

/** Send a request and return both sides as they were said. Headers that the browser adds are not known here. */
export async function exchange({ method = "GET", url, headers = {}, form = null }) {
  const body = form === null ? "" : new URLSearchParams(form).toString();
  const sent = form === null ? { ...headers } : { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
  const request = { method, url, headers: sent, body };
  try {
    const reply = await fetch(url, { method, headers: sent, body: body || undefined, cache: "no-store", credentials: "omit", redirect: "manual" });
    const response = { status: reply.status, reason: reply.statusText, headers: [...reply.headers], body: await reply.text() };
    return { request, response };
  } catch (problem) {
    return { request, response: null, problem: String(problem) };
  }
}

/** The JSON of an answer, or an empty object. */
export function answered(made) {
  try {
    return JSON.parse(made.response?.body || "{}");
  } catch {
    return {};
  }
}

export const succeeded = (made) => made.response !== null && made.response.status < 300;

/** Both sides of an exchange, open or folded. */
export function drawExchange(made, open) {
  const { request, response } = made;
  const { pathname, search } = new URL(request.url);
  const status = response === null ? "no answer" : `${response.status} ${response.reason}`.trim();
  return element("details", { class: "exchange", open },
    element("summary", {},
      element("span", { class: `status ${succeeded(made) ? "good" : "bad"}` }, status),
      element("span", { class: "where" }, `${request.method} ${pathname}${search}`)),
    drawRequest(request),
    response === null
      ? said("Response", element("pre", {}, made.problem))
      : said("Response", element("pre", {},
        span("verb", `HTTP/1.1 ${status}`), "\n", headerLines(response.headers), response.body && "\n", ...colouredBody(response.body, response.headers))));
}

/** A request as it goes over the wire, with a button that copies it for the command line. */
export function drawRequest(request) {
  const { pathname, search, host } = new URL(request.url);
  const text = element("pre", {},
    span("verb", request.method), ` ${pathname}${search} HTTP/1.1\n`,
    headerLines([["Host", host], ...Object.entries(request.headers)]), request.body && "\n", ...colouredForm(request.body));
  const copy = element("button", { type: "button", onclick: async () => {
    await navigator.clipboard.writeText(asCurl(request));
    copy.textContent = "Copied";
  } }, "Copy as curl");
  return said("Request", text, copy);
}

function said(title, text, ...more) {
  return element("div", { class: "said" }, element("header", {}, element("span", {}, title), ...more), text);
}

const span = (kind, text) => element("span", { class: kind }, text);
const headerLines = (headers) => element("span", {}, headers.map(([name, value]) => [span("name", name), `: ${value}\n`]).flat());

export function colouredForm(body) {
  if (!body) return [];
  return body.split("&").flatMap((pair, index) => {
    const [name, ...value] = pair.split("=");
    return [index ? "&" : "", element("wbr"), span("name", name), "=", span("text", value.join("="))];
  });
}

function colouredBody(body, headers) {
  const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
  return type.includes("json") ? colouredJson(body) : [body];
}

/** JSON with its names and texts coloured; every character stays as it came. */
function colouredJson(text) {
  const made = [];
  let last = 0;
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)) {
    made.push(text.slice(last, match.index), span(match[2] ? "name" : "text", match[1]), match[2] ?? "");
    last = match.index + match[0].length;
  }
  return [...made, text.slice(last)];
}

function asCurl({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl -i", ...(method === "GET" || body ? [] : [`-X ${method}`]), quoted(url)];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`--data ${quoted(body)}`);
  return parts.join(" \\\n  ");
}
