"""Who may see what: sign-in, sessions, tokens, and every page for every role of every organisation."""

from __future__ import annotations

import re

import pytest

from summand.portal import RIGHTS, ROLES, Right
from summand.portal._visit import Open, Route
from summand.testing.portals import PASSWORD, World, ask, make_world, text_of, token_in


@pytest.fixture(scope="module")
def world() -> World:
    """A hub after one released and one refused study, with people of every role."""
    return make_world()


def address(world: World, route: Route) -> str:
    """The route's address, about something that is there."""
    given = {
        "key": world.key, "digest": world.partnership.agreement.hash, "study": world.released, "leaf": "4",
        "secret": "none", "method": "linear", "motion": world.motion, "draft": world.draft, "organisation": "seeker",
    }  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda found: given.get(found[1], "none"), route.path)


def test_every_page_answers_every_role_as_its_right_says(world: World) -> None:
    """The whole matrix: 403 without the right, never 403 or an error of ours with it; elsewhere's people find nothing."""
    routes = [route for route in world.portal.routes if route.method == "GET" and not route.path.endswith("/events")]
    for role in ROLES:
        for organisation in ("north", "elsewhere"):
            login = f"{role.replace('_', '-')}.{organisation}"
            answers = ask(world, *(("GET", address(world, route)) for route in routes), login=login)
            for route, answer in zip(routes, answers, strict=True):
                allowed = isinstance(route.needs, Open) or route.needs in RIGHTS[role]
                where = (login, route.path, answer.status)
                assert (answer.status == 403) == (not allowed), where
                assert answer.status < 500, where
                if (
                    allowed
                    and route.needs is not Open.ANYONE
                    and organisation == "elsewhere"
                    and re.search("{(key|study|draft)}", route.path)
                ):
                    assert answer.status == 404, where


def test_every_form_is_refused_without_right_session_or_token(world: World) -> None:
    """No POST counts without the session's own token, whatever else it brings."""
    routes = [route for route in world.portal.routes if route.method == "POST"]
    assert routes
    for route in routes:
        path = address(world, route)
        (bare,) = ask(world, ("POST", path, {"login": "x"}))
        assert bare.status == 403, route.path
        for role in ROLES:
            (forged,) = ask(world, ("POST", path, {"csrf": "guess"}), login=f"{role.replace('_', '-')}.north")
            assert forged.status == 403, (role, route.path)


def test_a_token_of_one_session_does_not_count_in_another(world: World) -> None:
    """The token stands for one session."""
    (page,) = ask(world, ("GET", "/account"), login="analyst.north")
    token = token_in(page)
    form = {"csrf": token, "old": PASSWORD, "password": "another fine password", "again": "another fine password"}
    (other,) = ask(world, ("POST", "/account", form), login="auditor.north")
    assert other.status == 403


def test_a_form_from_another_site_is_refused_even_with_its_token(world: World) -> None:
    """Browsers say where a request comes from; elsewhere is not here."""
    import asyncio

    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer

    async def go() -> int:
        app = web.Application()
        world.portal.add_to(app)
        app.on_cleanup.clear()
        headers = {"Cookie": f"__Host-summand={world.session('admin.north')}", "Sec-Fetch-Site": "cross-site"}
        async with TestClient(TestServer(app)) as client:
            page = await (await client.get("/portal/people", headers=headers)).text()
            token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
            answer = await client.post("/portal/sign-out", data={"csrf": token}, headers=headers)
            return answer.status

    assert asyncio.run(go()) == 403


def sign_in(world: World, login: str, password: str, **more: str):  # type: ignore[no-untyped-def]
    """The answer to the sign-in form."""
    (page,) = ask(world, ("GET", "/sign-in"))
    token = token_in(page)
    assert f"__Host-summand-form={token}" in page.headers["Set-Cookie"]
    form = {"csrf": token, "login": login, "password": password, **more}
    (answer,) = ask(world, ("POST", "/sign-in", form), cookies=f"__Host-summand-form={token}")
    return answer


def test_signing_in_gives_a_cookie_for_this_host_alone(world: World) -> None:
    """Secure, out of scripts' reach, sent from our own pages only; and it opens the pages."""
    answer = sign_in(world, "Analyst.North", PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 303 and answer.headers["Location"] == "/portal/"
    assert cookie.startswith("__Host-summand=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"))
    (home,) = ask(world, ("GET", "/"), cookies=cookie.split(";")[0])
    assert home.status == 200 and "What needs you today" in text_of(home)


def test_a_wrong_password_and_a_wrong_name_read_the_same(world: World) -> None:
    """Nobody learns which names there are; nothing that was typed as a password comes back."""
    wrong, nobody = sign_in(world, "analyst.south", "wrong wrong wrong"), sign_in(world, "nobody", "wrong wrong wrong")
    assert wrong.status == nobody.status == 401
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", text_of(wrong)) == strip.sub("", text_of(nobody))
    assert "wrong wrong" not in text_of(wrong)


def test_after_eight_wrong_passwords_the_right_one_waits() -> None:
    """The limit is on the name, and says what to do."""
    world = make_world()
    for _ in range(8):
        assert sign_in(world, "finance.south", "wrong wrong wrong").status == 401
    late = sign_in(world, "finance.south", PASSWORD)
    assert late.status == 429 and "Wait some minutes" in text_of(late)


@pytest.mark.parametrize(
    "wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_our_own_pages_only(world: World, wanted: str) -> None:
    """An address that somebody put into a link is not followed."""
    answer = sign_in(world, "auditor.south", PASSWORD, next=wanted)
    assert answer.headers["Location"] == "/portal/"


def test_a_page_asked_for_before_signing_in_is_shown_after(world: World) -> None:
    """The way there is kept."""
    (asked,) = ask(world, ("GET", f"/studies/{world.released}?refresh=1"))
    assert asked.headers["Location"] == f"/portal/sign-in?next=%2Fstudies%2F{world.released}%3Frefresh%3D1"
    answer = sign_in(world, "regulator.south", PASSWORD, next=f"/studies/{world.released}?refresh=1")
    assert answer.headers["Location"] == f"/portal/studies/{world.released}?refresh=1"


def test_signing_out_ends_the_session() -> None:
    """The cookie opens nothing any more."""
    world = make_world()
    secret = world.session("analyst.north")
    cookies = f"__Host-summand={secret}"
    (page,) = ask(world, ("GET", "/account"), cookies=cookies)
    (out,) = ask(world, ("POST", "/sign-out", {"csrf": token_in(page)}), cookies=cookies)
    assert out.status == 303
    (after,) = ask(world, ("GET", "/account"), cookies=cookies)
    assert after.status == 303 and after.headers["Location"].startswith("/portal/sign-in")


def test_a_one_time_link_lets_a_person_choose_a_password_once() -> None:
    """Errors stand beside their field; afterwards the link is dead and earlier sessions are over."""
    world = make_world()
    secret = world.portal.accounts.invite("finance.north")
    before = world.session("finance.north")
    (page,) = ask(world, ("GET", f"/welcome/{secret}"))
    token = token_in(page)
    cookies = f"__Host-summand-form={token}"
    for password, again, words in (("short", "short", "12 to 200"), ("a" * 12, "b" * 12, "differ")):
        form = {"csrf": token, "password": password, "again": again}
        (wrong,) = ask(world, ("POST", f"/welcome/{secret}", form), cookies=cookies)
        assert wrong.status == 422 and words in text_of(wrong) and 'aria-invalid="true"' in text_of(wrong)
    form = {"csrf": token, "password": "my own new password", "again": "my own new password"}
    (done,) = ask(world, ("POST", f"/welcome/{secret}", form), cookies=cookies)
    assert done.status == 303
    (again,) = ask(world, ("GET", f"/welcome/{secret}"))
    assert again.status == 401
    (old,) = ask(world, ("GET", "/account"), cookies=f"__Host-summand={before}")
    assert old.status == 303
    assert sign_in(world, "finance.north", "my own new password").status == 303


def test_an_administrator_makes_accounts_for_the_own_organisation_only() -> None:
    """A new person gets a link; another organisation's person is not there."""
    world = make_world()
    secret = world.session("admin.north")
    cookies = f"__Host-summand={secret}"
    (page,) = ask(world, ("GET", "/people"), cookies=cookies)
    token = token_in(page)
    assert "analyst.south" not in text_of(page)
    form = {"csrf": token, "login": "new.person", "name": "New Person", "roles": "auditor"}
    (made,) = ask(world, ("POST", "/people", form), cookies=cookies)
    link = re.search(r"/welcome/([\w-]+)", text_of(made))[1]
    account = world.portal.accounts.invited(link)
    assert (account.organisation, account.roles) == ("north", ("auditor",))
    (taken,) = ask(world, ("POST", "/people", form), cookies=cookies)
    assert taken.status == 422 and "is taken" in text_of(taken)
    for login, status in (("analyst.south", 404), ("admin.north", 422), ("auditor.north", 303)):
        change = {"csrf": token, "login": login, "act": "lock"}
        (answer,) = ask(world, ("POST", "/people/change", change), cookies=cookies)
        assert answer.status == status
    assert world.portal.accounts.find("auditor.north").is_active is False
    assert world.portal.accounts.find("analyst.south").is_active


def test_an_invited_organisation_reads_one_partnership_until_it_is_taken_back() -> None:
    """A regulator that is no party sees what it was invited to; a lead of no party cannot invite."""
    world = make_world()
    cookies = f"__Host-summand={world.session('governance-lead.south')}"
    path = f"/partnerships/{world.key}"
    (page,) = ask(world, ("GET", path), cookies=cookies)
    form = {"csrf": token_in(page), "organisation": "elsewhere"}
    (done,) = ask(world, ("POST", f"{path}/readers", form), cookies=cookies)
    assert done.status == 303
    (seen,) = ask(world, ("GET", f"/studies/{world.released}"), login="regulator.elsewhere")
    assert seen.status == 200 and "95 % interval" in text_of(seen)
    other = f"__Host-summand={world.session('governance-lead.elsewhere')}"
    (page,) = ask(world, ("GET", path), cookies=other)
    forged = {"csrf": token_in(page), "organisation": "friends"}
    (refused,) = ask(world, ("POST", f"{path}/readers", forged), cookies=other)
    assert refused.status == 422
    ask(world, ("POST", f"{path}/readers", {**form, "act": "remove"}), cookies=cookies)
    (gone,) = ask(world, ("GET", f"/studies/{world.released}"), login="regulator.elsewhere")
    assert gone.status == 404


def test_every_look_at_figures_is_recorded_and_auditors_see_it() -> None:
    """The page, the drawing and both files; a look without figures is none."""
    world = make_world()
    study = world.released
    paths = (
        f"/studies/{study}",
        f"/studies/{study}/result.csv",
        f"/studies/{study}/result.json",
        f"/studies/{study}/plot.svg",
    )
    ask(world, *(("GET", path) for path in paths), login="regulator.south")
    ask(world, ("GET", paths[0]), login="finance.south")
    found = world.portal.views.under([world.partnership.agreement.id])
    assert [view.what for view in reversed(found)] == ["Result", "Result as CSV", "Result as JSON", "Drawing"]
    assert {view.login for view in found} == {"regulator.south"}
    (log,) = ask(world, ("GET", "/access-log"), login="auditor.north")
    assert text_of(log).count("regulator.south") == 4
    (elsewhere,) = ask(world, ("GET", "/access-log"), login="auditor.elsewhere")
    assert "regulator.south" not in text_of(elsewhere)


def test_rights_are_about_pages_that_exist(world: World) -> None:
    """Every right but those of rooms to come guards a page."""
    guarded = {route.needs for route in world.portal.routes}
    assert {Right.READ, Right.RESULTS, Right.ACCOUNTS, Right.ACCESS_LOG, Right.GOVERN} <= guarded
