"""The worker process: `python -m benchmarks.runner.worker_main MODULE` builds and times cases.

Standard library only, since it runs in the environments of other libraries. It reads a JSON object
per line and answers with one. A `run` that times itself returns seconds, or a dict with more of
them, which is the answer; any other returns None:

    {"do": "setup", "id": 1, "case": {...}}    {}                  module.setup(case) -> run
    {"do": "time", "id": 1, "steps": 64}       {"seconds": 0.03}                run(steps)
    {"do": "memory"}                           {"peak": ..., "resident": ...}   bytes
    {"do": "drop", "id": 1}                    {}

An error is answered by `{"error": "..."}`. The worker ends at the end of stdin.
"""

import gc
import importlib
import json
import os
import pathlib
import resource
import signal
import sys
import time


def main(module):
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # keeps the output of libraries out of the replies
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner ends its workers
    _prefer_oom_kill()
    cases = {}
    for line in sys.stdin:
        try:
            reply = json.dumps(answer(module, cases, json.loads(line)))
        # A library that does not load may raise any exception.
        except Exception as error:
            reply = json.dumps({"error": describe_error(error)})
        gc.collect()
        replies.write(reply + "\n")
        replies.flush()


def answer(module, cases, request):
    do, case = request["do"], request.get("id")
    if do == "setup":
        cases[case] = importlib.import_module(module).setup(request["case"])
    elif do == "time":
        if case not in cases:
            raise LookupError("lost when another peer killed their worker")
        start = time.perf_counter()
        own = cases[case](request["steps"])
        if isinstance(own, dict):
            return own
        return {"seconds": time.perf_counter() - start if own is None else float(own)}
    elif do == "memory":
        return memory()
    elif do == "drop":
        cases.pop(case, None)
    else:
        raise ValueError(f"unknown request {do!r}")
    return {}


def memory():
    """Peak and current memory of this process in bytes."""
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        most *= 1 if sys.platform == "darwin" else 1024
        return {"peak": most, "resident": most}
    # ru_maxrss also counts memory that a new process briefly shares with its parent.
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    peak, resident = (int(lines[name].split()[0]) * 1024 for name in ("VmHWM", "VmRSS"))
    return {"peak": peak, "resident": resident}


def describe_error(error):
    """One line: type of the error, its first non-empty line, and its cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[0] if lines else ''}"
    cause = error.__cause__
    if cause is not None and str(cause) != str(error):
        text += f" ({describe_error(cause)})"
    return text[:300]


def _prefer_oom_kill():
    """Makes the kernel kill this process first if memory runs out."""
    try:
        pathlib.Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
