# SPDX-License-Identifier: GPL-2.0-only
"""The record of a benchmark run, and what may be said of it: medians, paired ratios, intervals."""
import collections
import random
import statistics

RESAMPLES = 10000


class Samples:
    """Lines of MEASURE, PATH, ROUND, VALUE; values of one round belong together."""

    def __init__(self, path):
        self.values = collections.defaultdict(dict)
        with open(path, encoding="ascii") as lines:
            for line in lines:
                measure, name, number, value = line.rstrip("\n").split("\t")
                self.values[measure, name][int(number)] = float(value)

    def has(self, measure, name):
        return (measure, name) in self.values

    def names(self, measure):
        return [name for kind, name in self.values if kind == measure]

    def median(self, measure, name):
        return statistics.median(self.values[measure, name].values())

    def share(self, measure, name, percent):
        """The least value that so many per cent of all do not exceed; 100: the greatest."""
        values = sorted(self.values[measure, name].values())
        return values[max(-(-len(values) * percent // 100), 1) - 1]

    def spread(self, measure, name):
        """First and third quartile."""
        return quartiles(list(self.values[measure, name].values()))

    def ratio(self, measure, name, reference):
        """Median of the rounds' ratios, and the interval that holds it with 95 %: a dict."""
        ours, theirs = self.values[measure, name], self.values[measure, reference]
        ratios = [ours[number] / theirs[number] for number in sorted(ours) if theirs.get(number)]
        low, high = bootstrap(ratios)
        return {"ratio": statistics.median(ratios), "low": low, "high": high, "rounds": len(ratios)}


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def bootstrap(values):
    """95 % interval of the median, by resampling; the same every time."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[RESAMPLES * 25 // 1000], medians[RESAMPLES * 975 // 1000 - 1]
