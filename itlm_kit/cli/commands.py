"""The `itlm` command. Bad input is one line and exit code 2; something that ran and failed, exit code 1."""

import json
import math
import sys
import warnings
from functools import partial

import click

from itlm_kit import __version__
from itlm_kit.cli import course, terminal
from itlm_kit.errors import InputError
from itlm_kit.extras import told
from itlm_kit.machine import DEVICES, PROFILES
from itlm_kit.runner.progress import INTERRUPTED, watch_run

_option = partial(click.option, show_default=True)
_whole = click.IntRange(min=1)
_profile = _option("--profile", type=click.Choice(PROFILES), default="quick", help="How much: minutes, or the paper's.")
_device = _option("--device", type=click.Choice(DEVICES), default="auto", help="What networks are trained on.")
_data_root = _option("--data-root", metavar="DIR", help="Folder of data sets; `itlm data list` shows the default.")
_jobs = _option("--jobs", type=_whole, default=1, help="How many at once.")
_results = _option("--results", metavar="DIR", help="Folder of result files.  [default: notebooks/results]")


def main(arguments=None):
    """Run the command line and leave with its exit code."""
    terminal.end_like_ctrl_c()
    sys.exit(_exit_code(arguments))


def _exit_code(arguments):
    warnings.showwarning = _warn
    terminal.print_whatever()
    try:
        terminal.check_home()
        return itlm.main(arguments, prog_name="itlm", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
    except InputError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        message = str(told(error))
    except click.Abort:
        click.echo("itlm: stopped", err=True)
        return INTERRUPTED
    click.echo(f"itlm: {message}", err=True)
    return 2


def _warn(message, *place, **how):
    """A warning in one line, without the place in the code that nobody who reads it needs."""
    click.echo(f"itlm: warning: {' '.join(str(message).split())}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="itlm_kit %(version)s")
def itlm():
    """Learn, teach and use Iterative Trimmed Loss Minimization."""


itlm.add_command(course.assignment)
itlm.add_command(course.copy)


@itlm.command()
@click.argument("notebooks", nargs=-1, metavar="[NN]...")
@_profile
@_device
@_data_root
@_jobs
@_option("--out", metavar="DIR", help="Where results go.  [default: a new folder in runs/]")
@_option("--set", "own", multiple=True, metavar="KEY=VALUE", help="Another parameter of these; may be repeated.")
@click.option("--timeout", type=_whole, metavar="S", help="Seconds a cell may take.  [default: 300, full: a day]")
@click.option(
    "--max-memory", type=click.FloatRange(min=0, min_open=True), metavar="MB",
    help="Most memory of a notebook above a bare `import torch`.  [default: 330 for quick on the CPU, else none]",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in --out, or with the newest one in runs/.")
def run(notebooks, out, resume, own, **settings):
    """Run notebooks (by number or name, all by default) and write pages, figures and verdicts.

    --set changes what only some notebooks have, e.g. `itlm run 05 --profile full --set images=1200`.
    With --resume, notebooks that passed are kept if neither they nor their parameters changed: --profile, --device,
    --data-root and --set.
    """
    from itlm_kit.experiments.settings import split
    from itlm_kit.runner import Run, Settings, default_out, find_notebooks

    own = {name: _read(text) for name, text in (split("--set", each) for each in own)}
    settings = Settings(**settings, own=own)
    chosen = find_notebooks(notebooks)
    return watch_run(Run(chosen, out or default_out(resume), settings, resume=resume))


def _read(text):
    """A parameter as it stands in a notebook: a number, null for None, else text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@itlm.command()
@click.argument("name", required=False)
@_profile
@_option("--seeds", type=_whole, metavar="N", help="How many, counted from 0.  [default: what the profile says]")
@_option("--only", multiple=True, metavar="KEY=VALUE", help="Only cells with this setting; may be repeated.")
@_option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Another setting than printed; may be repeated.")
@_device
@_data_root
@_jobs
@_option("--out", metavar="DIR", default="runs/reproduce", help="Where finished cells are kept.")
@click.option("--dry-run", is_flag=True, help="Say what would be computed, and compute nothing.")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler whose workers compute, e.g. tcp://host:8786.")
@click.option("--all", "everything", is_flag=True, help="Instead of NAME: every figure and table, in one go.")
@click.option("--missing", is_flag=True, help="Instead of NAME: whatever settles most claims without a verdict.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), metavar="M", help="How long for --missing.")
def reproduce(name, everything, missing, minutes, device, data_root, out, dry_run, cluster, **choice):
    """Compute a figure or table of the paper and show it beside the published one; without NAME, list them.

    Each finished cell is kept, and each finished round of a long one: the same command goes on where it was stopped.
    --set runs any other cell of the experiment, e.g. --set noise=instance --set clean=0.65; it is kept like the others,
    and the paper's table leaves it out. A picture of what is finished goes to --out as well.
    Small networks leave a GPU waiting; several at once (--jobs 8) share it.
    --all --dry-run says how long everything takes on 1, 8 and 100 GPUs and cores.
    --missing spends --minutes M on the cells that settle most claims without a verdict: a night of a CPU, a lease of a
    GPU. What is cut when the time is up goes on another time.
    """
    how = {"device": device, "data_root": data_root, "out": out, "dry_run": dry_run}
    if missing or minutes is not None:
        _check_missing(missing, minutes)
        from itlm_kit.cli.missing import spend

        return spend(minutes, jobs=choice["jobs"], **how)
    from itlm_kit.chapters import experiment_names
    from itlm_kit.cli import reproducing

    if everything:
        _check_everything(name, choice)
    elif name is None:
        return reproducing.list_experiments()
    return reproducing.reproduce(experiment_names() if everything else [name], choice, cluster=cluster, **how)


def _check_everything(name, choice):
    """Raise InputError where --all stands beside a choice of cells."""
    if name is not None or choice["only"] or choice["changes"]:
        raise InputError("--all must stand without NAME, --only and --set, which choose among the cells. Leave it out.")


def _check_missing(missing, minutes):
    """Raise InputError where --missing stands without --minutes, the other way round, or beside a choice of cells."""
    context = click.get_current_context()
    choice = {"name", "everything", "profile", "seeds", "only", "changes", "cluster"}
    chosen = [one for one in context.command.params if one.name in choice and _is_given(context, one.name)]
    given = [one.human_readable_name if isinstance(one, click.Argument) else one.opts[0] for one in chosen]
    if not missing:
        raise InputError("--minutes must come with --missing, whose work it limits; got it alone. Add --missing.")
    if minutes is None or not math.isfinite(minutes):
        raise InputError(f"--missing must come with a number of minutes; got {minutes}. Say --minutes 60, for an hour.")
    if given:
        raise InputError(f"--missing must choose the cells itself; got {', '.join(given)} beside it. Leave that out.")


def _is_given(context, name):
    return context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


@itlm.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of a table.")
@click.option("--count", is_flag=True, help="Only the verdicts counted by chapter, in Markdown.")
@click.option("--headlines", "as_headlines", is_flag=True, help="Only a few printed figures, in Markdown.")
@_results
def claims(as_json, count, as_headlines, results):
    """List the paper's claims: where each is checked, the figure measured, its band, the verdict."""
    from itlm_kit.chapters import counted_verdicts, headlines, ledger
    from itlm_kit.ledger.text import render

    store = _published(results)
    if count:
        return click.echo(counted_verdicts(store))
    if as_headlines:
        return click.echo(headlines(store))
    found = ledger(store)
    click.echo(json.dumps(found.to_dict("records"), indent=1) if as_json else render(found))


@itlm.command()
@_option("--out", metavar="FILE", default="runs/report.html", help="Where the page goes; an earlier one is replaced.")
@_results
def report(out, results):
    """Write one HTML page: every figure and table of the paper, printed beside measured, with verdicts."""
    from itlm_kit.report import write_report

    click.echo(f"report: {write_report(out, _published(results))}")


@itlm.command()
@click.argument("run")
@_option("--out", metavar="DIR", default="runs/book", help="Where the site goes, in html; an earlier one is replaced.")
@_results
def book(run, out, results):
    """Build a site that opens offline from the notebooks that `itlm run --out RUN` executed: `make book` does both."""
    from itlm_kit.book import build
    from itlm_kit.runner import notebooks_folder

    click.echo(f"book: {build(run, out, _published(results), extra=[notebooks_folder() / 'teaching.md'])}")


def _published(folder):
    """The ResultStore of published cells in a folder, the kit's own where none is named."""
    from itlm_kit.experiments.store import published_results
    from itlm_kit.runner import results_folder

    return published_results(folder or results_folder())


@itlm.group()
def results():
    """Result files: what `itlm reproduce` keeps, and what notebooks and claims read."""


@results.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@_option("--into", metavar="DIR", help="Folder of published results.  [default: notebooks/results]")
def gather(folders, into):
    """Merge finished cells of working FOLDERs into one published file per experiment.

    Repeatable. Two different results of one cell are refused. A cell is left out only when its recipe, its settings or
    its experiment are no more; it is named.
    """
    from itlm_kit.chapters import get_experiment
    from itlm_kit.experiments.gathering import gather as merge
    from itlm_kit.runner import results_folder

    for one in merge(folders, into or results_folder(), get_experiment):
        click.echo(f"{one.experiment:<14} {one.cells} cells, {one.new} new")
        for line in one.dropped:
            click.echo(f"{'':<14} left out: {line}")


@itlm.command()
@click.argument("name")
@_option("--port", type=click.IntRange(1, 65535), default=8866, help="Where the page is served.")
@click.option("--no-browser", is_flag=True, help="Only serve the page, do not open it.")
def explore(name, port, no_browser):
    """Open an explorer as a page of its own; Ctrl-C ends it."""
    from itlm_kit.cli.explorer_page import serve

    return serve(name, port=port, browser=not no_browser)


@itlm.command("examine")
@click.argument("path")
@_option("--target", metavar="COLUMN", help="Of a table: the column whose values are doubted.")
@click.option("--out", metavar="DIR", help="New folder for list, page and report.  [default: examined-NAME]")
@_option("--copy-kept", metavar="DIR", help="New folder for a copy of all that is kept.")
@click.option("--alpha", type=click.FloatRange(0, 1, min_open=True), help="Share to keep.  [default: it is chosen]")
@click.option("--by-class", is_flag=True, help="Keep that share of each class, so that a rare one does not die out.")
@click.option("--skip-broken", is_flag=True, help="Go on without pictures that cannot be read.")
@_device
@_option("--seed", type=click.IntRange(min=0), default=0, help="Of the models that judge.")
def examine_data(path, by_class, **choice):
    """Find bad samples in your own data: a folder of pictures with a sub-folder per class, or a table as CSV.

    PATH is only read. What is found goes to a new folder: a list, a page to look at, a report.
    """
    from itlm_kit.cli.examining import examine_path

    examine_path(path, groups="class" if by_class else None, **choice)


@itlm.group()
def data():
    """Data sets: what is there, whether it is whole; downloads only on request."""


@data.command("list")
@_data_root
def list_data(data_root):
    """List all data sets, where they lie and what to do for those that are missing."""
    from itlm_kit.data import listing

    for line in listing(data_root):
        size = f", {line['size'] / 1e6:.0f} MB" if line["size"] else ""
        click.echo(f"{line['name']:<14} {line['state']:<8} {line['what']}; {line['where']}{size}")
        if line["remedy"]:
            click.echo(f"{'':<23} {line['remedy']}")


@data.command("check")
@click.argument("name")
@_data_root
def check_data(name, data_root):
    """Check the files of a data set against their published checksums."""
    from itlm_kit.data import check

    _tell_checked(check(name, data_root))


@data.command("download")
@click.argument("name")
@_data_root
def download_data(name, data_root):
    """Download a data set into the data root, unless it is there."""
    from itlm_kit.data import download

    _tell_checked(download(name, data_root))


def _tell_checked(line):
    click.echo(f"{line['name']}: {line['state']}, {line['where']}")
    for file, md5 in line["files"].items():
        click.echo(f"  {file}  md5 {md5}")


@itlm.command()
@_data_root
def doctor(data_root):
    """Say what is here (versions, device, memory, data), what is missing, and the command that mends it."""
    from itlm_kit.cli.doctor import examine

    findings = examine(data_root)
    for finding in findings:
        click.echo(f"{'!' if finding.missing else ' '} {finding.name:<19} {finding.found}")
        if finding.remedy:
            click.echo(f"{'':<21} -> {finding.remedy}")
    return 1 if any(finding.missing for finding in findings) else 0
