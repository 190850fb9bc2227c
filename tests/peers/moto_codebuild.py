"""What moto's CodeBuild lacks: projects that CloudFormation makes, and builds that tell who started them with what.

As AWS does it, the initiator is the name of the user, or `<role>/<session>`.
"""

import moto.codebuild.responses as responses
from moto.codebuild.models import codebuild_backends
from moto.core.common_models import CloudFormationModel
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition


def lower(node):
    """The properties of CloudFormation as the API spells them."""
    if isinstance(node, dict):
        return {key[:1].lower() + key[1:]: lower(value) for key, value in node.items()}
    return [lower(element) for element in node] if isinstance(node, list) else node


class CloudFormationProject(CloudFormationModel):
    """AWS::CodeBuild::Project."""

    # moto reads the service in it.
    __module__ = "moto.codebuild.project"

    def __init__(self, name, arn):
        self.name = name
        self.arn = arn

    @property
    def physical_resource_id(self):
        return self.name

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @staticmethod
    def cloudformation_type():
        return "AWS::CodeBuild::Project"

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name):
        return self.arn

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        given = lower(cloudformation_json["Properties"])
        backend = codebuild_backends[account_id][region_name]
        if resource_name in backend.codebuild_projects:
            raise ValueError(f"{resource_name} already exists")
        backend.create_project(
            project_name=resource_name,
            description=given.get("description"),
            project_source=given["source"],
            artifacts=given["artifacts"],
            environment=given["environment"],
            service_role=given["serviceRole"],
            tags=given.get("tags"),
            cache=None,
            timeout=given.get("timeoutInMinutes"),
            queued_timeout=None,
            source_version=None,
            logs_config=given.get("logsConfig"),
            vpc_config=None,
        )
        partition = get_partition(region_name)
        return cls(resource_name, f"arn:{partition}:codebuild:{region_name}:{account_id}:project/{resource_name}")

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        cls.delete_from_cloudformation_json(original_resource.name, None, account_id, region_name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        codebuild_backends[account_id][region_name].delete_project(resource_name)


def initiator(key):
    for regions in sts_backends.values():
        for backend in regions.values():
            role = backend.get_assumed_role_from_access_key(key)
            if role is not None:
                return f"{role.role_arn.rsplit('/', 1)[-1]}/{role.session_name}"
    return key


def telling(start_build):
    def start(self):
        answer = start_build(self)
        build = answer.result["build"]
        build["initiator"] = initiator(self.access_key)
        build["environment"]["environmentVariables"] = self._get_param("environmentVariablesOverride") or []
        return answer

    return start


responses.CodeBuildResponse.start_build = telling(responses.CodeBuildResponse.start_build)
