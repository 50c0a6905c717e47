"""The server around a function: functions-framework's Flask application, on gunicorn."""

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def serve(application: "WSGIApplication", app: Flask) -> None:
    """Put an application in place of functions-framework's, and a worker of our own in place of gunicorn's.

    Flask's routing, contexts and response objects would take as long as a read of a record does, for one route that
    takes every path. To be called while functions-framework loads a function.
    """
    app.wsgi_app = application  # type: ignore[method-assign, assignment]  # as Flask documents for what stands before it
    try:
        import gunicorn.config
        import gunicorn.util
    except ImportError:  # no gunicorn on Windows: functions-framework uses Flask's server there
        return
    from shared.http.worker import Worker, connections_limit, write_error

    gunicorn.util.write_error = write_error
    # functions-framework takes no options for these. The socket for commands would lie in a home that may be read-only.
    gunicorn.config.ControlSocketDisable.default = True
    gunicorn.config.WorkerClass.default = f"{Worker.__module__}.{Worker.__name__}"
    gunicorn.config.WorkerConnections.default = connections_limit()
