"""What buildspecs/prepare.yaml does to an account: before and after, read back through the API."""

import contextlib
import datetime
import hashlib
import http.server
import os
import pathlib
import ssl
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.account.responses import AccountResponse
from moto.budgets.models import budgets_backends
from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError
from moto.ec2.responses import EC2Response

from peer import ACCOUNT, BUS, HOSTILE, REGION, Build, WithAws

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:SpaAlertTopic"
ELSEWHERE = "eu-west-3"


@contextlib.contextmanager
def offered(content):
    """The address under which this is offered over HTTPS, on the loopback only."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    with tempfile.TemporaryDirectory() as folder:
        held = pathlib.Path(folder) / "certificate.pem"
        public = certificate.public_bytes(serialization.Encoding.PEM)
        held.write_bytes(public + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(held)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ["SSL_CERT_FILE"] = str(held)
        try:
            yield f"https://localhost:{server.server_address[1]}/script.sh"
        finally:
            del os.environ["SSL_CERT_FILE"]
            server.shutdown()
            server.server_close()


def denied(_response):
    raise JsonRESTError("AccessDeniedException", "not allowed")


class Prepare(WithAws):
    VARIABLES = {
        "BUDGET_NAME": HOSTILE.replace("\\", ""),
        "BUDGET_AMOUNT": "500.0",
        "ALERT_THRESHOLD": "80",
        "BUDGET_EMAIL": "alice@example.com",
        "TOPIC_ARN": TOPIC,
        "ENVIRONMENT_IDENTIFIER": "SpaDemo",
        "EVENT_BUS_ARN": BUS,
        "PREPARATION_REGIONS": f"{REGION} {ELSEWHERE}",
        "SECURITY_CONTACT": HOSTILE.replace(";", ",") + "; Chief --name ; security@example.com ; +49 89 1",
    }
    # One step by itself.
    ALONE = {"WITH_PASSWORD_POLICY": "disabled", "WITH_EBS_ENCRYPTION": "disabled", "WITH_S3_BLOCK": "disabled",
             "SECURITY_CONTACT": ""}

    def budgets(self):
        return self.client("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"]

    def alerts(self):
        budget = budgets_backends[ACCOUNT]["aws"].budgets[ACCOUNT][self.VARIABLES["BUDGET_NAME"]]
        return [
            (alert.details["Threshold"], sorted(subscriber["Address"] for subscriber in alert.subscribers))
            for alert in budget.notifications
        ]

    def encrypted(self):
        regions = (REGION, ELSEWHERE, "us-east-1")
        ask = [self.client("ec2", region).get_ebs_encryption_by_default() for region in regions]
        return [answer["EbsEncryptionByDefault"] for answer in ask]

    def blocked(self):
        s3 = self.client("s3control")
        try:
            return s3.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
        except s3.exceptions.NoSuchPublicAccessBlockConfiguration:
            return None

    def contact(self):
        account = self.client("account")
        try:
            return account.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]
        except account.exceptions.ResourceNotFoundException:
            return None

    def prepared(self, status=0, **variables):
        self.forget()
        build = Build("prepare", **{**self.VARIABLES, **variables})
        self.assertEqual(build.status, status, build.said)
        return build

    def test_an_account_is_prepared_once_and_then_left_as_it_is(self):
        iam = self.client("iam")
        self.assertEqual((self.budgets(), self.encrypted(), self.blocked(), self.contact()), ([], [False] * 3, None, None))
        self.assertRaises(iam.exceptions.NoSuchEntityException, iam.get_account_password_policy)

        self.prepared()
        [budget] = self.budgets()
        self.assertEqual(budget["BudgetName"], self.VARIABLES["BUDGET_NAME"])
        self.assertEqual(budget["BudgetLimit"], {"Amount": "500.0", "Unit": "USD"})
        self.assertEqual((budget["TimeUnit"], budget["BudgetType"]), ("MONTHLY", "COST"))
        self.assertFalse(budget["CostTypes"]["IncludeCredit"] or budget["CostTypes"]["IncludeRefund"])
        self.assertEqual(self.alerts(), [(80, ["alice@example.com", TOPIC])])
        policy = iam.get_account_password_policy()["PasswordPolicy"]
        self.assertEqual((policy["MinimumPasswordLength"], policy["MaxPasswordAge"]), (24, 90))
        self.assertEqual(self.encrypted(), [True, True, False], "the third was not asked for")
        self.assertEqual(set(self.blocked().values()), {True})
        contact = self.contact()
        self.assertEqual(contact["Name"], HOSTILE.replace(";", ","))
        self.assertEqual((contact["Title"], contact["EmailAddress"]), ("Chief --name", "security@example.com"))
        report = self.report("PreparationReport")
        for line in ("budget: budget created: ", "passwords: password policy set", "contacts: contact set: SECURITY",
                     f"volumes: volumes are encrypted now: {ELSEWHERE}", "buckets: public access of buckets is blocked now"):
            self.assertTrue(any(told.startswith(line) for told in report), f"{line}\n{report}")

        before = (self.alerts(), self.encrypted(), self.blocked(), self.contact())
        self.prepared()
        self.assertEqual((self.alerts(), self.encrypted(), self.blocked(), self.contact()), before)
        self.assertEqual(
            self.report("PreparationReport")[1:],
            ["budget: alert in place: at 80 percent", "passwords: password policy in place", "contacts: contact in place: SECURITY",
             "volumes: volumes are encrypted in 2 regions, but for those named otherwise", "buckets: public access of buckets is blocked"],
        )

    def test_a_budget_follows_the_settings_and_an_old_one_goes(self):
        self.prepared(**self.ALONE, BUDGET_NAME="before")
        budgets = self.client("budgets")
        # A budget and an alert of the holder's own stay.
        own = {"NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN", "Threshold": 100,
               "ThresholdType": "PERCENTAGE"}
        mail = [{"SubscriptionType": "EMAIL", "Address": "alice@example.org"}]
        [budget] = self.budgets()
        budgets.create_budget(
            AccountId=ACCOUNT,
            Budget={name: budget[name] for name in ("BudgetLimit", "TimeUnit", "BudgetType")} | {"BudgetName": "own"},
            NotificationsWithSubscribers=[{"Notification": own, "Subscribers": mail}],
        )
        self.prepared(**self.ALONE)
        self.assertIn("budget: old budget removed: before", self.report("PreparationReport"))
        name = self.VARIABLES["BUDGET_NAME"]
        self.assertEqual({budget["BudgetName"] for budget in self.budgets()}, {name, "own"})
        budgets.create_notification(AccountId=ACCOUNT, BudgetName=name, Notification=own, Subscribers=mail)
        self.prepared(**self.ALONE, BUDGET_AMOUNT="300", ALERT_THRESHOLD="90", BUDGET_EMAIL="bob@example.com")
        [budget] = [budget for budget in self.budgets() if budget["BudgetName"] == name]
        self.assertEqual(budget["BudgetLimit"]["Amount"], "300")
        self.assertEqual(sorted(self.alerts()), [(90, [TOPIC, "bob@example.com"]), (100, ["alice@example.org"])])

    def test_a_step_that_fails_fails_the_build_when_the_others_are_done(self):
        self.replace(BudgetsResponse, "describe_budget", denied)
        self.replace(AccountResponse, "put_alternate_contact", denied)
        build = self.prepared(status=1)
        self.assertIn("prepare: failed: budget contacts\n", build.said)
        self.assertEqual(self.budgets(), [], "a budget that cannot be read is not taken for one that is missing")
        self.assertEqual((self.contact(), self.encrypted()[:2]), (None, [True, True]))
        self.assertEqual(set(self.blocked().values()), {True})
        failed = [line for line in self.report("PreparationReport") if "FAILED" in line]
        self.assertEqual([line.split(" ")[0] for line in failed], ["budget:", "contacts:"])
        self.assertIn("AccessDeniedException", failed[0])

    def test_regions_that_are_denied_by_policy_are_left_out_and_others_fail_when_the_rest_is_done(self):
        ask = EC2Response.get_ebs_encryption_by_default
        for reason, status in [("with an explicit deny in a service control policy", 0), ("by its role", 1)]:

            def deny(response, reason=reason):
                if response.region == REGION:
                    raise JsonRESTError("UnauthorizedOperation", f"not allowed {reason}")
                return ask(response)

            self.replace(EC2Response, "get_ebs_encryption_by_default", deny)
            self.prepared(status=status)
            EC2Response.get_ebs_encryption_by_default = ask
            self.assertEqual(self.encrypted()[:2], [False, True])

    def test_what_is_disabled_is_left_alone(self):
        self.prepared(**self.ALONE)
        self.assertEqual((self.encrypted(), self.blocked(), self.contact()), ([False] * 3, None, None))
        self.assertEqual(len(self.budgets()), 1)

    def test_a_script_is_run_when_its_checksum_is_right_and_only_then(self):
        script = b"echo \"$BUDGET_NAME\" >~/ran; aws iam create-account-alias --account-alias from-the-script\n"
        right = hashlib.sha256(script).hexdigest()
        aliases = lambda: self.client("iam").list_account_aliases()["AccountAliases"]  # noqa: E731
        with offered(script) as url:
            for address, checksum, status in [
                (url, "0" * 64, 1), (url, right[:-1], 2), (url, "", 2), (url.replace("https", "http"), right, 2),
                (url + "'; touch ~/executed", "0" * 64, 1),
            ]:
                self.prepared(status, **self.ALONE, SCRIPT_URL=address, SCRIPT_SHA256=checksum)
                self.assertEqual(aliases(), [], (address, checksum))
            self.prepared(**self.ALONE, SCRIPT_URL=url, SCRIPT_SHA256=right)
            self.assertEqual(aliases(), ["from-the-script"])
            self.assertIn(f"script: script run: {url}", self.report("PreparationReport"))
        with offered(b"exit 3\n") as url:
            failing = hashlib.sha256(b"exit 3\n").hexdigest()
            self.prepared(1, **self.ALONE, SCRIPT_URL=url, SCRIPT_SHA256=failing)

    def test_values_that_mean_nothing_are_refused_before_anything_is_done(self):
        for name, value in [
            ("BUDGET_AMOUNT", "1e9"), ("BUDGET_AMOUNT", "$(touch ~/executed)"), ("ALERT_THRESHOLD", "80%"),
            ("BUDGET_NAME", "a:b"), ("BUDGET_NAME", "a\nb"), ("BUDGET_EMAIL", "alice"),
            ("SECURITY_CONTACT", "Alice"), ("BILLING_CONTACT", "a;b;c;d"), ("WITH_S3_BLOCK", "yes"),
            ("PREPARATION_REGIONS", "$(touch ~/executed)"), ("SCRIPT_URL", "s3://bucket/key"),
        ]:
            build = self.prepared(status=2, **{name: value})
            self.assertIn(name if "\n" not in value else "control character", build.said)
        self.assertEqual((self.budgets(), self.blocked()), ([], None))
