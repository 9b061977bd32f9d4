"""`derive init`: a catalog to start from."""

import json
import shlex
from pathlib import Path
from urllib.parse import quote

import click

from derive.cli.help import Command
from derive.output import complain, write
from derive.selection import visible

STARTER = """\
# yaml-language-server: $schema={schema}
#
# A catalog of formulas. Judge it with:   derive check {file}
# Look it over without mathematics with:  derive lint {file}
# The line above tells an editor how a catalog is built, so that it completes and checks while you type.

groups:
  examples: Formulas to start from; replace them by your own.

# A formula: its name, then its fields.
softmax_loss:
  title: Softmax cross-entropy
  group: examples
  # Inputs are domain[axes]. K is a size: what is proved holds for every K.
  inputs: {{x: "real[K]", y: "simplex[K]"}}
  # Definitions, in order. An index gets its size from the axes that it subscripts.
  define:
    p[i]: exp(x[i]) / sum(exp(x[j]), j)
    L: -sum(y[i]*log(p[i]), i)
  # Claims are equations, for every value of the free indices; D(L, x[k]) is the derivative through the definitions.
  claims:
    - D(L, x[k]) == p[k] - y[k]
    - sum(p[i], i) == 1
  # What a source prints: its LaTeX, what that says, where, and whether it holds (yes, no, or only if ...).
  printed:
    - latex: '\\frac{{\\partial L}}{{\\partial x_k}} = y_k - p_k'
      says: D(L, x[k]) == y[k] - p[k]
      from: a slip that is easily made
      holds: no
  # Worked numbers, judged at the digits that stand there.
  examples:
    - given: {{x: [0, 0], y: [0.5, 0.5]}}
      then: {{L: 0.693}}
  source: Bridle 1990
"""


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path), default=Path("formulas.yaml"))
@click.pass_context
def init(ctx: click.Context, file: Path) -> None:
    """Write a commented catalog to start from, and the schema that editors read.

    FILE is formulas.yaml if nothing else is said; the schema stands beside it. What is there already is not touched.
    """
    if file.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"a catalog is a .yaml file; write `derive init {file.name}.yaml`", ctx)
    if not file.parent.is_dir():
        raise click.UsageError(f"there is no folder {file.parent}", ctx)
    schema = file.with_name(f"{file.stem}.schema.json")
    for there in (file, schema):
        if there.exists() or there.is_symlink():
            raise click.UsageError(f"{there} is there already; nothing was written", ctx)
    from derive.language.editing import json_schema

    write(json.dumps(json_schema(), indent=2) + "\n", schema)
    word = visible(shlex.quote(str(file)))
    write(STARTER.format(schema=f"./{quote(schema.name)}", file=word), file)
    complain(f"{file} and {schema} are written; try `derive check {word}`")
