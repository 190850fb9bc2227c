#!/usr/bin/env python3
"""MiniStack (tests/requirements.txt) as AWS with functions that run, on the loopback, for the tests in Rust.

It takes two free ports, says which in its first line, and ends when its standard input does, with all that it has on
disk. On the first it is AWS. On the second each connection is one request, a line of JSON, which is answered with one
line:

    {"do": "package", "program": "…", "bucket": "…", "key": "…", "of": "…"}
        makes the deployment package of a function out of a program, and puts it into the S3 of an account
    {"do": "deliver", "event": {…}, "to": "…"}
        puts an event, as it is, on the default bus of an account, as AWS's services and the rules of other accounts do
    {"do": "refuse", "account": "…", "code": "…"}
        refuses the next start of a build in an account
    {"do": "lines", "function": "…", "of": "…"}
        what a function of an account has written so far, oldest first
    {"do": "await", "after": 3}
        answers when more things have come to their end than that: invocations, deployments; at the latest after five
        seconds. It tells how many, so that nobody has to ask again and again.

What differs from MiniStack as it comes:

- Nobody may put events of `aws.*` on a bus, as on AWS; and there are no rules from an account's bus to another's. So
  events that come that way are delivered by name, above.
- A build tells who started it (`<role>/<session>`), and with what variables, as AWS does.
"""

import asyncio
import atexit
import contextvars
import functools
import io
import json
import logging
import os
import shutil
import socket
import socketserver
import sys
import tempfile
import threading
import zipfile

REGION = "eu-west-1"

# Before anything of MiniStack is imported: no profile of whoever runs this may count, and what it writes goes away.
for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LAMBDA_", "LOCALSTACK_"))]:
    del os.environ[name]
folder = tempfile.mkdtemp(prefix="ministack-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
tempfile.tempdir = folder

# Whoever connects from now on is served once MiniStack is up: nobody has to ask whether it is.
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
port = listener.getsockname()[1]
endpoint = f"http://127.0.0.1:{port}"
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_ENDPOINT_URL=endpoint,
    GATEWAY_PORT=str(port),
    IOT_MTLS_ENABLED="0",
    LOG_LEVEL="INFO",
    MINISTACK_REGION=REGION,
    SFTP_ENABLED="0",
    S3_DATA_DIR=os.path.join(folder, "s3"),
    STATE_DIR=os.path.join(folder, "state"),
    TMPDIR=folder,
)

import boto3  # noqa: E402
import hypercorn.asyncio  # noqa: E402
import hypercorn.config  # noqa: E402
import ministack.app  # noqa: E402
import ministack.services.cloudformation.handlers as cloudformation  # noqa: E402
import ministack.services.codebuild as codebuild  # noqa: E402
import ministack.services.eventbridge as eventbridge  # noqa: E402
import ministack.services.lambda_svc as lambdas  # noqa: E402
import ministack.services.sts as sts  # noqa: E402
from ministack.core.responses import (  # noqa: E402
    error_response_json,
    get_account_id,
    set_request_account_id,
    set_request_region,
)
from ministack.core.router import extract_access_key_id  # noqa: E402

ended = 0
something = threading.Condition()
making = threading.Lock()
refused = {}
caller = contextvars.ContextVar("caller", default="")


def end():
    global ended
    with something:
        ended += 1
        something.notify_all()


def ending(execute):
    def executed(*arguments):
        try:
            return execute(*arguments)
        finally:
            end()

    return executed


def ending_later(deploy):
    async def deployed(*arguments, **named):
        try:
            return await deploy(*arguments, **named)
        finally:
            end()

    return deployed


def knowing_the_caller(handle):
    def handled(method, path, headers, body, query_params):
        caller.set(extract_access_key_id(headers, query_params) or "")
        return handle(method, path, headers, body, query_params)

    return handled


def telling(start):
    def started(data):
        code = refused.pop(get_account_id(), None)
        if code is not None:
            return error_response_json(code, f"{code}, as the test wants it", 400)
        answer = start(data)
        told = json.loads(answer[2])
        if "build" not in told:
            return answer
        build = codebuild._builds[told["build"]["id"]]
        session = sts._sessions.get(caller.get(), {})
        build["initiator"] = "/".join(session.get("Arn", caller.get()).split("/")[-2:])
        variables = data.get("environmentVariablesOverride", [])
        build["environment"] = {**build["environment"], "environmentVariables": variables}
        return answer

    return started


cloudformation._deploy_stack_async = ending_later(cloudformation._deploy_stack_async)
lambdas._execute_function = ending(lambdas._execute_function)
codebuild._handle_request_sync = knowing_the_caller(codebuild._handle_request_sync)
codebuild._start_build = telling(codebuild._start_build)


@functools.cache
def made(service, account):
    return boto3.client(service, region_name=REGION, aws_access_key_id=account, aws_secret_access_key="secret")


def client(service, account):
    # Clients serve many threads, and are made by one at a time.
    with making:
        return made(service, account)


def package(program, bucket, key, of):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(program, "bootstrap")
    s3 = client("s3", of)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key=key, Body=file.getvalue())
    return {"bytes": file.tell()}


def deliver(event, to):
    set_request_account_id(to)
    set_request_region(REGION)
    record = {
        "EventId": event["id"],
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "EventBusName": "default",
        "Time": event["time"],
        "Resources": event["resources"],
        "Account": event["account"],
        "Region": event["region"],
    }
    eventbridge._dispatch_event(record)
    return {}


def lines(function, of):
    logs = client("logs", of)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
    try:
        return {"lines": [event["message"] for page in pages for event in page["events"]]}
    except logs.exceptions.ResourceNotFoundException:
        return {"lines": []}


def serve():
    configuration = hypercorn.config.Config()
    configuration.bind = [f"fd://{listener.detach()}"]
    configuration.keep_alive_timeout = 75
    configuration.loglevel = "WARNING"

    async def forever():
        await asyncio.Event().wait()

    asyncio.run(hypercorn.asyncio.serve(ministack.app.app, configuration, shutdown_trigger=forever))


def wait(after):
    with something:
        something.wait_for(lambda: ended > after, timeout=5)
        return {"ended": ended}


def refuse(account, code):
    refused[account] = code
    return {}


class Control(socketserver.StreamRequestHandler):
    DOES = {"package": package, "deliver": deliver, "refuse": refuse, "lines": lines, "await": wait}

    def handle(self):
        request = json.loads(self.rfile.readline())
        answer = self.DOES[request.pop("do")](**request)
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def main():
    # What the functions write stands in this log, too; whoever looks into a failing test wants to read it.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    first, sys.stdout = sys.stdout, sys.stderr
    control = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Control)
    control.daemon_threads = True
    for serving in (serve, control.serve_forever):
        threading.Thread(target=serving, daemon=True).start()
    print(json.dumps({"port": port, "control": control.server_address[1]}), file=first, flush=True)
    sys.stdin.read()
    # Threads that still serve somebody do not keep it.
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


main()
