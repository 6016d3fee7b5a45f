"""One ACO's performance year as a document."""

from __future__ import annotations

from summand.documents import Document, Sheet
from summand.sharing.reports._money import amount
from summand.sharing.shared_savings import MemberPart, Review


def shared_savings_document(review: Review, members: tuple[MemberPart, ...] = (), *, source: str = "") -> Document:
    """The steps from benchmark to payment, what was published, and the members' parts.

    Args:
        review: As `summand.sharing.shared_savings.review` gives it.
        members: Their parts of the payment.
        source: The file it was read from, with its SHA-256.
    """
    year, out, published = review.published.year, review.outcome, "publisher's file"
    steps = [
        ("updated benchmark", amount(year.benchmark_cents), published),
        ("spending", amount(year.spending_cents), published),
        ("benchmark less spending", amount(out.savings_cents), published),
        (f"minimum, {float(out.minimum_rate):.2%} of the benchmark", amount(out.minimum_cents), "42 CFR 425.605(b)"),
    ]
    if out.final_rate is not None and out.limit_cents is not None:
        what = "earned after sequestration" if out.savings_cents > 0 else "owed before the limit"
        law = "42 CFR 425.605, 425.610"
        steps += [
            (f"{what}, at {float(out.final_rate):.2%}", amount(out.before_limits_cents), law),
            ("limit" if out.limit_is_known else "limit, without participants' revenue", amount(out.limit_cents), law),
            ("relief for extreme circumstances", amount(out.disaster_cents), published),
        ]
    steps += [
        ("payment", amount(out.payment_cents), "the steps above"),
        ("payment as published", amount(review.published.payment_cents), published),
    ]
    parts = tuple((part.member, amount(part.cents), part.standing, "the payment above") for part in members)
    return Document(
        f"Medicare Shared Savings: {review.published.name}",
        (
            f"{review.published.aco_id}, track {year.track}, {year.beneficiary_count:,} assigned beneficiaries; quality "
            f"standard: {year.quality}. The year is: {out.kind}. Compared with what was published: {review.verdict}. "
            "Amounts in US dollars.",
        ),
        (
            Sheet("Settlement", ("step", "amount", "source"), tuple(steps), ("amount",)),
            Sheet("Members", ("member", "amount", "standing", "source"), parts, ("amount",)),
        ),
        (source,) if source else (),
    )  # fmt: skip
