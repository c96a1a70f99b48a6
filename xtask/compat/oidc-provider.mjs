// A bank made of npm `oidc-provider` 9, for the cross-check of our client: an authorization server with the
// FAPI 2.0 profile that nobody here wrote, and the two consent endpoints that the client needs after it.
//
// In: PORT, CLIENT_JWK (the client's public key, JSON), CLIENT_ID and REDIRECT_URI (optional).
// Out: one line, "ready", when it listens. Every page of the sign-in answers for the customer by itself.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { EmbeddedJWK, calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from 'jose'
import Provider, { errors } from 'oidc-provider'

const port = Number(process.env.PORT ?? 4822)
const issuer = `http://127.0.0.1:${port}`
const api = `${issuer}/fdx/v6`
const clientId = process.env.CLIENT_ID ?? 'parlour'
const redirectUri = process.env.REDIRECT_URI ?? 'https://gateway.example/link/callback'
const clientKey = JSON.parse(process.env.CLIENT_JWK)
const scopes = ['fdx:accountbasic:read', 'fdx:balances:read', 'fdx:transactions:read']

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signingKey = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'op' }
const { d, ...publicKey } = signingKey
const serverKeys = createLocalJWKSet({ keys: [publicKey] })

/** Consents by id: the id of the provider's grant. */
const consents = new Map()

const client = {
  client_id: clientId,
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  scope: ['openid', ...scopes].join(' '),
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  id_token_signed_response_alg: 'ES256',
  subject_type: 'pairwise',
  dpop_bound_access_tokens: true,
  authorization_details_types: ['fdx_v1.0'],
  jwks: { keys: [clientKey] },
}

const provider = new Provider(issuer, {
  clients: [client],
  clientAuthMethods: ['private_key_jwt'],
  scopes: ['openid', ...scopes],
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (_ctx, account, client) =>
    createHash('sha256').update(`${client.clientId} ${account} of the cross-check`).digest('base64url'),
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
  pkce: { required: () => true },
  ttl: { AuthorizationCode: 60, AccessToken: 900, RefreshToken: 90 * 86400, Grant: 90 * 86400, Session: 600, Interaction: 600 },
  rotateRefreshToken: false,
  issueRefreshToken: async () => true,
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [signingKey] },
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true, allowReplay: false },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    fapi: { enabled: true, profile: '2.0' },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => api,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: scopes.join(' '), audience: api, accessTokenFormat: 'jwt', accessTokenTTL: 900,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { 'fdx_v1.0': { validate: requireConsentRequest } },
      authorizationDetailsForGrantSource: async (ctx, source) =>
        ctx.oidc.entities.Grant.rar?.map((detail) => ({ ...detail, consentId: source.grantId })),
      authorizationDetailsForAccessToken: async (_ctx, _token, source) => source.rar,
      authorizationDetailsForIntrospection: async (_ctx, token) => token.rar,
    },
  },
})

function requireConsentRequest (_ctx, detail) {
  if (!detail.consentRequest) throw new errors.InvalidAuthorizationDetails('consentRequest missing')
}

/** The customer: signs in and agrees to all that is asked. */
async function interact (ctx) {
  const { prompt, session, params, grantId } = await provider.interactionDetails(ctx.req, ctx.res)
  let result
  if (prompt.name === 'login') {
    result = { login: { accountId: 'carol' } }
  } else {
    const known = grantId && await provider.Grant.find(grantId)
    const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
    const { missingOIDCScope, missingResourceScopes, rar } = prompt.details
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
    for (const [resource, missing] of Object.entries(missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, missing.join(' '))
    }
    for (const detail of rar ?? []) grant.addRar(detail)
    const id = await grant.save()
    consents.set(id, { status: 'ACTIVE', request: rar?.[0]?.consentRequest })
    result = { consent: { grantId: id } }
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true })
}

/** The consent that a request may see: its token is ours, alive and bound to the key of its proof. */
async function proven (ctx) {
  const [scheme, token] = (ctx.get('authorization') || '').split(' ')
  if (scheme !== 'DPoP') return undefined
  const { payload } = await jwtVerify(token, serverKeys, { issuer, audience: api })
  const proof = await jwtVerify(ctx.get('dpop'), EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: '60s' })
  const bound = await calculateJwkThumbprint(proof.protectedHeader.jwk) === payload.cnf.jkt
  const hash = createHash('sha256').update(token).digest('base64url')
  const same = proof.payload.htm === ctx.method && proof.payload.htu === issuer + ctx.path && proof.payload.ath === hash
  const id = payload.authorization_details?.[0]?.consentId
  return bound && same && consents.get(id)?.status === 'ACTIVE' ? id : undefined
}

async function consentApi (ctx, id, revocation) {
  const own = await proven(ctx).catch(() => undefined)
  if (own !== id) {
    ctx.status = 401
    ctx.set('www-authenticate', 'DPoP error="invalid_token"')
    return
  }
  const consent = consents.get(id)
  if (revocation) {
    consent.status = 'REVOKED'
    await provider.RefreshToken.revokeByGrantId(id)
    ctx.status = 204
    return
  }
  const resources = consent.request.resources.map((resource) => ({ ...resource, resourceId: 'a-1' }))
  const created = Date.now()
  ctx.body = {
    ...consent.request, id, status: consent.status, resources,
    createdTime: new Date(created).toISOString(),
    expirationTime: new Date(created + consent.request.durationPeriod * 86400_000).toISOString(),
  }
}

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/interaction/')) return interact(ctx)
  const consent = ctx.path.match(/^\/fdx\/v6\/consents\/([^/]+)(\/revocation)?$/)
  if (consent && ctx.method === (consent[2] ? 'PUT' : 'GET')) return consentApi(ctx, consent[1], Boolean(consent[2]))
  await next()
  if (ctx.path === '/token' && ctx.body?.access_token) {
    ctx.body = { ...ctx.body, grant_id: ctx.body.authorization_details?.[0]?.consentId }
  }
})

for (const event of ['server_error', 'grant.error', 'pushed_authorization_request.error', 'authorization.error', 'revocation.error']) {
  provider.on(event, (_ctx, error) => console.error(event, error.message, error.error_description ?? '', error.error_detail ?? ''))
}
provider.listen(port, '127.0.0.1', () => console.log('ready'))
