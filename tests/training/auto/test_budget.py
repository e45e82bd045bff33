import pytest

from kerasrec.training.auto.budget import Budget


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_what_is_left_keeps_the_end_free(clock):
    budget = Budget(900, clock)
    # 2 % of 900, and 45 for the export.
    assert budget.reserve == 63 and budget.left() == 837
    clock.now += 400
    assert budget.spent() == 400 and budget.left() == 437
    budget.expect_test(30)
    budget.expect_test(20)  # the largest counts
    assert budget.reserve == 93 and budget.left() == 407
    clock.now += 800
    assert budget.left() == 0


def test_the_end_keeps_no_more_than_three_tenths(clock):
    budget = Budget(100, clock)
    budget.expect_test(1000)
    assert budget.reserve == 30


def test_shares_hand_on_what_is_not_used(clock):
    budget = Budget(100, clock)  # 2 are kept, too short for an export, and 10 for blends
    assert budget.share(1, [3, 4]) == 11
    assert budget.share(2, [4]) == pytest.approx(88 / 3)
    clock.now += 48
    assert budget.share(4, []) == 40
    clock.now += 45
    assert budget.left() == 5 and budget.share(4, []) == 0


def test_an_export_is_begun_where_it_ends_at_most_a_tenth_late(clock):
    budget = Budget(100, clock, started=90.0)
    clock.now = 90 + 65
    assert budget.allows_export()
    clock.now = 90 + 66
    assert not budget.allows_export()


def test_time_for_a_fit_on_all_rows_is_kept_unless_it_takes_most(clock):
    budget = Budget(1000, clock)
    assert budget.reserve == 65
    budget.expect_refit(300)
    assert budget.reserve == 365 and budget.left() == 635
    budget.expect_refit(301)  # above three tenths
    assert budget.reserve == 65
    assert budget.allows_refit(935) and not budget.allows_refit(936)
