"""Known delays and known differences: what the numbers and the verdicts make of them."""

import unittest

from coldload_cli import CliTest, hasty


class InjectedDelay(CliTest):
    def test_a_delay_of_one_second_is_reported_within_a_percent(self):
        text = ('[model]\npath = ""\n[backend.null]\nsize = "1 MiB"\nlatency = "1 s"\n[strategy.sequential]\n' +
                hasty(5))
        _, document = self.run_scenario(text)
        runs = [entry for entry in document["runs"] if entry["repetition"] > 0]
        self.assertEqual(len(runs), 5)
        for entry in runs:
            self.assertGreaterEqual(entry["load_ns"], 1_000_000_000)
        # Of the shortest: others may wait for a busy processor, and a clock that is wrong is wrong in all.
        self.assertLess(min(entry["load_ns"] for entry in runs), 1_010_000_000)


class Verdicts(CliTest):
    def verdict(self, finished, case):
        """What the table says of a case against the baseline."""
        return next(line for line in finished.out.splitlines() if line.startswith(case))

    def compare(self, axes):
        """Twenty runs each of what sleeps rather than computes: a busy machine hardly shows in it."""
        text = '[model]\npath = ""\n' + axes + hasty(20, 'verify = "off"\nquiet = false')
        finished, document = self.run_scenario(text)
        self.assertEqual(len(document["runs"]), 40)
        return finished

    def test_one_strategy_under_two_names_shows_no_difference(self):
        finished = self.compare('[backend.null]\nsize = "1 MB"\nlatency = "200 ms"\n'
                                '[strategy.one]\nplugin = "sequential"\n[strategy.other]\nplugin = "sequential"\n'
                                '[[compare]]\nbaseline = "null/one/*"\n')
        self.assertIn("no difference shown", self.verdict(finished, "null/other/"))
        self.assertIn("baseline", self.verdict(finished, "null/one/"))

    def test_a_tenth_slower_is_called_slower(self):
        finished = self.compare('[backend.base]\nplugin = "null"\nsize = "1 MB"\nlatency = "200 ms"\n'
                                '[backend.slow]\nplugin = "null"\nsize = "1 MB"\nlatency = "220 ms"\n'
                                '[strategy.sequential]\n[[compare]]\nbaseline = "base/*"\n')
        self.assertIn("slower", self.verdict(finished, "slow/sequential/"))
        self.assertIn("baseline", self.verdict(finished, "base/sequential/"))

    def test_three_runs_rank_nothing(self):
        text = ('[model]\npath = ""\n[backend.base]\nplugin = "null"\nsize = "1 MB"\n[backend.slow]\n'
                'plugin = "null"\nsize = "1 MB"\nlatency = "200 ms"\n[strategy.sequential]\n[[compare]]\n'
                'baseline = "base/*"\n' + hasty(3))
        finished, _ = self.run_scenario(text)
        self.assertIn("too few runs", self.verdict(finished, "slow/sequential/"))
        self.assertNotIn("slower", finished.out)


if __name__ == "__main__":
    unittest.main()
