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
    "1.3": "return 1 / classes, 1 / 2",
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
theta, before = np.linalg.lstsq(x, y, rcond=None)[0], None
while True:
    kept = np.sort(np.argsort((y - x @ theta) ** 2)[:k])
    if before is not None and (kept == before).all():
        return theta
    theta, before = np.linalg.lstsq(x[kept], y[kept], rcond=None)[0], kept""",
    "3.2": "return (errors[-1] / errors[0]) ** (1 / (len(errors) - 1))",
    "3.3": """\
y = x @ theta
worst = np.argsort(np.abs(x @ v))[-m:]
y[worst] += x[worst] @ v
return y""",
    "3.4": """\
from scipy.stats import norm

z = norm.ppf((1 + q) / 2)
return 2 * z * norm.pdf(z) / q""",
    "3a.1": """\
r = np.abs(y - x @ theta)
near = r <= 2.5 * 1.4826 * np.median(r)
return np.linalg.lstsq(x[near], y[near], rcond=None)[0]""",
    "3a.2": "return np.sqrt((n2 * e2**2 - n1 * e1**2) / (n2 - n1))",
    "3a.3": "return (R**2 * o - c) / b**2",
    "4.1": """\
u = x[kept] @ theta
w, slope = np.where(u < 0, u, 1.2 * u), np.where(u < 0, 1, 1.2)
return theta - eta * np.mean(((w - y[kept]) * slope)[:, None] * x[kept], axis=0)""",
    "4.2": """\
slopes = np.diff(v) / np.diff(u)
return slopes.min(), slopes.max()""",
    "4.3": """\
slowest = np.linalg.eigvalsh(x.T @ x / len(x))[0]
return int(np.ceil(np.log(share) / np.log(1 - eta * slowest)))""",
    "5.1": """\
kept = np.ones(n, dtype=bool)
for _ in range(rounds + 1):
    smallest = np.argsort(losses(fit(kept)), kind="stable")[:k]
    kept = np.isin(np.arange(n), smallest)
return kept""",
    "5.3": """\
w = (1 - accuracy) / (classes - 1)
return (alpha - w) / (accuracy - w)""",
    "5.2": "return int(np.floor((clean - margin) * n + 1e-9))",
    "7.1": """\
x, y = images.copy(), labels.copy()
chosen = np.flatnonzero(labels == source)[:m]
for down, right in [(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]:
    x[chosen, row + down, column + right] = 255
y[chosen] = target
return x, y""",
    "7.2": "return np.mean(called[truth == source] == target)",
    "7.3": """\
lacking = (largest - within) / distance**2
if lacking <= 0:
    return 0
return (1 - np.sqrt(1 - 4 * lacking)) / 2 if lacking <= 1 / 4 else np.inf""",
    "6.1": "return -np.logaddexp(0, -f).mean() - np.logaddexp(0, g).mean()",
    "6.3": "return tau / (tau + w), (1 - tau) / (1 - tau + 1 - w)",
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
