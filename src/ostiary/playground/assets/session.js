// What this tab knows. It is forgotten with the tab, or with "Start over".

const KEY = "ostiary.playground";

const EMPTY = {
  client: "", values: {}, verifier: "", sent: null, callback: null, tokens: [],
  exchanges: { discovery: [], tokens: [], refresh: [], userinfo: [], introspect: [], revoke: [] },
};

export function remembered() {
  try {
    return { ...structuredClone(EMPTY), ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
  } catch {
    return structuredClone(EMPTY);
  }
}

export const remember = (session) => sessionStorage.setItem(KEY, JSON.stringify(session));
export const forget = () => sessionStorage.removeItem(KEY);
