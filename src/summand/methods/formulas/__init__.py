"""What a formula says: text to a closed tree, the tree and a dictionary to a design, the left side to an outcome.

Promise: a formula is parsed and never evaluated; every site builds the same columns from it, whichever levels its own
patients have, and every entry of a design lies in [-1, 1].
"""

__all__: list[str] = []
