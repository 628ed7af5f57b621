"""Whose consultations are to be observed next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.quality.sampling import Held, SamplingRule, rate_twice, sampling, share

RULE = SamplingRule(observed_percent=20, double_percent=10, early_days=42)
COUNTS = st.builds(
    lambda provider, stratum, held, share: Held(provider, stratum, held, round(held * share), 0),
    st.sampled_from("abc"),
    st.sampled_from(["early", "late"]),
    st.integers(0, 50),
    st.floats(0, 1),
)


def test_furthest_behind_comes_first() -> None:
    found = sampling(RULE, [Held("a", "early", 5, 1, 0), Held("b", "late", 20, 0, 0)])
    assert [(due.provider, due.observe_next) for due in found] == [("b", True), ("a", True)]
    [enough] = sampling(RULE, [Held("a", "early", 4, 1, 0)])
    assert not enough.observe_next


@given(st.lists(COUNTS))
def test_whoever_follows_it_reaches_the_share(counts: list[Held]) -> None:
    for due in sampling(RULE, counts):
        observed = due.observed + due.observe_next
        assert not due.observe_next or 100 * due.observed < 20 * (due.held + 1)
        assert due.observe_next or 100 * observed >= 20 * (due.held + 1)


def test_one_in_ten_is_rated_twice() -> None:
    assert rate_twice(RULE, [])
    assert not rate_twice(RULE, [Held("a", "early", 20, 9, 1)])
    assert rate_twice(RULE, [Held("a", "early", 20, 10, 1)])


def test_a_share_of_nothing_has_no_value() -> None:
    assert share(0, 0) is None
    assert share(1, 3) is not None
