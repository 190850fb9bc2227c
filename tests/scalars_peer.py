#!/usr/bin/env python3
"""Tells what PyYAML, the loader of the predecessor, takes an unquoted scalar for.

    scalars_peer.py FILE           every verdict in the file must be PyYAML's own
    scalars_peer.py --write FILE   writes the verdicts anew

The loader's own verdicts on the same texts are tested in src/settings/yaml/plain.rs, where each difference is named.
Exit status 1 when a verdict is wrong. Needs the package PyYAML.
"""

import datetime
import json
import random
import sys

import yaml

BY_HAND = """~ null Null NULL nULL true True TRUE tRUE false False FALSE yes Yes YES no No NO on On ON off Off OFF y n Y N
0 00 007 08 09 012345678901 111122223333 1 -1 +1 1_000 1__0 _1 1_ 0x1F 0X1F 0x 0o17 0o8 0b11 0b2 017 0_7
1.0 500.0 500. .5 -.5 +.5 . .. 5.5.5 1e3 1.0e3 1.0e+3 1.0E-3 1e+3 1.e3 .5e1 .e1 1e 1e+ .inf -.inf +.inf .Inf .INF .iNF
.nan .NaN .NAN -.nan 1_0.5 12:30 12:30:45 12:60 1:30.5 -1:30 190:20:30 2026-12-31 2026-1-1 2026-12-31T18:00:00Z
2026-13-45 20261231 9M 6w 1y 90s 5m 80% 1,5 $5 <<  = - -- --dry-run --force me purge eu-west-1 ou-ab12-11112222
0.1.2 v1 1a a1 e3 E3 x é ü1 ١٢٣ １ 0x1g 1e1000 99999999999999999999 -0 +0 0.0 -0.0 NaN Infinity inf nan None none
undefined TRUE1 yes1 no- on_ truey""".split()


def verdict(text):
    """What PyYAML takes a value for; nothing when it is no plain scalar."""
    try:
        value = yaml.safe_load(f"k: {text}")["k"]
    except (yaml.YAMLError, ValueError, OverflowError, KeyError, TypeError):
        return None
    names = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "text"}
    return names.get(type(value), "date" if isinstance(value, datetime.date) else None)


def texts():
    source = random.Random(1)
    drawn = {"".join(source.choice("0123456789.+-_:eExob") for _ in range(source.randint(1, 7))) for _ in range(600)}
    return sorted(set(BY_HAND) | drawn)


def main(arguments):
    if arguments[:1] == ["--write"]:
        verdicts = {text: verdict(text) for text in texts()}
        with open(arguments[1], "w", encoding="utf-8") as file:
            known = {text: kind for text, kind in verdicts.items() if kind}
            json.dump(known, file, ensure_ascii=False, indent=0, sort_keys=True)
            file.write("\n")
        return 0
    with open(arguments[0], encoding="utf-8") as file:
        verdicts = json.load(file)
    wrong = {text: verdict(text) for text, kind in verdicts.items() if verdict(text) != kind}
    for text, kind in wrong.items():
        print(f"PyYAML takes {text} for {kind}, and not for {verdicts[text]}", file=sys.stderr)
    print(f"{len(verdicts)} scalars, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
