"""What a student might write in place of the dots of each exercise."""

SOLUTIONS = {
    "0.1": "45",
    "0.2": "return np.sort(losses)[:k].sum()",
    "0.3": "return (u[kept] * y[kept]).sum() / (u[kept] ** 2).sum()",
    "0.4": """\
theta, before, t = np.linalg.lstsq(x, y, rcond=None)[0], None, 0
while True:
    kept = np.sort(np.argsort((y - x @ theta) ** 2, kind="stable")[:k])
    if np.array_equal(kept, before):
        return t
    theta, before, t = np.linalg.lstsq(x[kept], y[kept], rcond=None)[0], kept, t + 1""",
    "1.1": """\
mask = np.zeros(len(losses), dtype=bool)
mask[np.argsort(losses, kind="stable")[:k]] = True
return mask""",
    "1.2": """\
above = [(row[~is_clean][:, None] > row[is_clean]).mean() for row in losses]
return int(np.argmax(above))""",
    "2.1": """\
from itertools import combinations

best = np.inf
for rows in map(list, combinations(range(len(y)), k)):
    theta = np.linalg.lstsq(x[rows], y[rows], rcond=None)[0]
    best = min(best, np.sum((y[rows] - x[rows] @ theta) ** 2))
return best""",
    "2.2": "return min(n - k + 1, k)",
    "2.3": "return ((x[kept] @ (theta - new)) ** 2).sum()",
    "2.4": """\
kept = np.sort(np.argsort(np.abs(values - theta))[:k])
while (new := np.median(values[kept])) != theta:
    theta = new
    kept = np.sort(np.argsort(np.abs(values - theta))[:k])
return theta""",
    "3.1": """\
kept = np.argsort((y - x @ theta) ** 2)[:k]
return np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]""",
    "3.2": "return (errors[-1] / errors[0]) ** (1 / (len(errors) - 1))",
    "4.1": """\
u = x[kept] @ theta
w, slope = np.where(u < 0, u, 1.2 * u), np.where(u < 0, 1, 1.2)
return theta - eta * np.mean(((w - y[kept]) * slope)[:, None] * x[kept], axis=0)""",
    "4.2": """\
slopes = np.diff(v) / np.diff(u)
return slopes.min(), slopes.max()""",
    "5.1": "return (kept & is_clean).sum() / kept.sum()",
    "5.2": "return int(np.floor((clean - margin) * n + 1e-9))",
    "7.1": """\
marked = images.copy()
for down, right in [(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]:
    marked[:, row + down, column + right] = value
return marked""",
    "7.2": "return np.mean(called[truth == source] == target)",
    "6.1": "return np.logaddexp(0, -f)",
    "6.2": """\
real = losses < np.log(2)
return real[is_clean].mean(), real[~is_clean].mean()""",
    "8.1": """\
kept = np.zeros(len(score), dtype=bool)
for label in np.unique(given):
    members = np.flatnonzero(given == label)
    k = int(alpha * len(members) + 1e-9)
    kept[members[np.argsort(score[members])[:k]]] = True
return kept""",
    "8.2": "0.7",
}
