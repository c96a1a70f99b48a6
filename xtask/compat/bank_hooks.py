# What schemathesis needs to speak with the sandbox bank: a customer's consent, got as any client gets it
# (FAPI 2.0), and a proof of possession for each request. It also names accounts that exist, so that not
# every request asks for what is not there.
#
# In: BASE_URL, CLIENT_ID, CLIENT_JWK (private), REDIRECT_URI, BANK_USER, BANK_PASSWORD.
import base64
import hashlib
import json
import os
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

import schemathesis
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

BASE = os.environ["BASE_URL"]
CLIENT_ID = os.environ["CLIENT_ID"]
REDIRECT_URI = os.environ["REDIRECT_URI"]


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def sign(key, header, claims):
    signed = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "ES256", **header}, claims))
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


JWK = json.loads(os.environ["CLIENT_JWK"])
CLIENT_KEY = ec.derive_private_key(number(JWK["d"]), ec.SECP256R1())
DPOP_KEY = ec.generate_private_key(ec.SECP256R1())
POINT = DPOP_KEY.public_key().public_numbers()
DPOP_JWK = {"kty": "EC", "crv": "P-256", "x": b64(POINT.x.to_bytes(32, "big")), "y": b64(POINT.y.to_bytes(32, "big"))}


def proof(method, url, token=None, nonce=None):
    claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url.split("?")[0], "iat": int(time.time())}
    if token:
        claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
    if nonce:
        claims["nonce"] = nonce
    return sign(DPOP_KEY, {"typ": "dpop+jwt", "jwk": DPOP_JWK}, claims)


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


BROWSER = urllib.request.build_opener(Stay())
# Kept by hand: the library's jar sends no `Secure` cookie over http, browsers do on localhost.
COOKIES = {}


def ask(url, form=None, headers=None):
    """The whole answer, whatever its status."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    cookies = "; ".join(f"{name}={value}" for name, value in COOKIES.items())
    request = urllib.request.Request(urllib.parse.urljoin(BASE, url), body, {"Cookie": cookies, **(headers or {})})
    try:
        answer = BROWSER.open(request, timeout=20)
    except urllib.error.HTTPError as other:
        answer = other
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = cookie.split(";")[0].partition("=")
        COOKIES[name] = value
    return answer


def send(url, form=None, headers=None):
    """Where an answer leads, and its text. Fails when it is a refusal."""
    answer = ask(url, form, headers)
    text = answer.read().decode()
    if answer.status >= 400:
        raise RuntimeError(f"{url} answered {answer.status}: {text[:300]}")
    return answer.headers.get("location"), text


def as_client(url, form):
    """The first request learns the server's nonce; the second one counts."""
    nonce = ask(url, signed(form), {"DPoP": proof("POST", url)}).headers["DPoP-Nonce"]
    return json.loads(send(url, signed(form), {"DPoP": proof("POST", url, nonce=nonce)})[1])


def signed(form):
    now = int(time.time())
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": BASE, "jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 60}
    return {
        **form,
        "client_id": CLIENT_ID,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": sign(CLIENT_KEY, {"kid": JWK["kid"]}, claims),
    }


SERVICES = [
    "CARDS_READ", "CARD_FREEZE", "CARD_UNFREEZE", "CARD_REPORT", "CARD_LIMITS", "TRAVEL_NOTICES",
    "ACCOUNT_NICKNAME", "STATEMENTS_READ", "SCHEDULES_READ", "CONTACT_READ", "CONTACT_WRITE",
]
SCOPES = [f"fdx:{name}:read" for name in ("accountbasic", "balances", "transactions", "statements")] + [
    "bank:cards:read", "bank:cards:freeze", "bank:cards:unfreeze", "bank:cards:report", "bank:cards:limits",
    "bank:travel:write", "bank:accounts:nickname", "bank:statements:read", "bank:schedules:read",
    "bank:contact:read", "bank:contact:write", "bank:webhooks",
]


def link():
    """The whole flow: pushed request, sign-in, approval, tokens."""
    server = json.loads(send("/.well-known/oauth-authorization-server")[1])
    verifier = secrets.token_urlsafe(48)
    asked = {
        "type": "fdx_v1.0",
        "consentRequest": {
            "durationType": "TIME_BOUND",
            "durationPeriod": 30,
            "lookbackPeriod": 60,
            "resources": [{"resourceType": "ACCOUNT", "dataClusters": ["ACCOUNT_BASIC", "BALANCES", "TRANSACTIONS", "STATEMENTS"]}],
            "bankServices": SERVICES,
        },
    }
    pushed = as_client(
        server["pushed_authorization_request_endpoint"],
        {
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": " ".join(SCOPES),
            "state": secrets.token_urlsafe(16),
            "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            "resource": f"{BASE}/fdx/v6",
            "authorization_details": json.dumps([asked]),
        },
    )
    query = urllib.parse.urlencode({"client_id": CLIENT_ID, "request_uri": pushed["request_uri"]})
    interaction, _ = send(f"{server['authorization_endpoint']}?{query}")
    own = {"Origin": BASE}
    _, page = send(interaction)
    login = {"csrf": values(page, "csrf")[0], "login": os.environ["BANK_USER"], "password": os.environ["BANK_PASSWORD"]}
    interaction, _ = send(f"{interaction}/sign-in", login, own)
    _, page = send(interaction)
    chosen = [("accounts", account) for account in values(page, "accounts")]
    back, _ = send(f"{interaction}/decision", [("csrf", values(page, "csrf")[0]), ("decision", "approve"), *chosen], own)
    code = urllib.parse.parse_qs(urllib.parse.urlparse(back).query)["code"][0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": verifier}
    return as_client(server["token_endpoint"], grant)


def values(page, name):
    return re.findall(f'name="{name}" value="([^"]*)"', page)


def accounts():
    """The ids of the shared accounts; learns the API's nonce on the way."""
    return [account["accountId"] for account in told("/fdx/v6/accounts")["accounts"]]


def cards():
    """The ids of the cards."""
    return [card["cardId"] for card in told("/parlour-bank/v1/cards")["cards"]]


def told(path):
    """What the API says at a path."""
    url, token = f"{BASE}{path}", TOKENS["access_token"]
    held = {"Authorization": f"DPoP {token}", "x-fapi-interaction-id": "3f0c9a5e-0000-4000-8000-000000000001"}
    learn(ask(url, headers={**held, "DPoP": proof("GET", url, token)}).headers["DPoP-Nonce"])
    return json.loads(send(url, headers={**held, "DPoP": proof("GET", url, token, NONCE[-1])})[1])


def learn(nonce):
    if nonce:
        NONCE.append(nonce)


NONCE = []
TOKENS = link()
ACCOUNTS = accounts()
CARDS = cards()


@schemathesis.hook
def after_call(context, case, response):
    """Keeps up with the API's nonces; one of the calls ends the consent, then a new one is needed."""
    said = {name: response.headers.get(name) or [""] for name in ("dpop-nonce", "www-authenticate")}
    learn(said["dpop-nonce"][0])
    if response.status_code == 401 and "consent has ended" in said["www-authenticate"][0]:
        TOKENS.update(link())


@schemathesis.auth(refresh_interval=None)
class Possession:
    def get(self, case, context):
        return TOKENS["access_token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"DPoP {data}"
        case.headers["DPoP"] = proof(case.method.upper(), BASE + case.formatted_path, data, NONCE[-1])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Two of three ids exist."""
    for name, real in (("accountId", ACCOUNTS), ("cardId", CARDS), ("consentId", [TOKENS["grant_id"]])):
        drawn = str((path_parameters or {}).get(name, ""))
        if drawn and len(drawn) % 3:
            path_parameters[name] = real[len(drawn) % len(real)]
    return path_parameters
