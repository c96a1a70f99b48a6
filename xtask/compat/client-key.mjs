// Makes a client key for a check: the private JWK on the first line, the public one on the second.
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
const shown = { kty, crv, x, y, kid: 'check', alg: 'ES256', use: 'sig' }
console.log(JSON.stringify({ ...shown, d }))
console.log(JSON.stringify(shown))
