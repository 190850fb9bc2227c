"""What moto's CloudFormation lacks beside CloudFormation itself, for whoever deploys with change sets.

- A change set for a stack that is not there makes one stack and not another each time; one of the same name is refused.
- Change sets are found by the name of their stack, too.
- Executing one answers at once whatever comes of it. What goes wrong stands in the events of the stack, which is taken back.
- Tags and parameters of the change set are those of the stack afterwards.
- `AWS::NoValue` in a list leaves nothing there.
- A table has the point-in-time recovery that its template asks for.
- A parameter that is a list is told as it was given, and not as Python shows a list.
- The status of a stack can be set by a test, and what it becomes with each look.

What it still lacks: policies of buckets and of buses are not made (`AWS::S3::BucketPolicy`, `AWS::Events::EventBusPolicy`),
replacements are not told, and everything is done within the call.
"""

import moto.cloudformation.parsing as parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack, cloudformation_backends
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

make_table = Table.create_from_cloudformation_json.__func__


def with_recovery(cls, resource_name, cloudformation_json, account_id, region_name, **more):
    table = make_table(cls, resource_name, cloudformation_json, account_id, region_name, **more)
    recovery = cloudformation_json["Properties"].get("PointInTimeRecoverySpecification")
    if recovery is not None:
        dynamodb_backends[account_id][region_name].update_continuous_backups(table.name, recovery)
    return table


Table.create_from_cloudformation_json = classmethod(with_recovery)

parameter_list = Stack.parameter_list.fget


def as_given(self):
    told = parameter_list(self)
    for one in told:
        if isinstance(one["ParameterValue"], list):
            one["ParameterValue"] = ",".join(one["ParameterValue"])
    return told


Stack.parameter_list = property(as_given)

clean_json = parsing.clean_json


def without_nothing(node, resources):
    """A list without what a condition has taken away."""
    if isinstance(node, list):
        kept = [(child, clean_json(child, resources)) for child in node]
        return [value for child, value in kept if value is not None or child is None]
    return clean_json(node, resources)


parsing.clean_json = without_nothing


def of_stack(backend, name):
    return next((stack for stack in backend.stacks.values() if name in (stack.name, stack.stack_id)), None)


create_change_set = CloudFormationBackend.create_change_set


def create(self, stack_name, change_set_name, template, parameters, description, change_set_type, **more):
    stack = of_stack(self, stack_name)
    for change_set in self.change_sets.values():
        if stack and change_set.stack_id == stack.stack_id and change_set.change_set_name == change_set_name:
            raise AlreadyExistsException(f"ChangeSet {change_set_name} already exists")
    if change_set_type == "CREATE" and stack is not None:
        if stack.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(message=f"Stack [{stack_name}] already exists and cannot be created again")
        # moto would make a second one.
        del self.stacks[stack.stack_id]
    if change_set_type == "UPDATE" and stack is not None and not stack.status.endswith("_COMPLETE"):
        raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    answer = create_change_set(
        self, stack_name, change_set_name, template, parameters, description, change_set_type, **more
    )
    if change_set_type == "CREATE" and stack is not None:
        for change_set in self.change_sets.values():
            if change_set.stack_id == stack.stack_id:
                change_set.stack_id = answer[1]
    return answer


def execute(self, change_set_name, stack_name=None):
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    word = change_set.change_set_type
    stack.status = f"{word}_IN_PROGRESS"
    stack._add_stack_event(f"{word}_IN_PROGRESS", resource_status_reason="User Initiated")
    before = dict(stack.resource_map._parsed_resources)
    try:
        change_set.apply()
    except Exception as error:  # noqa: BLE001, whatever a service of moto says
        stack._add_stack_event(f"{word}_FAILED", resource_status_reason=str(error))
        stack.status = "ROLLBACK_COMPLETE" if word == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)
        if word == "CREATE":
            stack.resource_map.delete()
        else:
            stack.resource_map._parsed_resources = before
        change_set.execution_status = "EXECUTE_FAILED"
        return
    stack._add_stack_event(f"{word}_COMPLETE")
    change_set.execution_status = "EXECUTE_COMPLETE"
    stack.status = f"{word}_COMPLETE"
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()
    stack.tags = change_set.tags or stack.tags
    # AWS forgets all others, too.
    for other in [other for other, one in self.change_sets.items() if one.stack_id == stack.stack_id]:
        del self.change_sets[other]


CloudFormationBackend.create_change_set = create
CloudFormationBackend.execute_change_set = execute

delete_stack = CloudFormationBackend.delete_stack


def delete(self, name):
    stack = of_stack(self, name)
    if stack is not None:
        for change_set in [one for one, made in self.change_sets.items() if made.stack_id == stack.stack_id]:
            del self.change_sets[change_set]
        delete_stack(self, stack.stack_id)


CloudFormationBackend.delete_stack = delete

NEXT = {}

describe_stacks = CloudFormationBackend.describe_stacks


def describe(self, name):
    found = describe_stacks(self, name)
    for stack in found:
        ahead = NEXT.get(stack.stack_id)
        if ahead:
            stack.status = ahead.pop(0)
    return found


CloudFormationBackend.describe_stacks = describe


def become(account, region, stack, statuses):
    """With each look the stack has the next of these."""
    NEXT[of_stack(cloudformation_backends[account][region], stack).stack_id] = list(statuses)
