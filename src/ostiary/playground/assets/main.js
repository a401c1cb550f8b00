// The playground: a client of this server's public endpoints, one step after the other.

import { by, checkList, element, factsTable } from "./dom.js";
import { answered, colouredForm, drawExchange, drawRequest, exchange, succeeded } from "./exchange.js";
import { challenge, decode, leftHalf, random, verify } from "./jose.js";
import { meaning, PARAMETERS } from "./meanings.js";
import { forget, remember, remembered } from "./session.js";

const ISSUER = document.body.dataset.issuer;
const REDIRECT_URI = `${ISSUER}/playground/callback`;
const STEPS = ["client", "request", "callback", "tokens", "refresh", "userinfo", "introspect", "revoke"];
const OF_CLIENT_CREDENTIALS = new Set(["client", "tokens", "introspect", "revoke"]);
const FIELDS = ["scope", "pkce", "prompt", "state", "nonce", "login_hint", "max_age", "ui_locales", "access_token_manager_id"];

const session = remembered();
let clients = [];
let provider = {};
let jwks = null;

const chosen = () => clients.find((client) => client.id === session.client);
const resourceServer = () => clients.find((client) => client.kind === "resource server");
const newest = (kind) => session.tokens.findLast((token) => token.kind === kind);
const isCodeFlow = () => chosen().kind !== "client credentials";

// Beginning ----------------------------------------------------------------------------------------------------------

async function begin() {
  // The server has one name. Under another one (127.0.0.1 for localhost) this page would be a stranger to it.
  if (location.origin !== new URL(ISSUER).origin) {
    location.replace(`${ISSUER}/playground`);
    return;
  }
  const [told, found] = await Promise.all([
    fetch(`${ISSUER}/playground/clients.json`, { cache: "no-store" }),
    exchange({ url: `${ISSUER}/.well-known/openid-configuration`, headers: { Accept: "application/json" } }),
  ]);
  clients = (await told.json()).clients;
  session.exchanges.discovery = [found];
  provider = answered(found);
  if (!succeeded(found)) {
    trouble("The discovery document could not be read, so the addresses of the endpoints are not known.");
    return;
  }
  if (!chosen()) choose("ac_oic_client");
  takeCallback();
  drawChoices();
  listen();
  await draw();
  if (session.fresh) reach("callback");
  session.fresh = false;
  remember(session);
}

/** The browser has come back: keep the answer and clear the address, so that a reload does not use it twice. */
function takeCallback() {
  if (!location.pathname.endsWith("/callback")) return;
  session.callback = { url: location.href, ofThisTab: session.sent !== null };
  session.fresh = true;
  session.tokens = [];
  session.exchanges = { ...session.exchanges, tokens: [], refresh: [], userinfo: [], introspect: [], revoke: [] };
  history.replaceState(null, "", `${ISSUER}/playground`);
}

function choose(id) {
  session.client = id;
  const { scope, pkce } = chosen();
  session.values = { ...session.values, scope, pkce };
  renew();
  startAgain();
}

/** New values for everything that must not be used twice. */
function renew() {
  session.values = { ...session.values, state: random(12), nonce: random(12) };
  session.verifier = random(32);
}

function startAgain() {
  Object.assign(session, { sent: null, callback: null, tokens: [] });
  for (const step of Object.keys(session.exchanges)) if (step !== "discovery") session.exchanges[step] = [];
}

// Step 1: client and parameters ---------------------------------------------------------------------------------------

function drawChoices() {
  by("clients").replaceChildren(...clients.filter((client) => client.kind !== "resource server").map((client) =>
    element("label", { class: "choice" },
      element("input", { type: "radio", name: "client", value: client.id, checked: client.id === session.client }),
      element("span", {}, element("b", {}, client.id), element("small", {}, client.description)))));
  by("scopes").replaceChildren(...(provider.scopes_supported ?? []).map((scope) =>
    element("button", { type: "button", "data-scope": scope, "aria-pressed": "false", onclick: () => toggleScope(scope) }, scope)));
  fillFields();
}

function fillFields() {
  for (const name of FIELDS) by(name).value = session.values[name] ?? "";
  pressScopes();
}

function pressScopes() {
  const asked = session.values.scope.split(" ");
  for (const chip of by("scopes").children) chip.setAttribute("aria-pressed", String(asked.includes(chip.dataset.scope)));
}

function toggleScope(scope) {
  const asked = session.values.scope.split(" ").filter(Boolean);
  const wanted = asked.includes(scope) ? asked.filter((other) => other !== scope) : [...asked, scope];
  session.values.scope = by("scope").value = wanted.join(" ");
  changed();
}

async function changed() {
  pressScopes();
  remember(session);
  await draw();
}

// Step 2: the authorization request -----------------------------------------------------------------------------------

async function authorizationParameters() {
  const { values, verifier } = session;
  const wanted = {
    client_id: session.client, response_type: "code", redirect_uri: REDIRECT_URI, scope: values.scope, state: values.state,
    nonce: values.nonce, prompt: values.prompt, max_age: values.max_age, login_hint: values.login_hint,
    ui_locales: values.ui_locales, access_token_manager_id: values.access_token_manager_id,
  };
  if (values.pkce) Object.assign(wanted, { code_challenge: await challenge(verifier, values.pkce), code_challenge_method: values.pkce });
  return Object.entries(wanted).filter(([, value]) => value);
}

async function drawAuthorization() {
  const parameters = await authorizationParameters();
  const query = new URLSearchParams(parameters).toString();
  const url = new URL(provider.authorization_endpoint);
  by("go").href = `${url}?${query}`;
  by("authorization").replaceChildren(
    element("div", { class: "box" }, element("pre", {},
      element("span", { class: "verb" }, "GET"), ` ${url.pathname}?`, ...colouredForm(query), ` HTTP/1.1\n`,
      element("span", { class: "name" }, "Host"), `: ${url.host}`)),
    factsTable("Parameters of the request", parameters.map(([name, value]) => [name, value, PARAMETERS[name]])));
}

/** Remember what is asked, so that the answer can be held against it. */
function leave() {
  startAgain();
  session.sent = { client: session.client, state: session.values.state, nonce: session.values.nonce, verifier: session.values.pkce ? session.verifier : "" };
  remember(session);
}

// Step 3: the callback ------------------------------------------------------------------------------------------------

/** RFC 6749 §4.1.2, RFC 9207 §2.4: what a client checks before it believes an answer. */
function judged() {
  const { callback, sent } = session;
  const answer = new URL(callback.url).searchParams;
  const checks = [[sent !== null, sent ? "This tab asked." : "No request of this tab is waiting for an answer."]];
  if (sent?.state) checks.push([answer.get("state") === sent.state, "state is the one that was sent."]);
  if (provider.authorization_response_iss_parameter_supported) checks.push([answer.get("iss") === ISSUER, `iss is ${ISSUER}.`]);
  const code = answer.get("code");
  checks.push([code !== null, code ? "There is a code." : `There is no code: ${answer.get("error") ?? "nothing"}.`]);
  return { answer: [...answer], code: checks.every(([holds]) => holds) ? code : null, checks };
}

function drawCallback() {
  by("callback-wait").hidden = session.callback !== null;
  if (session.callback === null) {
    by("answer").replaceChildren();
    return;
  }
  const url = new URL(session.callback.url);
  const { answer, checks } = judged();
  by("answer").replaceChildren(
    element("div", { class: "box" }, element("pre", {},
      element("span", { class: "verb" }, "GET"), ` ${url.pathname}?`, ...colouredForm(url.search.slice(1)), ` HTTP/1.1\n`,
      element("span", { class: "name" }, "Host"), `: ${url.host}`)),
    factsTable("Parameters of the answer", answer.map(([name, value]) => [name, value, PARAMETERS[name]])),
    checkList(checks));
}

// Steps 4 to 8: what the application says itself ------------------------------------------------------------------------

function authenticated(client, form) {
  // RFC 6749 §2.3.1: id and secret are form-encoded before they become Basic credentials.
  const encoded = (text) => new URLSearchParams({ v: text }).toString().slice(2);
  if (!client.secret) return { headers: { Accept: "application/json" }, form: { client_id: client.id, ...form } };
  const credentials = btoa(`${encoded(client.id)}:${encoded(client.secret)}`);
  return { headers: { Authorization: `Basic ${credentials}`, Accept: "application/json" }, form };
}

function tokenRequest() {
  const at = { method: "POST", url: provider.token_endpoint };
  if (!isCodeFlow()) {
    const { scope, access_token_manager_id } = session.values;
    const wanted = Object.entries({ grant_type: "client_credentials", scope, access_token_manager_id }).filter(([, value]) => value);
    return { ...at, ...authenticated(chosen(), Object.fromEntries(wanted)) };
  }
  const { code } = judged();
  const form = { grant_type: "authorization_code", code: code ?? "", redirect_uri: REDIRECT_URI };
  if (session.sent?.verifier) form.code_verifier = session.sent.verifier;
  return { ...at, ...authenticated(chosen(), form) };
}

/** Do an exchange of a step, keep it and show it. */
async function perform(step, request) {
  const made = await exchange(request);
  session.exchanges[step].push(made);
  say(`${STEPS.indexOf(step) + 1}: ${made.response ? `the server answered ${made.response.status}` : "no answer"}`);
  return made;
}

function keepTokens(answer) {
  for (const kind of ["access", "refresh", "id"]) {
    const value = answer[`${kind}_token`];
    if (value && newest(kind)?.value !== value) session.tokens.push({ kind, value, number: session.tokens.filter((token) => token.kind === kind).length + 1 });
  }
}

const ACTIONS = {
  "get-tokens": async () => {
    const made = await perform("tokens", tokenRequest());
    if (succeeded(made)) keepTokens(answered(made));
  },
  "do-refresh": async () => {
    const form = { grant_type: "refresh_token", refresh_token: newest("refresh").value };
    const made = await perform("refresh", { method: "POST", url: provider.token_endpoint, ...authenticated(chosen(), form) });
    if (succeeded(made)) keepTokens(answered(made));
  },
  "do-userinfo": () => perform("userinfo", {
    url: provider.userinfo_endpoint, headers: { Authorization: `Bearer ${newest("access").value}`, Accept: "application/json" },
  }),
  "do-introspect": () => perform("introspect", {
    method: "POST", url: provider.introspection_endpoint, ...authenticated(resourceServer(), tokenAndHint("introspect-token")),
  }),
  "do-revoke": () => perform("revoke", {
    method: "POST", url: provider.revocation_endpoint, ...authenticated(chosen(), tokenAndHint("revoke-token")),
  }),
};

function tokenAndHint(select) {
  const token = session.tokens[Number(by(select).value)];
  return { token: token.value, token_type_hint: `${token.kind}_token` };
}

function drawTokenRequest() {
  const ready = !isCodeFlow() || (session.callback !== null && judged().code !== null);
  const done = session.exchanges.tokens.length > 0;
  by("tokens-why").textContent = isCodeFlow()
    ? "The application itself now talks to the token endpoint, and proves who it is: with its secret, with the code_verifier, or with both."
    : "No person and no browser: the application asks for itself, with its own secret.";
  by("get-tokens").textContent = done && isCodeFlow() ? "Send the same code again" : "Send the token request";
  by("get-tokens").className = done && isCodeFlow() ? "quiet" : "primary";
  if (!ready || done) {
    by("token-request").replaceChildren();
    return;
  }
  const { headers, form, ...rest } = tokenRequest();
  const request = { ...rest, headers: { ...headers, "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(form).toString() };
  by("token-request").replaceChildren(element("div", { class: "exchange" }, drawRequest(request)));
}

function drawTokenChoices() {
  for (const select of document.querySelectorAll("select[data-tokens]")) {
    const before = select.value;
    const kinds = select.dataset.tokens.split(" ");
    const options = session.tokens.map((token, index) => ({ ...token, index })).filter(({ kind }) => kinds.includes(kind)).reverse()
      .sort((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind));
    select.replaceChildren(...options.map(({ kind, number, value, index }) =>
      element("option", { value: index }, `${kind} token ${number}: ${value.slice(0, 6)}…${value.slice(-6)}`)));
    if (options.some(({ index }) => String(index) === before)) select.value = before;
  }
}

// Decoded tokens --------------------------------------------------------------------------------------------------------

async function drawDecoded() {
  const parts = [];
  for (const [kind, title] of [["access", "Access token"], ["id", "ID token"]]) {
    const token = newest(kind);
    if (token) parts.push(...(await drawToken(kind, title, token.value)));
  }
  by("decoded").replaceChildren(...parts);
}

async function drawToken(kind, title, value) {
  const decoded = decode(value);
  if (decoded === null) {
    return [heading(title, "by reference"), element("p", { class: "why" }, "It says nothing by itself: only the server knows what it stands for. A resource server asks by introspection (step 7).")];
  }
  const { header, payload, parts } = decoded;
  const [one, two, three] = ["header", "payload", "signature"].map((part, index) => element("span", { class: part }, parts[index]));
  return [
    heading(title, "JWT"),
    element("div", { class: "box" }, element("pre", { class: "token" }, one, ".", two, ".", three)),
    checkList(await tokenChecks(kind, decoded)),
    factsTable(`${title}: header`, rows(header)),
    factsTable(`${title}: claims`, rows(payload)),
  ];
}

const heading = (title, kind) => element("h3", { class: "token-title" }, title, element("small", {}, kind));
const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const rows = (members) => Object.entries(members).map(([name, value]) => [name, shown(value), meaning(name, value)]);

/** OIDC Core §3.1.3.7 and RFC 9068 §4: what the receiver of a token checks. */
async function tokenChecks(kind, decoded) {
  const { header, payload } = decoded;
  if (jwks === null) jwks = answered(await exchange({ url: provider.jwks_uri, headers: { Accept: "application/json" } }));
  const checks = [await verify(decoded, jwks, chosen().secret)];
  if (payload.iss) checks.push([payload.iss === ISSUER, `iss is ${ISSUER}.`]);
  checks.push([payload.exp * 1000 > Date.now(), "It has not expired."]);
  if (kind !== "id") return checks;
  checks.push([[payload.aud].flat().includes(session.client), `aud names ${session.client}.`]);
  if (session.sent?.nonce && payload.nonce !== undefined) checks.push([payload.nonce === session.sent.nonce, "nonce is the one that was sent."]);
  if (payload.at_hash) checks.push([await fits(payload.at_hash, header.alg), "at_hash fits the access token that came with it."]);
  return checks;
}

async function fits(hash, alg) {
  for (const { kind, value } of session.tokens) if (kind === "access" && (await leftHalf(value, alg)) === hash) return true;
  return false;
}

// Drawing ---------------------------------------------------------------------------------------------------------------

/** Which steps are open, and which of them are done. */
function progress() {
  const has = (kind) => newest(kind) !== undefined;
  const did = (step) => session.exchanges[step].some(succeeded);
  const code = isCodeFlow();
  const gotCode = session.callback !== null && judged().code !== null;
  const openId = code && (session.values.scope ?? "").split(" ").includes("openid");
  return {
    client: { open: true, done: !code || session.sent !== null },
    request: { open: code, done: session.callback !== null },
    callback: { open: session.callback !== null, done: gotCode },
    tokens: { open: !code || gotCode, done: has("access") },
    refresh: { open: has("refresh"), done: did("refresh") },
    userinfo: { open: has("access") && openId, done: did("userinfo") },
    introspect: { open: has("access"), done: did("introspect") },
    revoke: { open: has("access"), done: did("revoke") },
  };
}

function drawSteps() {
  const state = progress();
  const shownSteps = STEPS.filter((step) => isCodeFlow() || OF_CLIENT_CREDENTIALS.has(step));
  const current = shownSteps.find((step) => state[step].open && !state[step].done) ?? shownSteps.at(-1);
  for (const step of STEPS) {
    const { open, done } = state[step];
    const number = shownSteps.indexOf(step) + 1;
    const link = document.querySelector(`.rail a[href="#${step}"]`);
    by(step).hidden = link.parentElement.hidden = number === 0;
    by(step).classList.toggle("later", !open);
    by(`${step}-title`).dataset.number = `${number}`;
    link.parentElement.classList.toggle("done", done);
    link.querySelector(".dot").dataset.sign = done ? "✓" : number;
    if (step === current) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
}

function drawExchanges() {
  for (const [step, made] of Object.entries(session.exchanges)) {
    const place = by(step === "discovery" ? "discovery" : `${step === "tokens" ? "token" : step}-exchanges`);
    place.replaceChildren(...made.map((one, index) => drawExchange(one, index === made.length - 1)).reverse());
  }
}

async function draw() {
  for (const part of document.querySelectorAll(".code-flow")) part.hidden = !isCodeFlow();
  if (isCodeFlow()) await drawAuthorization();
  drawCallback();
  drawTokenRequest();
  drawExchanges();
  drawTokenChoices();
  drawSteps();
  await drawDecoded();
}

function say(text) {
  by("announce").textContent = `Step ${text}.`;
}

function trouble(text) {
  by("trouble").textContent = text;
  by("trouble").hidden = false;
}

function reach(step) {
  by(`${step}-title`).focus({ preventScroll: true });
  by(step).scrollIntoView();
}

function listen() {
  by("choices").addEventListener("submit", (event) => event.preventDefault());
  by("choices").addEventListener("input", ({ target }) => {
    if (target.name === "client") {
      choose(target.value);
      fillFields();
    } else {
      session.values[target.name] = target.value;
    }
    changed();
  });
  by("go").addEventListener("click", leave);
  by("new-values").addEventListener("click", () => {
    renew();
    fillFields();
    changed();
  });
  by("start-over").addEventListener("click", () => {
    forget();
    location.assign(`${ISSUER}/playground`);
  });
  for (const [id, action] of Object.entries(ACTIONS)) {
    by(id).addEventListener("click", async () => {
      if (by(id).ariaBusy === "true") return; // not `disabled`, which would lose the focus
      by(id).ariaBusy = "true";
      await action();
      by(id).ariaBusy = null;
      remember(session);
      await draw();
    });
  }
}

begin().catch((problem) => trouble(`This page met a problem: ${problem.message}`));
