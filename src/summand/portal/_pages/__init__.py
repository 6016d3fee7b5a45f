"""The pages, each subject in one module; `ROUTES` lists all of them with what each needs."""

from summand.portal._pages import (
    _access,
    _accounts,
    _ask,
    _decisions,
    _desk,
    _directory,
    _draft,
    _home,
    _ledger,
    _map,
    _money,
    _outcomes,
    _partnership,
    _public,
    _sign_in,
    _study,
)

ROUTES = (
    *_sign_in.ROUTES,
    *_home.ROUTES,
    *_partnership.ROUTES,
    *_study.ROUTES,
    *_ask.ROUTES,
    *_draft.ROUTES,
    *_desk.ROUTES,
    *_decisions.ROUTES,
    *_outcomes.ROUTES,
    *_money.ROUTES,
    *_map.ROUTES,
    *_directory.ROUTES,
    *_public.ROUTES,
    *_ledger.ROUTES,
    *_access.ROUTES,
    *_accounts.ROUTES,
)

__all__ = ["ROUTES"]
