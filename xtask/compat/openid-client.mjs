// The whole life of a link, and a sign-in that asks for nothing else, by a client that nobody here wrote: npm
// openid-client 6.
//
// It starts nothing. It runs against a sandbox bank that is open, named by the environment:
//   ISSUER         the bank's address, e.g. http://localhost:4010
//   CLIENT_ID      the client that the bank knows
//   CLIENT_JWK     its private key as JWK (EC, P-256), as JSON text
//   REDIRECT_URI   where the bank sends the browser back to; nothing needs to listen there
//   BANK_USER, BANK_PASSWORD   a customer of the bank
// One line per step; the first failure ends it with exit code 1.

import * as client from 'openid-client'

const need = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`the environment variable ${name} is missing`)
  return value
}

const step = async (name, work) => {
  try {
    const result = await work()
    console.log(`ok   ${name}`)
    return result
  } catch (fault) {
    console.log(`FAIL ${name}: ${[fault.message, fault.code, fault.error, fault.error_description, fault.cause?.message].filter(Boolean).join(' | ')}`)
    process.exit(1)
  }
}

const expect = (truth, words) => {
  if (!truth) throw new Error(words)
}

/** Fails unless the work fails with this OAuth error. */
const refused = async (work, error) => {
  let fault
  try {
    await work()
  } catch (caught) {
    fault = caught
  }
  expect(fault, `was accepted, expected ${error}`)
  expect(fault.error === error, `expected ${error}, got ${fault.error ?? fault.message}`)
}

/** A browser that keeps cookies and fills in forms. */
class Browser {
  cookies = new Map()

  constructor(origin) {
    this.origin = origin
  }

  async go(path, form) {
    const headers = { accept: 'text/html', cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ') }
    const body = form && new URLSearchParams(form)
    if (body) headers.origin = this.origin
    const answer = await fetch(new URL(path, this.origin), { method: body ? 'POST' : 'GET', headers, body, redirect: 'manual' })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, ...value] = cookie.split(';')[0].split('=')
      this.cookies.set(name, value.join('='))
    }
    return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() }
  }
}

const valuesOf = (page, name) => [...page.text.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map((match) => match[1])

const issuer = need('ISSUER')
const api = `${issuer}/fdx/v6`
const redirectUri = need('REDIRECT_URI')
const jwk = JSON.parse(need('CLIENT_JWK'))

const config = await step('discovery', async () => {
  const { kid, ...rest } = jwk
  const key = await crypto.subtle.importKey('jwk', rest, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const execute = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : []
  const found = await client.discovery(new URL(issuer), need('CLIENT_ID'), { id_token_signed_response_alg: 'ES256' }, client.PrivateKeyJwt({ key, kid }), {
    algorithm: 'oauth2',
    execute,
  })
  const metadata = found.serverMetadata()
  expect(metadata.require_pushed_authorization_requests === true, 'pushed requests are not required')
  expect(metadata.authorization_response_iss_parameter_supported === true, 'iss is not promised')
  return found
})

const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()

const url = await step('pushed authorization request', async () =>
  client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: redirectUri,
      scope: 'fdx:accountbasic:read fdx:balances:read fdx:transactions:read',
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      resource: api,
      authorization_details: JSON.stringify([
        {
          type: 'fdx_v1.0',
          consentRequest: {
            durationType: 'TIME_BOUND',
            durationPeriod: 30,
            lookbackPeriod: 60,
            resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC', 'BALANCES', 'TRANSACTIONS'] }],
          },
        },
      ]),
    },
    { DPoP },
  ),
)

const browser = new Browser(issuer)

const interaction = await step('sign in at the bank', async () => {
  const sent = await browser.go(url.href)
  expect(sent.status === 303, `the authorization endpoint answered ${sent.status}`)
  const page = await browser.go(sent.location)
  const [csrf] = valuesOf(page, 'csrf')
  const form = { csrf, login: need('BANK_USER'), password: need('BANK_PASSWORD') }
  const answer = await browser.go(`${sent.location}/sign-in`, form)
  expect(answer.status === 303, `the sign-in answered ${answer.status}`)
  return answer.location
})

const callback = await step('choose accounts and approve', async () => {
  const page = await browser.go(interaction)
  const accounts = valuesOf(page, 'accounts')
  expect(accounts.length > 0, 'no accounts are offered')
  const form = [['csrf', valuesOf(page, 'csrf')[0]], ['decision', 'approve'], ...accounts.map((id) => ['accounts', id])]
  const answer = await browser.go(`${interaction}/decision`, form)
  expect(answer.status === 303 && answer.location.startsWith(redirectUri), `the approval answered ${answer.status}`)
  return new URL(answer.location)
})

const tokens = await step('code for tokens', async () => {
  const got = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP })
  expect(got.token_type === 'dpop', `the token type is ${got.token_type}`)
  expect(got.expires_in === 900, `the access token lives ${got.expires_in} s`)
  expect(got.grant_id && got.refresh_token, 'grant_id or refresh_token is missing')
  return got
})

const call = async (method, path, body) => {
  const headers = new Headers({ 'x-fapi-interaction-id': crypto.randomUUID() })
  if (body) headers.set('content-type', 'application/json')
  const send = () =>
    client.fetchProtectedResource(config, tokens.access_token, new URL(path, issuer), method, body && JSON.stringify(body), headers, { DPoP })
  const answer = await send()
  const text = await answer.text()
  return { status: answer.status, body: text ? JSON.parse(text) : undefined, id: answer.headers.get('x-fapi-interaction-id'), sent: headers.get('x-fapi-interaction-id') }
}

const accounts = await step('read accounts', async () => {
  const answer = await call('GET', '/fdx/v6/accounts?resultType=details')
  expect(answer.status === 200, `answered ${answer.status}`)
  expect(answer.id === answer.sent, 'the interaction id did not come back')
  expect(answer.body.accounts.every((account) => typeof account.currentBalance === 'number'), 'a balance is missing')
  return answer.body.accounts
})

await step('read transactions page by page', async () => {
  const seen = new Set()
  let path = `/fdx/v6/accounts/${accounts[0].accountId}/transactions?limit=3`
  let total
  while (path) {
    const answer = await call('GET', path)
    expect(answer.status === 200, `answered ${answer.status}`)
    for (const transaction of answer.body.transactions) seen.add(transaction.transactionId)
    total = answer.body.page.totalElements
    path = answer.body.links.next?.href
  }
  expect(seen.size === total && total > 0, `${seen.size} of ${total} seen`)
})

await step('read the consent', async () => {
  const answer = await call('GET', `/fdx/v6/consents/${tokens.grant_id}`)
  expect(answer.status === 200 && answer.body.status === 'ACTIVE', `answered ${answer.status}`)
})

await step('introspect the access token', async () => {
  const answer = await client.tokenIntrospection(config, tokens.access_token)
  expect(answer.active === true, 'the token is not active')
  expect(answer.fdxConsentId === tokens.grant_id, 'the consent is not named')
})

await step('refresh, the refresh token stays', async () => {
  const got = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
  expect(got.access_token !== tokens.access_token, 'the access token is the same')
  expect((got.refresh_token ?? tokens.refresh_token) === tokens.refresh_token, 'the refresh token was rotated')
  expect(got.grant_id === tokens.grant_id, 'the grant changed')
})

await step('end the consent', async () => {
  const answer = await call('PUT', `/fdx/v6/consents/${tokens.grant_id}/revocation`, { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' })
  expect(answer.status === 204, `answered ${answer.status}`)
})

await step('the ended consent opens nothing', async () => {
  let status
  try {
    status = (await call('GET', '/fdx/v6/accounts')).status
  } catch (fault) {
    status = fault.status ?? fault.cause?.[0]?.parameters?.error
  }
  expect(status === 401 || status === 'invalid_token', `answered ${status}`)
  await refused(() => client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }), 'invalid_grant')
})

await step('revoke the refresh token', async () => {
  await client.tokenRevocation(config, tokens.refresh_token)
})

// A sign-in that asks who the customer is and for nothing else. Signatures of id tokens are checked too.
client.enableNonRepudiationChecks(config)

/** Who the customer of this browser is to the client. */
const who = async () => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()]
  const address = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: redirectUri,
      scope: 'openid',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  )
  const sent = await browser.go(address.href)
  const page = await browser.go(sent.location)
  expect(page.text.includes('Nothing is shared'), 'the page does not say that nothing is shared')
  expect(valuesOf(page, 'accounts').length === 0, 'accounts are offered')
  const answer = await browser.go(`${sent.location}/decision`, { csrf: valuesOf(page, 'csrf')[0], decision: 'approve' })
  expect(answer.status === 303 && answer.location.startsWith(redirectUri), `the yes answered ${answer.status}`)
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  const got = await client.authorizationCodeGrant(config, new URL(answer.location), checks, undefined, { DPoP })
  expect(!got.refresh_token && !got.grant_id, 'a sign-in gives a refresh token or a grant')
  return got.claims()
}

await step('sign in alone, with an id token', async () => {
  const [first, second] = [await who(), await who()]
  expect(first.sub && first.sub === second.sub, 'the same customer is somebody else the second time')
  expect(first.aud === need('CLIENT_ID') && typeof first.auth_time === 'number', 'aud or auth_time is missing')
})
