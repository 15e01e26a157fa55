"""What the terminal shows while long work goes on; where it is no terminal, only the lines that stay."""

from contextlib import closing

import click

MOST_WORDS = 600  # characters of an error: half a screen
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


def watch_run(run):
    """Execute a runner.Run under a progress bar, tell how each notebook fared; return the exit code."""
    for path in run.done:
        click.echo(f"kept    {path.stem}, it passed before")
    try:
        failed = _execute(run)
    except KeyboardInterrupt:
        click.echo(f"stopped; what is done is in {run.out}. The same command with --out {run.out} --resume goes on.")
        return INTERRUPTED
    count = len(run.done) + len(run.todo)
    click.echo(f"{count - len(failed)} of {count} passed; {run.out / 'index.html'} shows them")
    for entry in failed:
        click.echo(f"failed: {entry['name']}, {told(entry['failure'])}")
    return 1 if failed else 0


def _execute(run):
    # Returns the entries that failed.
    left, failed = run.count_cells(), []
    bar = _bar(total=sum(left.values()), unit="cell", desc=f"0/{len(left)} notebooks")

    def on_cell(name):
        left[name] -= 1
        bar.update()

    with bar, closing(run.entries(on_cell)) as entries:
        for done, entry in enumerate(entries, 1):
            bar.write(_line(entry))
            bar.set_description_str(f"{done}/{len(left)} notebooks", refresh=False)
            bar.update(left[entry["name"]])  # cells that a failed notebook never reached
            failed += [entry] if entry["verdict"] == "failed" else []
    return failed


def _line(entry):
    late = entry["budget_seconds"] is not None and entry["seconds"] > entry["budget_seconds"]
    notes = [f"over {entry['budget_seconds']} s"] if late else []
    notes += [_place(entry["failure"])] if entry["failure"] else []
    figures = f"{entry['seconds']:6.1f} s {entry['above_baseline_mb']:5.0f} MB above torch"
    return ", ".join([f"{entry['verdict']}  {entry['name']:<22} {figures}", *notes])


def told(failure):
    """A notebook's failure on one line, of at most MOST_WORDS characters of its error."""
    error = " ".join(click.unstyle(failure["error"]).split())
    cut = error if len(error) <= MOST_WORDS else f"{error[:MOST_WORDS]} ... (the page has all of it)"
    return f"{_place(failure)}: {cut}"


def _place(failure):
    return f"cell {failure['cell']}, {failure['kind']}" if failure["cell"] else failure["kind"]


def watch_cells(cells, results):
    """Yield the `results` of these cells under a progress bar with the time left."""
    expected = {cell.key: cell.seconds for cell in cells}
    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
    first = f"0/{len(cells)} cells"
    with _bar(total=sum(expected.values()), desc=first, bar_format=form) as bar, closing(results):
        for done, result in enumerate(results, 1):
            bar.set_description_str(f"{done}/{len(cells)} cells", refresh=False)
            bar.update(expected[result.key])
            yield result


def _bar(**options):
    from tqdm import tqdm  # here, since commands that show no bar do without

    return tqdm(disable=None, dynamic_ncols=True, smoothing=0.1, **options)  # None: no bar where there is no terminal
