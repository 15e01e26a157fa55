"""The process that a submission is run in: first limits that it cannot lift, then IPython's kernel.

`python -m itlm_kit.course.assignments.kernel MB -f CONNECTION_FILE`
"""

import sys

_FILE_MB = 100  # most of one file


def main():
    """Set the limits, note what tests rely on, and become a kernel."""
    _limit(int(sys.argv.pop(1)))
    from ipykernel.kernelapp import launch_new_instance

    import itlm_kit.course.assignments.intact  # noqa: F401  (before the submission's first cell)

    launch_new_instance()


def _limit(megabytes):
    try:
        import resource
    except ImportError:  # Windows has none: the grader's eye on the memory must do
        return
    limits = {resource.RLIMIT_DATA: megabytes, resource.RLIMIT_FSIZE: _FILE_MB, resource.RLIMIT_CORE: 0}
    for kind, limit in limits.items():
        _, most = resource.getrlimit(kind)
        value = limit * 10**6 if most == resource.RLIM_INFINITY else min(limit * 10**6, most)
        resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
