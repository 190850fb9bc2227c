"""A peer for the buildspecs of the repository, and a way to run them as CodeBuild would: `spa buildspec run`, with the real
command line of AWS, against moto.

moto (tests/requirements.txt) answers on the loopback only; nothing leaves the machine. What a build did is read
back through the API. The effects that moto lacks (UpdateBudget, DescribeSubscribersForNotification) and the age of
resources are put into it here.
"""

import datetime
import functools
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
SPA = REPOSITORY / "target" / "debug" / "spa"
# Where moto answers, once it does.
ENDPOINT = []
# Before anything of boto is imported: no profile of whoever runs this may count.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
os.environ.update(CREDENTIALS)
# Else every account has hundreds of images and their snapshots.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import boto3  # noqa: E402
from moto.budgets.models import Budget, budgets_backends  # noqa: E402
from moto.budgets.responses import BudgetsResponse  # noqa: E402
from moto.core.exceptions import JsonRESTError  # noqa: E402
from moto.events.models import EventsBackend  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

ACCOUNT = "123456789012"  # the one that moto gives to credentials it does not know
BUS = "arn:aws:events:eu-west-1:999988887777:event-bus/default"
REGION = "eu-west-1"
OLD = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
# Whatever a value may hold: none of it is ever executed.
HOSTILE = """it's "quoted" $(touch ~/executed) `touch ~/executed` ; touch ~/executed & \\ *"""


def update_budget(self):
    """UpdateBudget, as AWS describes it; moto has none."""
    account, new = self._get_param("AccountId"), self._get_param("NewBudget")
    self.backend.describe_budget(account, new["BudgetName"])
    held = self.backend.budgets[account]
    before = held[new["BudgetName"]]
    held[new["BudgetName"]] = Budget(new, [])
    held[new["BudgetName"]].notifications = before.notifications
    return json.dumps({})


def describe_subscribers_for_notification(self):
    """DescribeSubscribersForNotification, as AWS describes it; moto has none."""
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    for notification in budget.notifications:
        if notification.details == wanted:
            return json.dumps({"Subscribers": notification.subscribers})
    raise JsonRESTError("NotFoundException", "no such notification")


BudgetsResponse.update_budget = update_budget
BudgetsResponse.describe_subscribers_for_notification = describe_subscribers_for_notification
SENT = []


def remembering(put_events):
    def put(self, events):
        SENT.extend(events)
        return put_events(self, events)

    return put


EventsBackend.put_events = remembering(EventsBackend.put_events)


class Build:
    """What `spa buildspec run` has said, and how the build ended."""

    def __init__(self, name, **variables):
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                # Beside this Python stand the command line of AWS and what else a build calls.
                "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": folder,
                "AWS_ENDPOINT_URL": ENDPOINT[0],
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                # The command line puts the account before the address of s3control; the peer is its own proxy for that.
                "HTTP_PROXY": ENDPOINT[0],
                "http_proxy": ENDPOINT[0],
                "AWS_MAX_ATTEMPTS": "1",
                **CREDENTIALS,
            }
            for taken in ("SSL_CERT_FILE", "PIP_INDEX_URL", "PIP_CERT", "TMPDIR"):
                if taken in os.environ:
                    environment[taken] = os.environ[taken]
            said = [f"--variable={name}={value}" for name, value in variables.items()]
            run = subprocess.run(
                [SPA, "buildspec", "run", REPOSITORY / "buildspecs" / f"{name}.yaml", "--output=json", *said],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=300,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            self.said = run.stderr
            failed = [phase["failed"] for phase in json.loads(run.stdout or "{}").get("phases", []) if "failed" in phase]
            # The status of the command that failed first.
            self.status = failed[0]["status"] if failed else run.returncode
            assert (run.returncode == 0) == (self.status == 0), self.said
            assert not any(pathlib.Path(folder).glob("**/executed")), f"a value was executed\n{self.said}"


def serve():
    """Starts moto, which ends with this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    ENDPOINT.append(f"http://{host}:{port}")


class WithAws(unittest.TestCase):
    def setUp(self):
        self.addCleanup(SENT.clear)
        import requests

        requests.post(f"{ENDPOINT[0]}/moto-api/reset", timeout=10).raise_for_status()

    # A client reads the whole model of its service first.
    @staticmethod
    @functools.cache
    def client(name, region=REGION):
        return boto3.client(name, region_name=region, endpoint_url=ENDPOINT[0],
                            config=boto3.session.Config(retries={"max_attempts": 1}, proxies={"http": ENDPOINT[0]}))

    def replace(self, owner, name, other):
        original = getattr(owner, name)
        setattr(owner, name, other)
        self.addCleanup(setattr, owner, name, original)

    def forget(self):
        """What was on the bus so far."""
        SENT.clear()

    def report(self, kind):
        """The only report on the bus, which says whose it is."""
        [event] = SENT
        self.assertEqual((event["Source"], event["DetailType"]), ("SustainablePersonalAccounts", kind))
        detail = json.loads(event["Detail"])
        self.assertEqual(set(detail), {"Account", "Environment", "Message"})
        self.assertEqual((detail["Account"], detail["Environment"]), (ACCOUNT, "SpaDemo"))
        self.assertLessEqual(len(detail["Message"]), 4000)
        return detail["Message"].splitlines()
