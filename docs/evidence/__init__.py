"""What was found beside what others found: the tables of docs/evidence.md and of the README, made by ``./run evidence``.

Each module gives rows; ``__main__`` writes them. The numbers go through guard, masks and ledger; what they are compared with
is fitted afterwards by another library, certified by an institute, or published.
"""

__all__: list[str] = []
