#!/usr/bin/env python3
"""moto (tests/requirements.txt) as the API of AWS, on the loopback, for the tests in Rust.

It takes a free port, says which in its first line, and ends when its standard input does, so that it never outlives
whoever started it. Until then each line of the input is one request in JSON, and is answered with one line:

    {"do": "fault", "account": "…", "operation": "TransactWriteItems", "times": 2, "status": 400, "code": "…"}
        refuses the next calls of an account to an operation; `"status": 0` serves the call and loses its answer, and
        with `"hold": true` does so only when it is told to; `"says": "…"`: only calls whose body has this in it
    {"do": "await", "account": "…"}
        answers once an answer is held
    {"do": "release", "account": "…"}
        loses the answer that is held
    {"do": "heal", "account": "…"}
        forgets these faults
    {"do": "empty page", "account": "…", "operation": "ListAccounts"}
        the next first page of this listing has nothing in it, and a token for the next one
    {"do": "no paths", "account": "…"}
        accounts of the organization that this account owns are described without their paths
    {"do": "no delay", "account": "…"}
        messages that this account sends are there at once: the test has a clock of its own
    {"do": "calls", "account": "…"}
        which operations the account has called, lost and refused ones among them, oldest first
    {"do": "stack", "account": "…", "region": "…", "stack": "…", "becomes": ["…"]}
        a stack has the next of these statuses with each look at it
    {"do": "violations", "account": "…"}
        what was wrong with requests of the account, and of accounts that are no test's own, and forgets it

Each request is held against AWS's own models (`validate.py`), but for those of S3, which speaks in paths and headers. One
that AWS would not take is refused, and kept for whoever asks.

What differs from moto as it comes:

- An access key of twelve digits is the account that calls, so that each test has an account of its own. What a role
  calls is called by the account of the role.
- Calls to DynamoDB come one after the other. moto undoes a failed transaction by putting back the table as it was
  before, and with it whatever another thread has written since.
- CodeBuild asks for no location of a source NO_SOURCE, as AWS does not, and what `moto_codebuild.py` adds.
- CloudFormation has what `moto_cloudformation.py` adds.
- EventBridge delivers the `account` of an event, matches inside arrays of objects, and shows no event to a rule that
  has a schedule only.
- ListAccounts has pages of 20 accounts at most, and accounts tell their paths.
- GetResources knows accounts of an organization that have tags.
"""

import collections
import copy
import html
import io
import itertools
import json
import logging
import os
import queue
import re
import socket
import sys
import threading

# Before anything of boto is imported: no profile of whoever runs this may count.
for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
    del os.environ[name]
os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_EC2_METADATA_DISABLED="true")

import moto.codebuild.responses as codebuild  # noqa: E402
import moto_cloudformation  # noqa: E402
import moto_codebuild  # noqa: E402, F401
import moto.events.models as events  # noqa: E402
import moto.events.utils as events_utils  # noqa: E402
from moto.iam.models import get_account_id_from  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.core.resource_tagging import TaggedResource  # noqa: E402
from moto.organizations.models import FakeAccount, organizations_backends  # noqa: E402
from moto.organizations.utils import PAGINATION_MODEL  # noqa: E402
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend  # noqa: E402
from validate import violations  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

PAGINATION_MODEL["list_accounts"]["limit_default"] = 20

WITHOUT_PATHS = set()


def with_paths(describe):
    """`o-…/r-…/ou-…/123456789012/`: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html."""

    def described(self):
        answer = describe(self)
        if self.master_account_id not in WITHOUT_PATHS:
            backend = organizations_backends[self.master_account_id]["aws"]
            above = {unit.id: unit.parent_id for unit in backend.ou}
            path, parent = [self.id], self.parent_id
            while parent:
                path.insert(0, parent)
                parent = above.get(parent)
            answer["Paths"] = ["/".join([self.organization_id, *path, ""])]
        return answer

    return described


FakeAccount.describe = with_paths(FakeAccount.describe)


def with_accounts(generator):
    def resources(self, tag_filters=None, resource_type_filters=None, resource_arn_list=None):
        wanted = resource_arn_list or []
        if "organizations:account" not in (resource_type_filters or []) and not any(":organizations:" in arn for arn in wanted):
            yield from generator(self, tag_filters, resource_type_filters, resource_arn_list)
            return
        for account in organizations_backends[self.account_id]["aws"].accounts:
            if account.tags and (not wanted or account.arn in wanted):
                yield TaggedResource(account.arn, account.tags, "organizations:account")

    return resources


ResourceGroupsTaggingAPIBackend._get_resources_generator = with_accounts(
    ResourceGroupsTaggingAPIBackend._get_resources_generator
)


def lenient(strict):
    def validate(source):
        if source.get("type") == "NO_SOURCE" and not source.get("location"):
            source = {**source, "location": "none"}
        return strict(source)

    return validate


codebuild._validate_required_params_source = lenient(codebuild._validate_required_params_source)

template = events_utils.EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
events_utils.EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace(
    '"region":', '"account": "<account>", "region":'
)


def choices(node):
    """The event once for each choice of one element from each array of objects: a pattern matches within one."""
    if isinstance(node, dict):
        chosen = itertools.product(*(list(choices(value)) for value in node.values()))
        yield from (dict(zip(node, values)) for values in itertools.islice(chosen, 4096))
    elif isinstance(node, list) and node and all(isinstance(element, dict) for element in node):
        for element in node:
            yield from choices(element)
    else:
        yield node


def matching_in_arrays(matches):
    return lambda self, event: any(matches(self, choice) for choice in choices(json.loads(json.dumps(event))))


def unscheduled(send):
    def send_to_targets(self, event, *arguments, **named):
        if self.event_pattern.get_pattern() or not self.scheduled_expression:
            send(self, copy.deepcopy(event), *arguments, **named)

    return send_to_targets


events.EventPattern.matches_event = matching_in_arrays(events.EventPattern.matches_event)
events.Rule.send_to_targets = unscheduled(events.Rule.send_to_targets)


class Peer:
    """moto, with what the tests have asked for in front of it."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.dynamodb = threading.Lock()
        self.lock = threading.Lock()
        self.faults = []
        self.calls = {}
        self.violations = collections.defaultdict(list)
        self.empty = set()
        self.undelayed = set()
        self.held = collections.defaultdict(queue.Queue)
        self.released = collections.defaultdict(queue.Queue)

    def __call__(self, environ, start_response):
        credential = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        key, service = credential.groups() if credential else ("", "")
        if re.fullmatch(r"\d{12}", key):
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = account = key
        else:
            # The key of a session, or nobody's.
            account = get_account_id_from(key)
        operation = of_s3(environ) if service == "s3" else self.operation(environ)
        fault = self.fault(account, operation, environ)
        with self.lock:
            self.calls.setdefault(account, []).append(f"{service}:{operation}")
        logging.info("%s %s:%s %s", key, service, operation, fault or "")
        target, sent = environ.get("HTTP_X_AMZ_TARGET"), body(environ)
        wrong = violations(environ.get("HTTP_AUTHORIZATION"), target, sent) if service != "s3" else []
        if wrong:
            with self.lock:
                self.violations[account] += wrong
            fault = {"status": 400, "code": "ValidationException", "message": "; ".join(wrong)}
            logging.error("%s", fault["message"])
        if fault is not None and fault["status"] != 0:
            return refuse(fault, environ, start_response)
        page = self.page(account, operation, environ)
        if page is not None:
            return answer_json(page, environ, start_response)
        if operation == "SendMessage" and account in self.undelayed:
            edit(environ, lambda body: body.pop("DelaySeconds", None))
        if service == "dynamodb":
            with self.dynamodb:
                answer = self.moto(environ, start_response)
                answer = list(answer)
        else:
            answer = self.moto(environ, start_response)
        if fault is not None:
            if fault.get("hold"):
                self.held[key].put(None)
                self.released[key].get()
            # The caller sees its connection end without an answer.
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer

    def operation(self, environ):
        """As the service calls it: in a header, or in the form that the body is."""
        target = environ.get("HTTP_X_AMZ_TARGET")
        if target:
            return target.rsplit(".", 1)[-1]
        if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            return environ.get("REQUEST_METHOD", "")
        body = self.moto._get_body(environ) or ""
        return self.moto.get_action_from_body(body) or ""

    def fault(self, account, operation, environ):
        with self.lock:
            for fault in self.faults:
                if fault["account"] != account or fault["operation"] != operation or fault["times"] <= 0:
                    continue
                if fault.get("says", "") in body(environ):
                    fault["times"] -= 1
                    return fault
        return None

    def page(self, account, operation, environ):
        """The page with nothing in it, where one is wanted; whoever comes with its token begins from the start."""
        listing = LISTINGS.get(operation)
        if listing is None:
            return None
        token, members = listing
        with self.lock:
            if (account, operation) in self.empty and token not in json.loads(body(environ)):
                self.empty.remove((account, operation))
                return {members: [], token: NEXT}
        edit(environ, lambda body: body.pop(token) if body.get(token) == NEXT else None)
        return None

    def ask(self, request):
        if request["do"] == "await":
            self.held[request["account"]].get()
            return {}
        with self.lock:
            match request.pop("do"):
                case "fault":
                    self.faults.append(request)
                    return {}
                case "heal":
                    self.faults = [fault for fault in self.faults if fault["account"] != request["account"]]
                    return {}
                case "empty page":
                    self.empty.add((request["account"], request["operation"]))
                    return {}
                case "no paths":
                    WITHOUT_PATHS.add(request["account"])
                    return {}
                case "no delay":
                    self.undelayed.add(request["account"])
                    return {}
                case "stack":
                    names = (request[name] for name in ("account", "region", "stack", "becomes"))
                    moto_cloudformation.become(*names)
                    return {}
                case "release":
                    self.released[request["account"]].put(None)
                    return {}
                case "calls":
                    return {"calls": self.calls.get(request["account"], [])}
                case "violations":
                    own = request["account"]
                    meant = [account for account in self.violations if account == own or not is_a_test(account)]
                    return {"violations": [f"{account}: {what}" for account in meant for what in self.violations.pop(account)]}
                case other:
                    return {"unknown": other}


def of_s3(environ):
    """The operation, which S3 has in method and path, as far as it is called here."""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    _, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    if query.startswith("versions"):
        return "ListObjectVersions"
    if query.startswith("delete"):
        return "DeleteObjects"
    return method.capitalize() + ("Object" if key else "Bucket")


def is_a_test(account):
    """Whether the account is a test's own: they are counted from here, and moto draws what it makes at random."""
    return account.startswith("100000000")


def body(environ):
    """What was sent. It can still be read by whoever serves it, and all of it has been read: a connection that is
    closed over unread bytes is reset, and loses the answer."""
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(sent)
    # A package is no text.
    return sent.decode(errors="replace")


# Where the token stands in a listing, and what it lists.
LISTINGS = {
    "GetParametersByPath": ("NextToken", "Parameters"),
    "GetResources": ("PaginationToken", "ResourceTagMappingList"),
    "ListAccounts": ("NextToken", "Accounts"),
}

# Leads behind the page with nothing in it.
NEXT = "behind-the-empty-page"


def edit(environ, change):
    """Changes what was sent, in JSON."""
    sent = json.loads(body(environ))
    change(sent)
    sent = json.dumps(sent).encode()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(sent), str(len(sent))


def answer_json(answer, environ, start_response):
    text = json.dumps(answer).encode()
    kind = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(text)))]
    start_response("200 OK", kind)
    return [text]


def refuse(fault, environ, start_response):
    """An error as the service words it: JSON, or XML for the older ones."""
    code = fault["code"]
    message = fault.get("message") or f"{code}, as the test wants it"
    if "HTTP_X_AMZ_TARGET" in environ:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    else:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{html.escape(message)}</Message></Error>"
        kind, body = "text/xml", f"<ErrorResponse>{error}<RequestId>refused</RequestId></ErrorResponse>"
    start_response(f"{fault['status']} Refused", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body.encode()]


def main():
    # A line for each call; whoever looks into a failing test wants to read it.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    peer = Peer()
    server = make_server("127.0.0.1", 0, peer, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.ask(json.loads(line))), flush=True)
    # Threads that still serve somebody do not keep it.
    os._exit(0)


main()
