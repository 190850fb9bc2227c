#!/usr/bin/env python3
"""Puts settings.schema.json before an independent validator of JSON Schema.

    schema_peer.py settings.schema.json RULES [INSTANCE ...]

- The schema itself must be a good one (draft 2020-12).
- RULES: what `good` says must pass, what `bad` says must not; see the comment in that file.
- INSTANCE: files in YAML or JSON that must pass; with a `!` before the name, files that must not.

Exit status 1 when anything is otherwise. Needs the packages jsonschema and PyYAML.
"""

import json
import re
import sys

import jsonschema
import yaml

REQUIRED = {
    "automation.account_id": "'999988887777'",
    "automation.region": "eu-west-1",
    "worker.preparation_buildspec_template_file": "buildspecs/prepare.yaml",
    "worker.purge_buildspec_template_file": "buildspecs/purge.yaml",
}


class EditorLoader(yaml.SafeLoader):
    """Reads YAML as editors do: days are text, as JSON knows no days."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def text_of(value):
    """A text as it stands in RULES, where most need no quotes."""
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def document(at, text):
    """Settings in which nothing stands but what must, and `text` at one place."""
    settings = {}
    for path, written in {**REQUIRED, at: text}.items():
        *parents, last = path.split(".")
        section = settings
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = yaml.load(written, EditorLoader)
    return settings


def passes(validator, instance):
    # An editor hands over JSON: keys are text there.
    return validator.is_valid(json.loads(json.dumps(instance)))


def main(schema_file, rules_file, *instances):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    checked, wrong = 0, []
    with open(rules_file, encoding="utf-8") as file:
        rules = yaml.load(file, EditorLoader)
    for rule in rules:
        for name, expected in (("good", True), ("bad", False)):
            for value in rule.get(name, []):
                checked += 1
                text = text_of(value)
                if passes(validator, document(rule["at"], text)) != expected:
                    wrong.append(f"{rule['at']}: {text} should {'pass' if expected else 'not pass'}")
    for name in instances:
        expected = not name.startswith("!")
        with open(name.removeprefix("!"), encoding="utf-8") as file:
            instance = yaml.load(file, EditorLoader)
        checked += 1
        if passes(validator, instance) != expected:
            errors = [re.sub(r"\s+", " ", error.message)[:200] for error in validator.iter_errors(instance)]
            wrong.append(f"{name} should {'pass: ' + '; '.join(errors) if expected else 'not pass'}")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{checked} checked, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
