#!/usr/bin/env python3
"""Holds the templates and policies of infra/ against other people's programs and data.

    templates.py [NAME OF A TEST ...]

MiniStack's EventBridge routes every sample event through the rules; cfn-lint reads the templates and knows the actions of
AWS's services. Nothing is started, and nothing leaves the machine.
"""

import fnmatch
import json
import pathlib
import re
import sys
import unittest

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
    print(f"{ran.testsRun} tests of rules and policies")
    sys.exit(not ran.wasSuccessful())
