#!/usr/bin/env python3
"""Runs the buildspecs of the repository as CodeBuild would, with the real command line of AWS, against moto.

    buildspecs.py [NAME OF A TEST ...]

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
import re
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
BUILDSPECS = sorted((REPOSITORY / "buildspecs").glob("*.yaml"))
# Before anything of boto is imported: no profile of whoever runs this may count.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
os.environ.update(CREDENTIALS)
# Else every account has hundreds of images and their snapshots.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import boto3  # noqa: E402
import yaml  # noqa: E402
from moto.budgets.models import Budget, budgets_backends  # noqa: E402
from moto.budgets.responses import BudgetsResponse  # noqa: E402
from moto.core.exceptions import JsonRESTError  # noqa: E402
from moto.ec2.models import ec2_backends  # noqa: E402
from moto.ec2.responses.amis import AmisResponse  # noqa: E402
from moto.events.models import EventsBackend  # noqa: E402
from moto.rds.models import rds_backends  # noqa: E402
from moto.cloudformation.models import cloudformation_backends  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

ACCOUNT = "123456789012"  # the one that moto gives to credentials it does not know
BUS = "arn:aws:events:eu-west-1:999988887777:event-bus/default"
REGION = "eu-west-1"
OLD = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
# Whatever a value may hold: none of it is ever executed.
HOSTILE = """it's "quoted" $(touch executed) `touch executed` ; touch executed & \\ *"""


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


def commands(path):
    """What each phase runs, as CodeBuild reads it."""
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert spec["version"] == 0.2 and spec["env"] == {"shell": "bash"}, spec
    phases = ["install", "pre_build", "build", "post_build"]
    assert set(spec) == {"version", "env", "phases"} and set(spec["phases"]) <= set(phases), spec
    for phase in phases:
        for command in spec["phases"].get(phase, {}).get("commands", []):
            assert isinstance(command, str), command
            yield command


class Build:
    """What a build has said, and how it ended."""

    def __init__(self, name, **variables):
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                # Beside this Python stands the command line of AWS.
                "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": folder,
                "AWS_ENDPOINT_URL": ENDPOINT,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                **CREDENTIALS,
                **variables,
            }
            self.status, self.said = 0, ""
            for command in commands(REPOSITORY / "buildspecs" / f"{name}.yaml"):
                run = subprocess.run(
                    ["bash", "-c", command],
                    cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=120,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                )
                self.said += run.stdout
                self.status = self.status or run.returncode
            assert not any(pathlib.Path(folder).glob("**/executed")), f"a value was executed\n{self.said}"


class Text(unittest.TestCase):
    def test_every_command_is_bash_and_small_enough(self):
        self.assertGreaterEqual(len(BUILDSPECS), 2)
        for path in BUILDSPECS:
            # A parameter of Systems Manager holds 8 KB; Windows line ends would end up in variables.
            content = path.read_bytes()
            self.assertLessEqual(len(content), 8192, path)
            self.assertNotIn(b"\r", content)
            for command in commands(path):
                inner = re.fullmatch(r"bash -[a-z]+ pipefail -s <<'SCRIPT'\n(.*)^SCRIPT\n", command, re.S | re.M)
                self.assertIsNotNone(inner, "what stands around the script is checked by hand")
                for text in (command, inner[1]):
                    subprocess.run(["bash", "-n"], input=text, text=True, check=True)

    def test_nothing_is_downloaded_and_nothing_is_evaluated(self):
        for path in BUILDSPECS:
            for line in path.read_text(encoding="utf-8").splitlines():
                words = set(re.findall(r"[a-z0-9-]+", line.split("#")[0]))
                self.assertFalse(words & {"curl", "wget", "pip", "npm", "eval", "source", "git"}, line)


class WithAws(unittest.TestCase):
    def setUp(self):
        self.addCleanup(SENT.clear)
        import requests

        requests.post(f"{ENDPOINT}/moto-api/reset", timeout=10).raise_for_status()

    # A client reads the whole model of its service first.
    @staticmethod
    @functools.cache
    def client(name, region=REGION):
        return boto3.client(name, region_name=region, **HERE)

    def replace(self, owner, name, other):
        original = getattr(owner, name)
        setattr(owner, name, other)
        self.addCleanup(setattr, owner, name, original)


class Prepare(WithAws):
    VARIABLES = {
        "BUDGET_NAME": HOSTILE.replace("\\", ""),
        "BUDGET_AMOUNT": "500.0",
        "ALERT_THRESHOLD": "80",
        "BUDGET_EMAIL": "alice@example.com",
        "TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:SpaAlertTopic",
        "ENVIRONMENT_IDENTIFIER": "SpaDemo",
        "EVENT_BUS_ARN": BUS,
    }

    def budgets(self):
        return self.client("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"]

    def alerts(self):
        budget = budgets_backends[ACCOUNT]["aws"].budgets[ACCOUNT][self.VARIABLES["BUDGET_NAME"]]
        return [
            (alert.details["Threshold"], sorted(subscriber["Address"] for subscriber in alert.subscribers))
            for alert in budget.notifications
        ]

    def test_a_budget_is_made_once_and_follows_the_settings(self):
        topic = self.VARIABLES["TOPIC_ARN"]
        build = Build("prepare", **self.VARIABLES)
        self.assertEqual(build.status, 0, build.said)
        [budget] = self.budgets()
        self.assertEqual(budget["BudgetName"], self.VARIABLES["BUDGET_NAME"])
        self.assertEqual(budget["BudgetLimit"], {"Amount": "500.0", "Unit": "USD"})
        self.assertEqual((budget["TimeUnit"], budget["BudgetType"]), ("MONTHLY", "COST"))
        self.assertFalse(budget["CostTypes"]["IncludeCredit"] or budget["CostTypes"]["IncludeRefund"])
        self.assertEqual(self.alerts(), [(80, ["alice@example.com", topic])])
        policy = self.client("iam").get_account_password_policy()["PasswordPolicy"]
        self.assertEqual((policy["MinimumPasswordLength"], policy["MaxPasswordAge"]), (24, 90))

        # An alert of the holder's own stays.
        self.client("budgets").create_notification(
            AccountId=ACCOUNT, BudgetName=budget["BudgetName"],
            Notification={"NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN",
                          "Threshold": 100, "ThresholdType": "PERCENTAGE"},
            Subscribers=[{"SubscriptionType": "EMAIL", "Address": "alice@example.org"}],
        )
        before = self.alerts()
        build = Build("prepare", **self.VARIABLES)
        self.assertEqual(build.status, 0, build.said)
        self.assertIn("alert in place: at 80 percent", build.said)
        self.assertEqual(self.alerts(), before)
        self.assertEqual(len(self.budgets()), 1)

        changed = {"BUDGET_AMOUNT": "300", "ALERT_THRESHOLD": "90", "BUDGET_EMAIL": "bob@example.com"}
        build = Build("prepare", **{**self.VARIABLES, **changed})
        self.assertEqual(build.status, 0, build.said)
        [budget] = self.budgets()
        self.assertEqual(budget["BudgetLimit"]["Amount"], "300")
        self.assertEqual(sorted(self.alerts()), [(90, [topic, "bob@example.com"]), (100, ["alice@example.org"])])

    def test_a_budget_that_cannot_be_read_is_not_taken_for_one_that_is_missing(self):
        def denied(_self):
            raise JsonRESTError("AccessDeniedException", "not allowed")

        self.replace(BudgetsResponse, "describe_budget", denied)
        build = Build("prepare", **self.VARIABLES)
        self.assertEqual(build.status, 2, build.said)
        self.assertIn("the budget cannot be read", build.said)
        self.assertEqual(self.budgets(), [])

    def test_values_that_mean_nothing_are_refused_before_anything_is_done(self):
        for name, value in [
            ("BUDGET_AMOUNT", "1e9"), ("BUDGET_AMOUNT", "$(touch executed)"), ("ALERT_THRESHOLD", "80%"),
            ("BUDGET_NAME", "a:b"), ("BUDGET_NAME", "a\nb"), ("BUDGET_EMAIL", "alice"),
        ]:
            build = Build("prepare", **{**self.VARIABLES, name: value})
            self.assertEqual(build.status, 2, build.said)
            self.assertIn(name if "\n" not in value else "control character", build.said)
        self.assertEqual(self.budgets(), [])


class Purge(WithAws):
    VARIABLES = {
        "MAXIMUM_AGE": "9M", "TAG_KEY": "purge it's", "TAG_VALUE": HOSTILE, "PURGE_REGIONS": REGION,
        "ENVIRONMENT_IDENTIFIER": "SpaDemo", "EVENT_BUS_ARN": BUS,
    }
    TAGGED = {"purge it's": HOSTILE}
    STACK = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})

    def tags(self, tags):
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    def volume(self, age=None, tags=None, region=REGION):
        tags = {"Name": "x", **(tags or {})}
        volume = self.client("ec2", region).create_volume(
            AvailabilityZone=f"{region}a", Size=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": self.tags(tags)}],
        )["VolumeId"]
        if age:
            ec2_backends[ACCOUNT][region].volumes[volume].create_time = age
        return volume

    def volumes(self, region=REGION):
        return {volume["VolumeId"] for volume in self.client("ec2", region).describe_volumes()["Volumes"]}

    def stack(self, name, age=None, **options):
        self.client("cloudformation").create_stack(StackName=name, TemplateBody=self.STACK, **options)
        if age:
            stacks = cloudformation_backends[ACCOUNT][REGION].stacks.values()
            [stack] = [stack for stack in stacks if stack.name == name]
            stack.creation_time = age

    def stacks(self):
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"] for stack in stacks}

    def report(self):
        [event] = SENT
        self.assertEqual((event["Source"], event["DetailType"]), ("SustainablePersonalAccounts", "PurgeReport"))
        detail = json.loads(event["Detail"])
        self.assertEqual((detail["Account"], detail["Environment"]), (ACCOUNT, "SpaDemo"))
        return detail["Message"]

    def test_a_dry_run_tells_and_deletes_nothing_and_what_cannot_be_listed_fails_it(self):
        old, young = self.volume(OLD), self.volume()
        self.stack("old", OLD)

        def denied(_self):
            raise JsonRESTError("UnauthorizedOperation", "not allowed")

        self.replace(AmisResponse, "describe_images", denied)
        build = Build("purge", **self.VARIABLES)
        self.assertEqual(build.status, 1, build.said)
        self.assertIn(f"would delete volume {old}", build.said)
        self.assertNotIn(young, build.said)
        self.assertEqual(self.volumes(), {old, young})
        self.assertEqual(self.stacks(), {"old"})
        self.assertEqual(
            self.report().splitlines(),
            [
                f"--dry-run {ACCOUNT}",
                f"{REGION} stack: 1 found, 1 taken, 0 kept, 0 spared, 0 failed",
                f"{REGION} image: not listed",
                f"{REGION} volume: 2 found, 1 taken, 1 kept, 0 spared, 0 failed",
            ],
        )

    def test_what_is_old_or_tagged_is_deleted_and_nothing_else(self):
        ec2, rds = self.client("ec2"), self.client("rds")
        backend = ec2_backends[ACCOUNT][REGION]
        ours = {"origin": "SustainablePersonalAccounts"}
        kept_volumes = {
            self.volume(),
            self.volume(OLD, ours),
            self.volume(OLD, {**ours, **self.TAGGED}),
            self.volume(OLD, {"aws:cloudformation:stack-name": "StackSet-x-1", "origin": ""}),
            self.volume(None, {"purge it's": "somebody else"}),
        }
        self.volume(OLD)
        self.volume(None, self.TAGGED)
        elsewhere = self.volume(OLD, region="eu-west-3")

        self.stack("old", OLD)
        self.stack("young")
        self.stack("tagged", Tags=self.tags(self.TAGGED))
        self.stack("ours", OLD, Tags=self.tags(ours))
        for name in ("CDKToolkit", "StackSet-AWSControlTowerBP-1", "AWSControlTowerExecution"):
            self.stack(name, OLD, Tags=self.tags(self.TAGGED))
        self.stack("guarded", OLD, EnableTerminationProtection=True)

        image = ec2.register_image(Name="foreign")["ImageId"]
        backend.amis[image].owner_id = "999988887777"
        snapshots = {snapshot["SnapshotId"] for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
        machines = ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]
        machines = [machine["InstanceId"] for machine in machines]
        old_machine = backend.get_instance(machines[0])
        old_machine.launch_time = OLD
        own_image = ec2.create_image(InstanceId=machines[1], Name="own")["ImageId"]
        backend.amis[own_image].creation_date = OLD
        for snapshot in backend.describe_snapshots():
            if snapshot.id not in snapshots:
                snapshot.start_time = OLD
        tagged_address = ec2.allocate_address(
            TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": self.tags(self.TAGGED)}]
        )["AllocationId"]
        kept_address = ec2.allocate_address()["AllocationId"]
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        backend.nat_gateways[gateway]._created_at = OLD
        for name in ("old", "young", "guarded"):
            rds.create_db_instance(
                DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
                MasterUsername="u", MasterUserPassword="p" * 12, DeletionProtection=name == "guarded",
            )
            if name != "young":
                rds_backends[ACCOUNT][REGION].databases[name].instance_create_time = OLD

        build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force"})
        self.assertEqual(build.status, 0, build.said)

        self.assertTrue(kept_volumes <= self.volumes(), build.said)
        attached = {
            volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"] if volume["Attachments"]
        }
        self.assertEqual(self.volumes() - attached, kept_volumes, build.said)
        self.assertEqual(self.volumes("eu-west-3"), {elsewhere})
        self.assertEqual(
            self.stacks(),
            {"young", "ours", "CDKToolkit", "StackSet-AWSControlTowerBP-1", "AWSControlTowerExecution", "guarded"},
        )
        states = {
            machine["InstanceId"]: machine["State"]["Name"]
            for reservation in ec2.describe_instances()["Reservations"] for machine in reservation["Instances"]
        }
        self.assertEqual(states, {machines[0]: "terminated", machines[1]: "running"})
        self.assertEqual(ec2.describe_images(Owners=["self"])["Images"], [])
        left = {snapshot["SnapshotId"] for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
        self.assertEqual(left, snapshots)
        addresses = {address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]}
        self.assertEqual(addresses, {kept_address}, tagged_address)
        gateways = ec2.describe_nat_gateways(Filter=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
        self.assertEqual(gateways, [])
        databases = {db["DBInstanceIdentifier"] for db in rds.describe_db_instances()["DBInstances"]}
        self.assertEqual(databases, {"young", "guarded"})
        self.assertIn(f"{REGION} volume: 7 found, 2 taken, 2 kept, 3 spared, 0 failed", self.report())

    def test_what_cannot_be_deleted_fails_the_build_when_the_rest_is_done(self):
        backend = ec2_backends[ACCOUNT][REGION]
        volumes = [self.volume(OLD), self.volume(OLD)]

        def delete(volume, *rest):
            if volume == volumes[0]:
                raise JsonRESTError("VolumeInUse", "in use")
            return original(volume, *rest)

        original = backend.delete_volume
        self.replace(backend, "delete_volume", delete)
        build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force"})
        self.assertEqual(build.status, 1, build.said)
        self.assertEqual(self.volumes(), {volumes[0]})
        self.assertIn(f"{REGION} volume: 2 found, 1 taken, 0 kept, 0 spared, 1 failed", self.report())

    def test_values_that_mean_nothing_are_refused_before_anything_is_done(self):
        old = self.volume(OLD)
        for name, value, said in [
            ("PURGE_MODE", "--Force", "PURGE_MODE"),
            ("PURGE_MODE", "--force ", "PURGE_MODE"),
            ("MAXIMUM_AGE", "6m", "MAXIMUM_AGE"),
            ("MAXIMUM_AGE", "0d", "MAXIMUM_AGE"),
            ("MAXIMUM_AGE", "a[$(touch executed)]d", "MAXIMUM_AGE"),
            ("TAG_VALUE", "-", "TAG_VALUE"),
            ("TAG_KEY", "a\tb", "control character"),
            ("PURGE_REGIONS", "$(touch executed)", "no region"),
            ("EVENT_BUS_ARN", BUS.replace("999988887777", ACCOUNT), "the account in which the system runs"),
        ]:
            build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force", name: value})
            self.assertEqual(build.status, 2, f"{name}={value}\n{build.said}")
            self.assertIn(said, build.said)
        self.assertEqual(self.volumes(), {old})


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    ENDPOINT = f"http://{host}:{port}"
    HERE = {"endpoint_url": ENDPOINT, "config": boto3.session.Config(retries={"max_attempts": 1})}
    try:
        outcome = unittest.main(verbosity=2, exit=False).result
    finally:
        server.stop()
    print(f"{outcome.testsRun} tests, {len(outcome.failures) + len(outcome.errors)} failed")
    sys.exit(0 if outcome.wasSuccessful() else 1)
