"""What buildspecs/purge.yaml does to an account."""

import json

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends
from moto.ec2.responses.amis import AmisResponse
from moto.rds.models import rds_backends

from peer import ACCOUNT, BUS, HOSTILE, OLD, REGION, Build, WithAws

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
            self.report("PurgeReport"),
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
        self.assertIn(f"{REGION} volume: 7 found, 2 taken, 2 kept, 3 spared, 0 failed", self.report("PurgeReport"))

    def test_what_belongs_to_stacks_of_others_is_spared_tagged_or_not(self):
        volume = {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": f"{REGION}a", "Size": 1}}
        ec2, stacks = self.client("ec2"), self.client("cloudformation")
        rows = [
            ("CDKToolkit", {}, True),
            ("SpaBaseline", {}, True),
            ("AWSControlTowerExecution", {}, True),
            ("aws-controltower-VPC", {}, True),
            ("StackSet-AWSControlTowerBP-BASELINE-CONFIG-1", {}, True),
            ("StackSet-ours-0123", {}, True),
            ("ours", {"origin": "SustainablePersonalAccounts"}, True),
            ("AStackSet-like", {}, False),
            ("CDKToolkit2", {}, False),
        ]
        # Alone, without its stack's tag: only the stack tells to whom it belongs.
        held = {}
        for name, tags, _ in rows:
            template = json.dumps({"Resources": {"V": volume}})
            stacks.create_stack(StackName=name, TemplateBody=template, Tags=self.tags(tags))
            [part] = stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
            held[name] = part["PhysicalResourceId"]
            described = ec2.describe_volumes(VolumeIds=[held[name]])["Volumes"][0]
            if described.get("Tags"):
                ec2.delete_tags(Resources=[held[name]], Tags=described["Tags"])
            ec2_backends[ACCOUNT][REGION].volumes[held[name]].create_time = OLD
        build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force"})
        self.assertEqual(build.status, 0, build.said)
        left = self.volumes()
        self.assertEqual({name: held[name] in left for name, *_ in rows}, {name: stays for name, _, stays in rows})
        spared = sum(stays for *_, stays in rows)
        told = f"{REGION} volume: {len(rows)} found, {len(rows) - spared} taken, 0 kept, {spared} spared, 0 failed"
        self.assertIn(told, self.report("PurgeReport"))

    def test_where_stacks_cannot_be_listed_nothing_is_taken(self):
        old, elsewhere = self.volume(OLD), self.volume(OLD, region="eu-west-3")
        ask = CloudFormationResponse.describe_stacks
        for reason, status in [("with an explicit deny in a service control policy", 0), ("by its role", 1)]:
            self.forget()

            def deny(response, reason=reason):
                if response.region == REGION:
                    raise JsonRESTError("AccessDenied", f"not allowed {reason}")
                return ask(response)

            self.replace(CloudFormationResponse, "describe_stacks", deny)
            variables = {**self.VARIABLES, "PURGE_MODE": "--force", "PURGE_REGIONS": f"{REGION} eu-west-3"}
            build = Build("purge", **variables)
            self.assertEqual(build.status, status, build.said)
            self.assertEqual((self.volumes(), self.volumes("eu-west-3")), ({old}, set()), elsewhere)
            told = f"{REGION}: nothing taken" + (", denied by policy" if status == 0 else "")
            self.assertIn(told, self.report("PurgeReport"))

    def test_groups_clusters_and_snapshots_go_when_they_are_tagged(self):
        scaling, rds, redshift = self.client("autoscaling"), self.client("rds"), self.client("redshift")
        scaling.create_launch_configuration(LaunchConfigurationName="l", ImageId="ami-1", InstanceType="t3.micro")
        admin = {"MasterUsername": "u", "MasterUserPassword": "Pp1" * 4}
        for name, tags in [("tagged", self.tags(self.TAGGED)), ("kept", [])]:
            scaling.create_auto_scaling_group(
                AutoScalingGroupName=name, LaunchConfigurationName="l", MinSize=0, MaxSize=1,
                AvailabilityZones=[f"{REGION}a"], Tags=[{**tag, "PropagateAtLaunch": False} for tag in tags],
            )
            rds.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", Tags=tags, **admin)
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-1", DBInstanceClass="db.t3.medium", Engine="aurora-postgresql",
                DBClusterIdentifier=name,
            )
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-alone", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
                **admin,
            )
            rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=f"{name}-alone", Tags=tags)
            redshift.create_cluster(ClusterIdentifier=name, NodeType="ra3.large", Tags=tags, **admin)
        build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force"})
        self.assertEqual(build.status, 0, build.said)
        groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        clusters = rds.describe_db_clusters()["DBClusters"]
        databases = rds.describe_db_instances()["DBInstances"]
        snapshots = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        self.assertEqual([one["AutoScalingGroupName"] for one in groups], ["kept"])
        self.assertEqual([one["DBClusterIdentifier"] for one in clusters], ["kept"])
        self.assertEqual({one["DBInstanceIdentifier"] for one in databases}, {"kept-1", "kept-alone", "tagged-alone"})
        self.assertEqual([one["DBSnapshotIdentifier"] for one in snapshots], ["kept"])
        self.assertEqual([one["ClusterIdentifier"] for one in redshift.describe_clusters()["Clusters"]], ["kept"])
        told = self.report("PurgeReport")
        for kind in ("group", "cluster", "backup", "warehouse"):
            self.assertIn(f"{REGION} {kind}: 2 found, 1 taken, 1 kept, 0 spared, 0 failed", told)

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
        self.assertIn(f"{REGION} volume: 2 found, 1 taken, 0 kept, 0 spared, 1 failed", self.report("PurgeReport"))

    def test_values_that_mean_nothing_are_refused_before_anything_is_done(self):
        old = self.volume(OLD)
        for name, value, said in [
            ("PURGE_MODE", "--Force", "PURGE_MODE"),
            ("PURGE_MODE", "--force ", "PURGE_MODE"),
            ("MAXIMUM_AGE", "6m", "MAXIMUM_AGE"),
            ("MAXIMUM_AGE", "0d", "MAXIMUM_AGE"),
            ("MAXIMUM_AGE", "a[$(touch ~/executed)]d", "MAXIMUM_AGE"),
            ("TAG_VALUE", "-", "TAG_VALUE"),
            ("TAG_KEY", "a\tb", "control character"),
            ("PURGE_REGIONS", "$(touch ~/executed)", "no region"),
            ("EVENT_BUS_ARN", BUS.replace("999988887777", ACCOUNT), "the account in which the system runs"),
        ]:
            build = Build("purge", **{**self.VARIABLES, "PURGE_MODE": "--force", name: value})
            self.assertEqual(build.status, 2, f"{name}={value}\n{build.said}")
            self.assertIn(said, build.said)
        self.assertEqual(self.volumes(), {old})
