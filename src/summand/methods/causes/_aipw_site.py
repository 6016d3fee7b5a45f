"""What a site of a doubly robust comparison adds up over its rows, and what of it the site keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._newton import upper
from summand.methods._protocol import Layout, Local
from summand.methods.causes import _stacked
from summand.methods.causes._aipw_layout import aipw_layout
from summand.methods.causes._aipw_rows import AipwState, Rows
from summand.methods.causes._aipw_settings import AipwSettings
from summand.methods.models._logistic import CHUNK_ROWS
from summand.tables import Array, Batch


@dataclass(frozen=True)
class AipwAtSite(AipwSettings):
    """A doubly robust comparison as a site runs it."""

    def layout(self, state: AipwState) -> Layout:
        """Both fits; then corrected predictions by arm; then squared influences."""
        return aipw_layout(self, state)

    def tally(self, batch: Batch, state: AipwState, local: Local) -> Array:
        """The sums of one batch of complete rows; intercepts of the site's own stand before s and p."""
        if state.phase == "score":
            return self.score.tally(batch, state.score, local)
        if state.phase == "model":
            return self.model.tally(batch, state.model, _of("model", local))
        own = self._owns(state, local)
        errors = state.phase == "errors"
        s, p = len(self.score) + self.is_fixed, len(self.model) + self.is_fixed
        size = 5 + 2 * self.model.is_binary + 2 * (s + p) + s * (s + 1) // 2 + p * (p + 1) // 2
        sums = np.zeros(3 if errors else size)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = Rows.of(batch.part(slice(first, min(first + CHUNK_ROWS, batch.rows))), self, state, own)
            sums += self._influences(rows, state, own, local) if errors else self._predicted(rows)
        return sums

    def _owns(self, state: AipwState, local: Local) -> tuple[Array | None, Array | None]:
        """The site's own intercepts of score and model; see `Regressed.own`."""
        if not self.is_fixed:
            return np.zeros(0), np.zeros(0)
        if state.phase == "means":
            return (
                self.score.own(state.score, _of("score", local)),
                self.model.own(state.model, _of("model", local)),
            )
        kept = [_of(which, local) for which in ("score", "model")]
        owns = [np.asarray(one["own"]) if float(np.asarray(one["known"])[0]) > 0.0 else None for one in kept]
        return owns[0], owns[1]

    def _predicted(self, rows: Rows) -> Array:
        """One block of rows in the phase ``means``."""
        counts = [rows.arms.sum(axis=1)]
        if self.model.is_binary:
            counts.append(rows.arms @ rows.y)
        counts.append(np.array([float(rows.is_cut.sum())]))
        missed = rows.arms * (rows.y - rows.means)
        predictions = (rows.corrected * rows.inside).sum(axis=1)
        along_score = (missed * rows.slope) @ rows.z.T
        shares = rows.inside - rows.arms * rows.weight
        along_model = np.stack([d @ share for d, share in zip(rows.derivatives, shares, strict=True)])
        return np.concatenate(
            (*counts, predictions, along_score.ravel(), upper((rows.z * rows.score_weight) @ rows.z.T),
             along_model.ravel(), upper((rows.x * rows.model_weight) @ rows.x.T))
        )  # fmt: skip

    def _influences(self, rows: Rows, state: AipwState, own: tuple[Array | None, Array | None], local: Local) -> Array:
        """Squares and product of the two means' influences over one block of rows, shape (3,)."""
        by_score, by_model = state.by_score, state.by_model
        if self.is_fixed:
            by_score, by_model = (
                np.column_stack((_stacked.own_corrections(h, np.eye(2), _of(which, local)), h))
                for h, which in ((by_score, "score"), (by_model, "model"))
            )
        influence = (rows.corrected - state.means[:, None]) * rows.inside
        if own[0] is not None:
            influence = influence + (by_score @ rows.z) * rows.score_residual
        if own[1] is not None:
            influence = influence + (by_model @ rows.x) * rows.model_residual
        return upper(influence @ influence.T)

    def condense(self, partial: Array, state: AipwState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercepts are eliminated. Two memories share the local."""
        if state.phase == "score":
            return self.score.condense(partial, state.score, local)
        if state.phase == "model":
            scores = _of("score", local) if any(name.startswith("score.") for name in local) else local
            summand, kept = self.model.condense(partial, state.model, _of("model", local))
            return summand, {**_named("score", scores), **_named("model", kept)}
        if not self.is_fixed:
            return partial, {}
        if state.phase == "errors":
            return partial, local
        owns = self._owns(state, local)
        p = len(self.model) + 1
        head, derivatives, information = _stacked.cut_tail(partial, 2, p)
        model, model_information, model_kept = _stacked.eliminated(derivatives, information)
        head, derivatives, information = _stacked.cut_tail(head, 2, len(self.score) + 1)
        score, score_information, score_kept = _stacked.eliminated(derivatives, information)
        memories = (
            {**kept, "own": np.zeros(1) if own is None else own, "known": np.array([float(own is not None)])}
            for kept, own in zip((score_kept, model_kept), owns, strict=True)
        )
        summand = _stacked.joined(_stacked.joined(head, score, score_information), model, model_information)
        return summand, {**_named("score", next(memories)), **_named("model", next(memories))}


def _named(which: str, local: Local) -> dict[str, Array]:
    return {f"{which}.{name}": np.asarray(values, dtype=np.float64) for name, values in local.items()}


def _of(which: str, local: Local) -> dict[str, Array]:
    start = f"{which}."
    found = {name: values for name, values in local.items() if name.startswith(start)}
    return {name.removeprefix(start): np.asarray(values, dtype=np.float64) for name, values in found.items()}
