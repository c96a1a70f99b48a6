# What schemathesis needs to speak with the gateway: a session, begun as an app that embeds the chat does.
import json
import os
import time
import urllib.error
import urllib.request

import schemathesis

BASE = os.environ["BASE_URL"]


# A session for each request: one alone would soon be told to slow down.
@schemathesis.auth(refresh_interval=None)
class Session:
    def get(self, case, context):
        begin = urllib.request.Request(f"{BASE}/v1/chat/harbour/sessions", method="POST")
        # New sessions have a pace of their own; a machine that is fast enough has to wait for it.
        for _ in range(60):
            try:
                with urllib.request.urlopen(begin) as answer:
                    return json.load(answer)["token"]
            except urllib.error.HTTPError as refused:
                if refused.code != 429:
                    raise
                time.sleep(float(refused.headers.get("Retry-After", 1)))
        raise TimeoutError("no session within a minute")

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Two of three banks exist."""
    drawn = str((path_parameters or {}).get("bank", ""))
    if drawn and len(drawn) % 3:
        path_parameters["bank"] = "harbour"
    return path_parameters
