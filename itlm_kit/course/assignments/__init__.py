"""Problem sets: written in nbgrader's format, released, handed in, graded without its server or database.

A test passes when it runs to its end, as with nbgrader; what a submission prints counts for nothing.

Prevented: changed, deleted, copied or moved cells (tests come from the source, in its order); endless loops; more
memory than allowed; ending Python (what was earned before is kept); functions of Python and NumPy replaced by others
(no test passes then). On Linux with user namespaces also: the network, other processes, the source, the other
submissions, and writing to the grader's files. Where that cannot be, `itlm assignment grade` says so.

Where a problem set asks for data rather than code, its judges run in a process of their own, which gets the data
(NumPy's .npz files) and none of the submission's code: cells with the tag `judge`. `leaderboard` in the notebook's
metadata maps measures to expressions that are computed there.

Not prevented: any other test and the code that it tests share one process, as with nbgrader, so code written for the
purpose can read the test that calls it, or pretend to have passed it. Processes started by the hundred are ended by
the time limit alone. The kit's own problem sets are public, solutions included: keep a changed copy in a folder of your
own, and name it with `--source`.

nbgrader differs in four things: it runs judges in the submission's process; it gives no points for a test that writes
to stderr, as a warning does; it takes a number that a test ends with for its points; and it runs moved cells where they
lie.
"""

from itlm_kit.extras import needs

needs("nbformat", "jupyter_client", "ipykernel", "psutil", "jinja2")

from itlm_kit.course.assignments.releasing import release, solve
from itlm_kit.course.assignments.sources import read_assignment
from itlm_kit.course.assignments.watching import watch_grading

__all__ = ["read_assignment", "release", "solve", "watch_grading"]
