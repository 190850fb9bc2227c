#!/usr/bin/env python3
"""Holds the templates and policies of infra/ against other people's programs and data.

    templates.py [NAME OF A TEST ...]

MiniStack deploys the templates, and its EventBridge routes every sample event through the rules; cfn-lint knows the
actions of AWS's services. MiniStack listens on the loopback, and nothing leaves the machine.
"""

import fnmatch
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

# Before anything of boto is imported: no profile of whoever runs this may count.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

import boto3
import botocore.exceptions
import cfnlint.decode.cfn_yaml
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource
from ministack.services import eventbridge

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
POLICIES = sorted((REPOSITORY / "infra/policies").glob("*.json"))
EVENTS = {path.stem: json.loads(path.read_text()) for path in (REPOSITORY / "tests/fixtures/events").glob("*.json")}
# Messages of queues, and what people write, are on no bus.
ON_A_BUS = {name: event for name, event in EVENTS.items() if not name.startswith(("sqs-", "invoke-"))}

PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "Environment": "Spa",
    "ManagementAccount": "444455556666",
    "TagPrefix": "account-",
}

# Which function an event wakes, by the beginning of its name. What is not named here wakes none of the functions that are
# deployed: some events are nobody's business, and some are for functions of later versions.
WAKES = {
    "codebuild-preparation-": "OnPreparedAccount",
    "codebuild-purge-": "OnPurgedAccount",
    "organizations-create-account-result": "OnVanillaAccount",
    "organizations-move-account": "OnVanillaAccount",
    "organizations-tag-expired": "OnExpiredAccount",
    "organizations-tag-released": "OnReleasedAccount",
    "organizations-tag-vanilla": "OnVanillaAccount",
    "spa-account-": "OnAccountEvent",
}
OF_ANOTHER_ENVIRONMENT = "spa-account-other-environment"
# Which events of a member account the baseline forwards.
FORWARDED_BY_MEMBERS = ("codebuild-preparation-", "codebuild-purge-", "signin-")


def filled_in(value):
    """The value, with parameters in the place of their names. What else CloudFormation computes is left as it is."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return PARAMETERS.get(value["Ref"], {"Ref": value["Ref"]})
        if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            return re.sub(r"\$\{([\w:]+)\}", lambda found: PARAMETERS.get(found[1], found[0]), value["Fn::Sub"])
        return {name: filled_in(member) for name, member in value.items()}
    if isinstance(value, list):
        return [filled_in(member) for member in value]
    return value


def resources(template, kind):
    """The resources of one type, by logical name, with their properties."""
    whole = cfnlint.decode.cfn_yaml.load(str(REPOSITORY / "infra" / f"{template}.yaml"))
    found = {name: filled_in(one["Properties"]) for name, one in whole["Resources"].items() if one["Type"] == kind}
    assert found, f"{template} has no {kind}"
    return found


def patterns(template):
    rules = resources(template, "AWS::Events::Rule")
    return {name: rule["EventPattern"] for name, rule in rules.items() if "EventPattern" in rule}


def takes(pattern, event):
    """Whether an event matches, as the API TestEventPattern of MiniStack says."""
    asked = {"EventPattern": json.dumps(pattern), "Event": json.dumps(event)}
    status, _, body = eventbridge._test_event_pattern(asked)
    assert status == 200, body
    return json.loads(body)["Result"]


class Rules(unittest.TestCase):
    def test_each_event_is_taken_by_the_rule_of_its_function_and_by_no_other(self):
        rules = patterns("automation-account")
        functions = resources("automation-account", "AWS::Lambda::Function")
        self.assertGreater(len(ON_A_BUS), 30)
        woken = set()
        for name, event in ON_A_BUS.items():
            taken = [rule for rule, pattern in rules.items() if takes(pattern, event)]
            expected = [function for start, function in WAKES.items() if name.startswith(start)]
            if name == OF_ANOTHER_ENVIRONMENT:
                expected = []
            if name.startswith("organizations-create-account-result"):
                expected = ["OnVanillaAccount"]
            # A rule is called by its function and something more.
            of = [[function for function in functions if rule.startswith(function)] for rule in taken]
            self.assertEqual(of, [[function] for function in expected], f"{name}: {taken}")
            woken.update(taken)
        # The samples know no account that loses its tag, none whose state is unknown, and `assigned` in a queue only.
        self.assertEqual(
            set(rules) - woken, {"OnVanillaAccountUntagged", "OnReconcileTagged", "OnAssignedAccountTagged"}
        )

    def test_states_are_told_apart(self):
        rules = patterns("automation-account")
        event = json.dumps(EVENTS["organizations-tag-released"])
        for state, rule in [("assigned", "OnAssignedAccountTagged"), ("Released", "OnReconcileTagged")]:
            tagged = json.loads(event.replace('"released"', json.dumps(state)))
            self.assertEqual([name for name, pattern in rules.items() if takes(pattern, tagged)], [rule])
        untagged = json.loads(event)
        untagged["detail"]["eventName"] = "UntagResource"
        untagged["detail"]["requestParameters"] = {"resourceId": "777788889999", "tagKeys": ["a", "account-state"]}
        taken = [name for name, pattern in rules.items() if takes(pattern, untagged)]
        self.assertEqual(taken, ["OnVanillaAccountUntagged"])

    def test_what_a_function_waits_for_is_forwarded(self):
        rules = patterns("automation-account")
        [forwarder] = patterns("management-account").values()
        for name, event in ON_A_BUS.items():
            awaited = any(takes(pattern, event) for pattern in rules.values())
            if name.startswith("organizations-"):
                self.assertTrue(not awaited or takes(forwarder, event), name)
            else:
                self.assertFalse(takes(forwarder, event), name)
        untagged = json.loads(json.dumps(EVENTS["organizations-tag-released"]).replace("TagResource", "UntagResource"))
        self.assertTrue(takes(forwarder, untagged))

    def test_members_forward_builds_and_sign_ins_and_nothing_else(self):
        baseline = patterns("member-account").values()
        [sign_in] = patterns("signin-forwarder").values()
        for name, event in ON_A_BUS.items():
            forwarded = any(takes(pattern, event) for pattern in baseline)
            self.assertEqual(forwarded, name.startswith(FORWARDED_BY_MEMBERS), name)
            self.assertEqual(takes(sign_in, event), name.startswith("signin-"), name)


# What MiniStack cannot deploy: policies of a bus, and alarms about several metrics at once.
NOT_IN_MINISTACK = {"MembersForward", "BuildsReport", "ManagementForwards", "WaitingAlarm"}


class Stacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.log = tempfile.TemporaryFile()
        peer = [sys.executable, REPOSITORY / "tests/peers/ministack_peer.py"]
        cls.peer = subprocess.Popen(peer, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=cls.log)
        cls.ports = json.loads(cls.peer.stdout.readline())
        cls.endpoint = f"http://127.0.0.1:{cls.ports['port']}"

    @classmethod
    def tearDownClass(cls):
        cls.peer.stdin.close()
        cls.peer.wait(60)
        cls.peer.stdout.close()
        cls.log.close()

    def ask(self, **question):
        with socket.create_connection(("127.0.0.1", self.ports["control"])) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(connection.makefile().readline())

    def client(self, service, account, region="eu-west-1"):
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "testing"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region, **keys)

    def deploy(self, template, account, region, **parameters):
        """Makes a stack, and tells what is in it."""
        client = self.client("cloudformation", account, region)
        whole = cfnlint.decode.cfn_yaml.load(str(REPOSITORY / "infra" / f"{template}.yaml"))
        for name in NOT_IN_MINISTACK:
            whole["Resources"].pop(name, None)
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        s3 = self.client("s3", account, region)
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        s3.create_bucket(Bucket=f"templates-{account}-{region}", **where)
        s3.put_object(Bucket=f"templates-{account}-{region}", Key=template, Body=json.dumps(whole))
        client.create_stack(
            StackName="Spa",
            TemplateURL=f"{self.endpoint}/templates-{account}-{region}/{template}",
            Parameters=parameters,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        ended = 0
        for _ in range(100):
            stack = client.describe_stacks(StackName="Spa")["Stacks"][0]
            if stack["StackStatus"] != "CREATE_IN_PROGRESS":
                break
            ended = self.ask(do="await", after=ended)["ended"]
        self.log.seek(0)
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE", self.log.read().decode())
        return [one["LogicalResourceId"] for one in client.describe_stack_resources(StackName="Spa")["StackResources"]]

    def refused(self, template, account, region, **parameters):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            self.deploy(template, account, region, **parameters)
        return str(refused.exception)

    def test_the_management_account_is_deployed_where_its_events_are(self):
        automation = {"AutomationAccount": "111122223333", "AutomationRegion": "eu-west-1", "ExternalId": "ours"}
        told = self.refused("management-account", "444455556666", "eu-west-1", **automation)
        self.assertIn("AWS Organizations tells its events in one region", told)
        made = self.deploy("management-account", "444455556666", "us-east-1", **automation)
        self.assertCountEqual(made, [
                "OrganizationRule",
                "ForwarderRole",
                "ForwarderDeadLetters",
                "ForwarderDeadLettersPolicy",
                "ForwarderDeadLettersAlarm",
                "AlarmTopic",
                "AlarmTopicPolicy",
                "ManagementRole",
            ])

    def test_sign_ins_are_not_told_twice(self):
        automation = {"AutomationAccount": "111122223333", "AutomationRegion": "eu-west-1"}
        told = self.refused("signin-forwarder", "777788889999", "eu-west-1", **automation)
        self.assertIn("Both would tell twice", told)
        made = self.deploy("signin-forwarder", "777788889999", "us-east-1", **automation)
        self.assertCountEqual(made, ["SignInRule", "EventsRole"])

    def automation(self, account, **more):
        with tempfile.NamedTemporaryFile("w", suffix="-bootstrap") as program:
            program.write("#!/bin/sh\n")
            program.flush()
            self.ask(do="package", program=program.name, bucket=f"code-{account}", key="1.zip", of=account)
        whole = {"OrganizationId": "o-ab12cd34ef", "ManagementAccount": "444455556666", "ExternalId": "ours"}
        whole |= {"CodeBucket": f"code-{account}", "CodeKey": "1.zip", "Rules": "DISABLED"}
        return self.deploy("automation-account", account, "eu-west-1", **whole, **more)

    def test_the_automation_account_is_deployed_with_what_is_left_out_usually(self):
        made = self.automation("111122223333")
        whole = cfnlint.decode.cfn_yaml.load(str(REPOSITORY / "infra/automation-account.yaml"))["Resources"]
        conditional = {name for name, resource in whole.items() if "Condition" in resource}
        self.assertCountEqual(made, set(whole) - NOT_IN_MINISTACK - conditional)

    def test_the_automation_account_is_deployed_with_everything_that_can_be_said(self):
        said = {
            "AlarmEmail": "ops@example.com",
            "Architecture": "x86_64",
            "Baseline": "stack-set",
            "Environment": "Second",
            "MaintenanceWindow": "cron(0 18 ? * SAT *)",
            "ManagementRoleArn": "arn:aws:iam::444455556666:role/OfTheCompany",
            "ReserveConcurrency": "no",
            "SessionTags": "true",
        }
        made = self.automation("222233334444", **said)
        whole = cfnlint.decode.cfn_yaml.load(str(REPOSITORY / "infra/automation-account.yaml"))["Resources"]
        self.assertCountEqual(made, set(whole) - NOT_IN_MINISTACK)
        reconciler = self.client("lambda", "222233334444").get_function(FunctionName="SecondOnReconcile")
        self.assertNotIn("Concurrency", reconciler)
        rules = self.client("events", "222233334444").list_rules()["Rules"]
        self.assertEqual({rule["State"] for rule in rules}, {"DISABLED"})
        variables = reconciler["Configuration"]["Environment"]["Variables"]
        self.assertEqual(variables["ROLE_ARN_TO_MANAGE_ACCOUNTS"], said["ManagementRoleArn"])
        self.assertEqual(variables["ORGANIZATION_ID"], "")


def statements(policy):
    return json.loads(policy.read_text())["Statement"]


def listed(value):
    return value if isinstance(value, list) else [value]


class Policies(unittest.TestCase):
    def test_each_is_told_of_in_the_readme(self):
        readme = (REPOSITORY / "infra/policies/README.md").read_text()
        headings = re.findall(r"^## `(.+\.json)`", readme, re.MULTILINE)
        self.assertEqual(sorted(headings), [policy.name for policy in POLICIES])

    def test_each_is_one_that_aws_takes(self):
        for policy in POLICIES:
            with self.subTest(policy.name):
                # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
                self.assertLessEqual(len(policy.read_text()), 5120)
                for statement in statements(policy):
                    self.assertEqual(statement["Effect"], "Deny")
                    self.assertRegex(statement["Sid"], "^[A-Za-z0-9]+$")

    def test_actions_are_those_of_aws(self):
        services = load_resource(AdditionalSpecs, "Policies.json")
        for policy in POLICIES:
            for statement in statements(policy):
                for action in listed(statement.get("Action", statement.get("NotAction"))):
                    if action == "*":
                        continue
                    service, name = action.lower().split(":")
                    known = services.get(service, {"Actions": {}})["Actions"]
                    self.assertTrue(fnmatch.filter(known, name), f"{policy.name}: {action}")

    def test_what_the_baseline_makes_is_protected(self):
        [protected, _] = statements(REPOSITORY / "infra/policies/own-resources.json")
        arns = ["arn:aws:cloudformation:eu-west-1:777788889999:stack/SpaBaseline/1a2b"]
        for kind, arn, name in [
            ("AWS::CodeBuild::Project", "codebuild:eu-west-1:777788889999:project/", "Name"),
            ("AWS::Events::Rule", "events:eu-west-1:777788889999:rule/", "Name"),
            ("AWS::IAM::ManagedPolicy", "iam::777788889999:policy", "Path"),
            ("AWS::IAM::Role", "iam::777788889999:role", "Path"),
            ("AWS::SNS::Topic", "sns:eu-west-1:777788889999:", "TopicName"),
        ]:
            arns += [f"arn:aws:{arn}{one[name]}" for one in resources("member-account", kind).values()]
        for kind, arn in [("AWS::Events::Rule", "events:us-east-1:777788889999:rule/")]:
            arns += [f"arn:aws:{arn}{one['Name']}" for one in resources("signin-forwarder", kind).values()]
        for arn in arns:
            self.assertTrue(any(fnmatch.fnmatchcase(arn, known) for known in protected["Resource"]), arn)


if __name__ == "__main__":
    ran = unittest.main(argv=sys.argv, exit=False, verbosity=0).result
    print(f"{ran.testsRun} tests of templates and policies")
    sys.exit(not ran.wasSuccessful())
