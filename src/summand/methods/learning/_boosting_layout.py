"""What leaves a site while trees grow, and the most that one row may add to it."""

from __future__ import annotations

from summand.methods._protocol import Block, Layout
from summand.methods.learning import _boosting_bins as bins_of
from summand.methods.learning import _boosting_result as told
from summand.methods.learning._boosting_columns import BoostingColumns
from summand.methods.learning._boosting_state import BINS, SCORE, BoostingState, wanted


def boosting_layout(method: BoostingColumns, state: BoostingState) -> Layout:
    """Counts for the bins; then histograms of the nodes of a level; at last cases and controls by margin."""
    if state.phase == BINS:
        return _bins_layout(method, state)
    if state.phase == SCORE:
        size = told.score_keys(state, method.placed.limits).count
        names = ("cases", "controls", "held-out cases", "held-out controls")
        kept = names if state.held_out else names[:2]
        return tuple(Block(name, "1", size, 1.0, f"how the model ranks {name}") for name in kept)
    loss, grain, blocks = method.loss_function, method.grain.bits, []
    if not state.tree:
        blocks.append(Block("losses", "1", 2, loss.loss_bound, "how far predictions are off so far", grain))
    nodes = wanted(state.active)
    if nodes:
        size = len(nodes) * method.binning(state.cuts).total * 3
        reveals = "by node and bin of every column, summed gradients, curvatures and people"
        blocks.append(Block("histograms", "1", size, loss.gradient_bound, reveals, grain))
    return tuple(blocks)


def _bins_layout(method: BoostingColumns, state: BoostingState) -> Layout:
    if state.round == 0:
        blocks = [
            Block("rows", "1", 2, 1.0, "how many people teach the trees, and how many are held out"),
            Block("outcome sums", "1", 2, 1.0 + 2.0**-40, "the mean outcome of both"),
        ]
        return (*blocks, *(b for f in method.features for b in f.first_blocks(method.placed.limits)))
    return tuple(
        Block(f"{feature.column.name}: bins {k + 1}", "1", window.bins, 1.0, "where many people lie, finely", 0)
        for place, feature in enumerate(method.features)
        for k, window in enumerate(bins_of.windows(state.order, place))
    )
