#!/usr/bin/env python3
"""Launches a command on a cluster, follows its job's log, and ends with the job's exit code: docs/protocol.md in practice.

    examples/scripting/launch.py CLUSTER COMMAND...

Standard library only. The log goes to stdout; what happens meanwhile to stderr, each event once. A connection that breaks off is made
anew and goes on where it was. SKY names the client that starts the daemon (default: sky).
"""
import base64
import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import uuid

home = os.path.expanduser("~/.local/state")
state = os.environ.get("SKYD_HOME") or os.path.join(os.environ.get("XDG_STATE_HOME") or home, "skyd")
sky = shlex.split(os.environ.get("SKY") or "sky")


def connect():
    """Where nobody answers, `sky daemon start` returns when somebody does."""
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(os.path.join(state, "run/sock"))
            return client
        except (FileNotFoundError, ConnectionRefusedError):
            client.close()
            started = subprocess.run([*sky, "daemon", "start"], stdout=subprocess.DEVNULL)
            if started.returncode != 0:
                sys.exit(started.returncode)


def frames(client):
    """A read brings half a frame, or many. What the end of a connection cuts off is sent again on the next."""
    rest = b""
    while True:
        chunk = client.recv(65536)
        if not chunk:
            raise ConnectionResetError
        *lines, rest = (rest + chunk).split(b"\n")
        yield from map(json.loads, lines)


def tell(*words):
    print(*words, file=sys.stderr, flush=True)


class Launch:
    def __init__(self, cluster, command):
        self.cluster = cluster
        # Sent twice under one request id, a launch is one launch: that is what makes it safe to ask again.
        self.request = {"requestId": uuid.uuid4().hex, "params": {"clusterName": cluster, "task": {"run": command}}}
        self.after = None  # the last event that was seen
        self.seen = {}  # how many bytes of each rank's log
        self.ends = {}  # by job, what the log of events says of its end
        self.job = None
        self.is_read = False

    def converse(self, client):
        def send(kind, **data):
            # That a connection is gone shows when it is read.
            with contextlib.suppress(ConnectionError):
                client.sendall(json.dumps({"type": kind, "data": data}).encode() + b"\n")

        def begin():
            send("request", id="events", method="events.follow", params={"after": self.after, "clusterName": self.cluster})
            send("request", id="launch", method="launch", **self.request)

        if self.after is None:
            send("request", id="head", method="daemon.status")
        else:
            begin()
        skip = dict(self.seen)
        for frame in frames(client):
            kind, data = frame["type"], frame["data"]
            if kind == "failure":
                error = data["error"]
                tell(error["message"], error["hint"] or "")
                send("detach", id="events")
                return error["exitCode"]
            if kind == "event":
                event = data["event"]["event"]
                self.after = data["event"]["seq"]
                tell(self.after, event["_tag"])
                if event["_tag"] in ("JobEnded", "JobClosed"):
                    self.ends.setdefault(event["job"], event)
            elif kind == "log":
                chunk = base64.b64decode(data["base64"]) if "base64" in data else data["text"].encode()
                new = chunk[skip.get(data["rank"], 0) :]
                skip[data["rank"]] = max(0, skip.get(data["rank"], 0) - len(chunk))
                self.seen[data["rank"]] = self.seen.get(data["rank"], 0) + len(new)
                sys.stdout.buffer.write(new)
                sys.stdout.flush()
            elif kind == "result" and data["id"] == "head":
                self.after = data["value"]["head"]
                begin()
            elif kind == "result" and data["id"] == "launch":
                self.job = data["value"]["jobId"]
                send("request", id="logs", method="logs", params={"clusterName": self.cluster, "jobId": self.job})
            elif kind == "result" and data["id"] == "logs":
                self.is_read = True
            if self.is_read and self.job in self.ends:
                send("detach", id="events")
                end = self.ends[self.job]
                # A rank that was ended because of another has 137.
                return 0 if end["status"] == "SUCCEEDED" else min(filter(None, end["returnCodes"]), default=1)


def main(cluster, *words):
    launch = Launch(cluster, words[0] if len(words) == 1 else shlex.join(words))
    while True:
        with connect() as client, contextlib.suppress(ConnectionResetError):
            return launch.converse(client)


if len(sys.argv) < 3:
    sys.exit(__doc__)
sys.exit(main(*sys.argv[1:]))
