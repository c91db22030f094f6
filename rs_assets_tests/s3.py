"""An object store that speaks S3 over HTTP on this machine: moto's server, which notes what it is asked.

Belongs here: the server, and the variables that lead S3's client to it and to nowhere else. Does not belong here:
expectations.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import fsspec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass(frozen=True)
class Asked:
    """A request: `PUT`, `/bucket/raw/site=a/…`, its query, and what it says of an object that is there."""

    method: str
    path: str
    query: str
    if_none_match: str | None

    @property
    def lists(self) -> bool:
        """Whether it asks for names."""
        return self.method == "GET" and "list-type=2" in self.query


@dataclass
class Store:
    """The store as it runs. `env` leads S3's clients to it; while it is `away`, it refuses all that it is asked."""

    env: dict[str, str]
    asked: list[Asked] = field(default_factory=list)
    away: bool = False

    def bucket(self) -> str:
        """The URL of a raw log to be, in a bucket of its own."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        fsspec.filesystem("s3").mkdir(name)
        return f"s3://{name}/logs/raw"

    @contextmanager
    def noting(self) -> Iterator[list[Asked]]:
        """What is asked in the meantime."""
        start, found = len(self.asked), list[Asked]()
        yield found
        found += self.asked[start:]


class _Silent(WSGIRequestHandler):
    def log_request(self, *args: object) -> None: ...


@contextmanager
def serving() -> Iterator[Store]:
    """A store, empty, for as long as this lasts; this process's environment leads to it."""
    store = Store({})
    app = DomainDispatcherApplication(create_backend_app)

    def noted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")
        store.asked.append(Asked(*(environ[name] for name in names), environ.get("HTTP_IF_NONE_MATCH")))
        if store.away:
            start_response("403 Forbidden", [("content-length", "0")])
            return []
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    server = make_server("127.0.0.1", 0, noted, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    store.env |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "of-nobody",
        "AWS_SECRET_ACCESS_KEY": "of-nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,  # whoever runs the tests may have an account: it is not touched
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }
    kept = dict(os.environ)
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ |= store.env
    try:
        yield store
    finally:
        os.environ.clear()
        os.environ.update(kept)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        server.shutdown()
        thread.join()
        server.server_close()
