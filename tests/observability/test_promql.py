"""What the other tests read out of queries."""

from tests.observability.promql import grouped, selected

QUERY = """
histogram_quantile(0.95, sum by (le, job) (rate(a_seconds_bucket{job="x or y", le=~"1|1.0"}[$__rate_interval])))
  > 0.1 * max_over_time(b[1h]) unless on (job) cairn:c:rate5m - time() < 14 * 86400
"""


def test_series_are_found_with_the_labels_that_choose_them() -> None:
    assert dict(selected(QUERY)) == {"a_seconds_bucket": {"job", "le"}, "b": set(), "cairn:c:rate5m": set()}


def test_labels_that_group_are_found() -> None:
    assert grouped(QUERY) == {"le", "job"}
