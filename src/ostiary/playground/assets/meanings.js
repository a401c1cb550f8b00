// One line for each thing that is sent or answered, in our own words.

export const PARAMETERS = {
  client_id: "which application asks",
  response_type: "what it wants back: a code",
  redirect_uri: "where the browser is sent with the answer; it must be registered",
  scope: "what it asks for",
  state: "comes back unchanged, and ties the answer to this tab",
  nonce: "comes back inside the ID token, and ties it to this request",
  code_challenge: "the hash of a secret that only this tab knows; whoever brings the code must bring the secret",
  code_challenge_method: "how the challenge was made from the verifier",
  prompt: "whether to ask for sign-on or consent again, or never",
  max_age: "how many seconds ago the person may have signed on",
  login_hint: "the user name to begin with",
  ui_locales: "the languages of the pages, best first",
  access_token_manager_id: "which access token manager makes the token",
  code: "the proof of approval: short-lived, for one use only",
  iss: "who answers: must be the issuer that was asked (RFC 9207)",
  error: "what went wrong, by its registered name",
  error_description: "the same in words, for developers",
};

export const CLAIMS = {
  alg: "the algorithm of the signature",
  kid: "the key that signed",
  typ: "what kind of token this is",
  iss: "who made it",
  sub: "the person, as this client knows them",
  aud: "who it is for",
  azp: "the client it was issued to",
  exp: "not after",
  iat: "made",
  nbf: "not before",
  auth_time: "when the person signed on",
  nonce: "from the authorization request",
  at_hash: "ties the ID token to the access token",
  acr: "how the person signed on",
  amr: "by what means",
  sid: "the session",
  jti: "the id of this very token",
  client_id: "the client it was issued to",
  scope: "what it may be used for",
};

const TIMES = new Set(["exp", "iat", "nbf", "auth_time", "updated_at"]);

/** What a claim means; times are also written for people. */
export function meaning(name, value) {
  const said = CLAIMS[name] ?? "";
  if (!TIMES.has(name) || typeof value !== "number") return said;
  const when = new Date(value * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return said ? `${said} ${when}` : when;
}
