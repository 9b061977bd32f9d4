"""Numbers and judgement: sample, evaluate, difference, compare, decide, report."""
