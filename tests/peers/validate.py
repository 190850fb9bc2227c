#!/usr/bin/env python3
"""Requests to AWS, held against AWS's own service models as botocore ships them.

botocore's validator knows types, required and unknown members, and what is too short or too small. It leaves out what
only the service would say; the rest of the model is read here: what is too long or too large, values that are in no
enumeration, and patterns. A pattern has to match all of a text, which is what services do.

Requests in JSON (`X-Amz-Target`) and forms (Query) are understood. Anything else is reported, so that no request goes
by unseen.

As a program it answers each line of its input, `{"authorization": "…", "target": "…", "body": "…"}`, with
`{"violations": ["…"]}`, and ends with its input.
"""

import base64
import binascii
import functools
import json
import re
import sys
import urllib.parse

import regex
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Services that sign with another name than botocore's.
SIGNED_AS = {"tagging": "resourcegroupstaggingapi"}

NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


@functools.cache
def service_model(service):
    # One list of folders, and no folder of whoever runs this.
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    return ServiceModel(loader.load_service_model(SIGNED_AS.get(service, service), "service-2"), service)


@functools.cache
def pattern(text):
    # botocore's models have the patterns of Java, which Python's own `re` does not all understand.
    return regex.compile(text)


def violations(authorization, target, body):
    """What is wrong with a request, in words; empty when nothing is."""
    signed = re.search(r"Credential=[^/]*/\d+/[^/]*/([^/]+)/", authorization or "")
    if signed is None:
        return ["nobody signed it, so nobody knows which service it is for"]
    try:
        return violations_of_service(signed.group(1), target, body)
    except (UnknownServiceError, regex.error, ValueError) as error:
        # What cannot be read cannot be found right.
        return [f"{signed.group(1)}: {error}"]


def violations_of_service(service, target, body):
    model = service_model(service)
    form = None if target else dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
    if target:
        prefix, _, operation = target.rpartition(".")
        if prefix != model.metadata.get("targetPrefix"):
            return [f"{target} is no target of {service}"]
    else:
        operation = form.get("Action", "")
        if form.get("Version") != model.metadata["apiVersion"]:
            return [f"{service} is asked in version {form.get('Version')} in no protocol that is known here"]
    if operation not in model.operation_names:
        return [f"{service} has no operation {operation}"]
    shape = model.operation_model(operation).input_shape
    found = []
    if target:
        value = from_json(json.loads(body or "{}"), shape)
    else:
        form = {name: text for name, text in form.items() if name not in ("Action", "Version")}
        value = from_form(form, shape, "", found)
        value = {} if value is None else value
        found += [f"Unknown parameter {name}" for name in form]
    if shape is not None:
        found += ParamValidator().validate(value, shape).generate_report().splitlines()
        found += beyond(value, shape, "")
    return [f"{service}:{operation}: {what}" for what in found]


def wire_name(shape, member):
    return shape.serialization.get("name", member)


def from_json(value, shape):
    """The members of what was sent, by their names in the model. What the model does not know keeps its own name."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        members = {wire_name(member, name): (name, member) for name, member in shape.members.items()}
        known = ((*members.get(name, (name, None)), sent) for name, sent in value.items())
        return {name: from_json(sent, member) for name, member, sent in known}
    if shape.type_name == "list" and isinstance(value, list):
        return [from_json(element, shape.member) for element in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: from_json(element, shape.value) for key, element in value.items()}
    return value


def from_form(form, shape, name, found):
    """The value at this name, or None. What is understood is taken out of the form."""
    within = f"{name}." if name else ""
    match shape.type_name if shape is not None else None:
        case None:
            return None
        case "structure":
            parts = {}
            for member, inner in shape.members.items():
                part = from_form(form, inner, within + wire_name(inner, member), found)
                if part is not None:
                    parts[member] = part
            return parts or None
        case "list":
            if form.get(name) == "":
                del form[name]
                return []
            if not shape.serialization.get("flattened"):
                within += shape.member.serialization.get("name", "member") + "."
            elements = []
            while (element := from_form(form, shape.member, f"{within}{len(elements) + 1}", found)) is not None:
                elements.append(element)
            return elements or None
        case "map":
            if not shape.serialization.get("flattened"):
                within += "entry."
            key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
            pairs = {}
            while True:
                entry = f"{within}{len(pairs) + 1}."
                key = from_form(form, shape.key, entry + key_name, found)
                if key is None:
                    return pairs or None
                pairs[key] = from_form(form, shape.value, entry + value_name, found)
        case kind:
            text = form.pop(name, None)
            if text is None:
                return None
            try:
                if kind == "boolean":
                    return {"true": True, "false": False}[text]
                return NUMBERS.get(kind, str)(text)
            except (KeyError, ValueError):
                found.append(f"{name}: {text!r} is no {kind}")
                return None


def beyond(value, shape, name):
    """What is beyond the model's limits, where botocore does not look."""
    limits, kind = shape.metadata, shape.type_name
    where = name.removeprefix(".") or "input"
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        for member in value.keys() & shape.members.keys():
            yield from beyond(value[member], shape.members[member], f"{name}.{member}")
    elif kind == "list" and isinstance(value, list):
        yield from too_long(len(value), limits, where)
        for place, element in enumerate(value):
            yield from beyond(element, shape.member, f"{name}[{place}]")
    elif kind == "map" and isinstance(value, dict):
        yield from too_long(len(value), limits, where)
        for key, element in value.items():
            yield from beyond(key, shape.key, f"{name} (key: {key})")
            yield from beyond(element, shape.value, f"{name}.{key}")
    elif kind == "string" and isinstance(value, str):
        yield from too_long(len(value), limits, where)
        if limits.get("enum") and value not in limits["enum"]:
            yield f"{where}: {value!r} is none of {', '.join(limits['enum'])}"
        if limits.get("pattern") and not pattern(limits["pattern"]).fullmatch(value):
            yield f"{where}: {value!r} is not like {limits['pattern']}"
    elif kind == "blob" and isinstance(value, str):
        try:
            yield from too_long(len(base64.b64decode(value, validate=True)), limits, where)
        except binascii.Error:
            yield f"{where}: is not in base64"
    elif kind in NUMBERS and isinstance(value, (int, float)) and value > limits.get("max", value):
        yield f"{where}: {value} is more than {limits['max']}"


def too_long(length, limits, where):
    if length > limits.get("max", length):
        yield f"{where}: has a length of {length}, and {limits['max']} is the longest"


def main():
    for line in sys.stdin:
        request = json.loads(line)
        found = violations(request["authorization"], request["target"], request["body"])
        print(json.dumps({"violations": found}), flush=True)


if __name__ == "__main__":
    main()
