// The peer: node-oidc-provider with everything in memory. One argument: a JSON file written by bench/peer.py.
//
// Where there was a choice, the one that costs the peer less was taken: no logging, no claims, no token indexes.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/**
 * Keeps what the provider stores in two generations: when the young one is full, the old one is forgotten.
 *
 * The adapter that comes with the provider walks all tokens of a grant at each write, which a session that is used
 * thousands of times does not survive.
 */
class TwoGenerations {
  #limit = 20_000;

  #young = new Map();

  #old = new Map();

  #idsByUid = new Map();

  async upsert(id, payload) {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, payload);
    if (payload.uid) {
      this.#idsByUid.set(payload.uid, id);
    }
  }

  async find(id) {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  async findByUid(uid) {
    return this.find(this.#idsByUid.get(uid));
  }

  async findByUserCode() {
    return undefined; // no device flow here
  }

  async consume(id) {
    (await this.find(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const generation of [this.#young, this.#old]) {
      for (const [id, payload] of generation) {
        if (payload.grantId === grantId) generation.delete(id);
      }
    }
  }
}

/** Each resource is an API that wants access tokens as JWTs under one algorithm. */
function resourceServer(algorithm) {
  return {
    scope: '',
    accessTokenTTL: settings.lifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: algorithm } },
  };
}

/** Consent is a matter of course here: the first request of a session makes the grant, later ones find it. */
async function loadExistingGrant(ctx) {
  const { client, provider, session } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
}

const provider = new Provider(settings.issuer, {
  adapter: TwoGenerations,
  clients: settings.clients,
  clientDefaults: { grant_types: [], redirect_uris: [], response_types: [] },
  cookies: { keys: settings.cookieKeys },
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async () => true },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client) => settings.resources[client?.clientId]?.uri,
      getResourceServerInfo: (ctx, uri, client) => resourceServer(settings.resources[client.clientId].algorithm),
      useGrantedResource: () => true,
    },
    revocation: { enabled: true },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: settings.jwks,
  loadExistingGrant,
  pkce: { required: () => true },
  responseTypes: ['code'],
  scopes: ['openid'],
  ttl: {
    AccessToken: settings.lifetimeSeconds,
    AuthorizationCode: 60,
    ClientCredentials: settings.lifetimeSeconds,
    Grant: settings.lifetimeSeconds,
    IdToken: 300,
    Interaction: 600,
    Session: settings.lifetimeSeconds,
  },
});

/** Whoever comes to sign on is signed on: sessions begin without a page. */
function signOn(request, response) {
  return provider.interactionFinished(request, response, { login: { accountId: settings.account } });
}

const answer = provider.callback();
const server = createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    signOn(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  } else {
    answer(request, response);
  }
});
server.listen(settings.port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
