// RFC 7515, RFC 7517, RFC 7636 in the browser: decode a token, verify its signature, make a challenge.

const utf8 = new TextEncoder();

export function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

export const random = (bytes) => base64url(crypto.getRandomValues(new Uint8Array(bytes)));

/** RFC 7636 §4.2: the challenge of a verifier. */
export async function challenge(verifier, method) {
  return method === "S256" ? base64url(await crypto.subtle.digest("SHA-256", utf8.encode(verifier))) : verifier;
}

/** The parts of a JWS in compact form, or null when the text is not one. */
export function decode(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const [header, payload] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(fromBase64url(part))));
    return { header, payload, parts };
  } catch {
    return null;
  }
}

const HASHES = { 256: "SHA-256", 384: "SHA-384", 512: "SHA-512" };
const CURVES = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

function algorithm(alg) {
  const hash = HASHES[alg.slice(-3)];
  switch (alg.slice(0, 2)) {
    case "RS": return { name: "RSASSA-PKCS1-v1_5", hash };
    case "PS": return { name: "RSA-PSS", hash, saltLength: Number(alg.slice(-3)) / 8 };
    case "ES": return { name: "ECDSA", namedCurve: CURVES[alg], hash };
    case "HS": return { name: "HMAC", hash };
    case "Ed": return { name: "Ed25519" };
    default: return null;
  }
}

/** Verify a decoded JWS with the published keys, or with the client's secret for HMAC. Answers `[holds, sentence]`. */
export async function verify({ header, parts }, jwks, secret) {
  const alg = header.alg ?? "";
  const how = algorithm(alg);
  if (how === null) return [false, `The token is not signed (alg ${alg || "missing"}).`];
  const symmetric = alg.startsWith("HS");
  const jwk = symmetric ? null : jwks.keys.find((key) => key.kid === header.kid);
  if (!symmetric && !jwk) return [false, `No published key has the id ${header.kid}.`];
  try {
    const key = symmetric
      ? await crypto.subtle.importKey("raw", utf8.encode(secret), how, false, ["verify"])
      : await crypto.subtle.importKey("jwk", { ...jwk, alg: undefined, use: undefined, key_ops: undefined }, how, false, ["verify"]);
    const holds = await crypto.subtle.verify(how, key, fromBase64url(parts[2]), utf8.encode(`${parts[0]}.${parts[1]}`));
    const by = symmetric ? "the client's secret" : `key ${header.kid} of /pf/JWKS`;
    return [holds, holds ? `The signature (${alg}) verifies with ${by}.` : `The signature (${alg}) does not verify with ${by}.`];
  } catch {
    return [null, `This browser cannot verify ${alg}.`];
  }
}

/** OIDC Core §3.1.3.6: the left half of the hash of a token, for `at_hash`. */
export async function leftHalf(token, alg) {
  const hash = HASHES[alg.slice(-3)] ?? "SHA-512";
  const digest = await crypto.subtle.digest(hash, utf8.encode(token));
  return base64url(digest.slice(0, digest.byteLength / 2));
}
