"""Run as a process: load a function as production does, send it one request, and print what it has imported by then.

Its arguments are the function's source, its name, and the request's method, path and JSON body; the token is in TOKEN.
"""

import json
import os
import sys
from typing import Any

import functions_framework

# The server, which is there before the function is; imported by the framework when it starts to serve.
import functions_framework._http.gunicorn

# PyJWT takes it where it finds it. Production does not install it, the tools of development do.
sys.modules["cryptography"] = None  # type: ignore[assignment]


def main(source: str, name: str, method: str, path: str, body: str) -> None:
    framework: Any = functions_framework
    app = framework.create_app(name, source)
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"} if os.environ.get("TOKEN") else {}
    answer = app.test_client().open(path, method=method, headers=headers, json=json.loads(body))
    modules = sorted(name for name, module in sys.modules.items() if module is not None)
    print(json.dumps({"status": answer.status_code, "answer": answer.get_json(), "modules": modules}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
