"""What a person sees while a demonstration runs: each step with its time, each part as it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

from summand.demo._format import VERDICTS, fixed, money, number, p_value, small

Fields = Mapping[str, Any]


class ConsoleAudience:
    """Prints to a terminal; the current step turns live with the seconds it has taken.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self._document: dict[str, Any] = {}
        self._spinner = Spinner("dots")
        self._step, self._step_begun = "", self._begun
        self._live = Live(get_renderable=self._now, console=console, transient=True, refresh_per_second=8)
        self._live_on = console.is_terminal

    def __enter__(self) -> ConsoleAudience:
        if self._live_on:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live_on:
            self._live.stop()

    def _now(self) -> Spinner:
        """The line that turns: the step, its seconds, and the seconds of the whole."""
        now = time.monotonic()
        times = f"[dim]{now - self._step_begun:.0f} s, {now - self._begun:.0f} s in all[/]"
        self._spinner.update(text=f"{escape(self._step)} {times}")
        return self._spinner

    def step(self, text: str) -> None:
        """A step begins."""
        self._step, self._step_begun = text, time.monotonic()
        if not self._live_on:
            self._console.print(f"[dim]{self._step_begun - self._begun:5.1f} s[/]  {escape(text)}")

    def show(self, part: str, value: Any) -> None:
        """A part is complete."""
        self._document[part] = value
        printer = _PRINTERS.get(part)
        if printer is not None:
            printer(self._console, value, self._document)

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, soft_wrap=True)


def _head(console: Console, text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/]")


def _table(console: Console, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title, is_number in columns:
        table.add_column(title, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def _agreement(console: Console, value: Fields, _: Fields) -> None:
    _head(console, value["title"])
    parties = value["parties"]
    first = ", ".join(party["name"] for party in parties[:3])
    who = first if len(parties) <= 3 else f"{first} and {len(parties) - 3} more"
    rows = [
        ("Who", who),
        ("Why", "; ".join(f"{p['text']} ({p['system']} {p['code']})" for p in value["purposes"])),
        ("Never", "; ".join(item["text"] for item in value["prohibited_purposes"])),
        ("Which data", "; ".join(dict.fromkeys(dataset["source"] for dataset in value["datasets"]))),
        (
            "Limits",
            f"at least {number(value['limits']['minimum_sites'])} sites; {' and '.join(value['release_levels'])}",
        ),
        ("Disclosure", f"{value['profile']}: {value['profile_in_words']}"),
        ("Term", f"{value['start']} to {value['end']}"),
    ]
    _table(console, [("", False), ("", False)], rows)
    mark = "[green]verified[/]" if value["signatures_verified"] == len(parties) else "[red]verified[/]"
    console.print(f"Signatures {mark}: {value['signatures_verified']} of {len(parties)}, each by the party's own key.")


def _data(console: Console, value: Fields, _: Fields) -> None:
    _head(console, "The data against the dictionary")
    passed = sum(site["passed"] for site in value["sites"])
    console.print(
        f"{passed} of {len(value['sites'])} sites pass; the details stay at each site. Summed over all sites:"
    )
    columns = [("Column", False), ("Unit", False), ("Range", True), ("Recorded", True), ("Missing", True)]
    rows = [
        (c["column"], c["unit"], f"{number(c['minimum'])} to {number(c['maximum'])}", number(c["recorded"]), number(c["missing"]))
        for c in value["columns"]
    ]  # fmt: skip
    _table(console, columns, rows)
    for sentence in value["left_out"]:
        console.print(f"[dim]{escape(sentence)}[/]")


def _studies(console: Console, value: Sequence[Fields], document: Fields) -> None:
    for study in value:
        result = study["result"]
        facts = f"{number(result.get('n'))} patients, {study['profile']}, {study['seconds']:.1f} s"
        _head(console, f"{study['title']} ({facts})")
        printer = _RESULTS.get(study["method"]["name"])
        if printer is not None and "by_site" not in result:
            printer(console, result, document)
        elif "by_site" in result:
            console.print("Released at the level of single sites, as the agreement permits by name.")


def _describe(console: Console, result: Fields, _: Fields) -> None:
    columns = [
        ("Column", False),
        *((name, True) for name in ("Mean", "SD", "Lower quartile", "Median", "Upper quartile")),
    ]
    rows = [
        (c["column"], *(number(c.get(k)) for k in ("mean", "sd", "q25", "median", "q75"))) for c in result["columns"]
    ]
    _table(console, columns, rows)


def _km(console: Console, result: Fields, document: Fields) -> None:
    labels = document["labels"]
    rows = [
        (labels["groups"].get(g["group"], g["group"]), number(g["n"]), number(g["events"]), number(g["median"]))
        for g in result["groups"]
    ]
    columns = [("Group", False), ("Patients", True), ("Events", True), (f"Median, {labels['time_unit']}", True)]
    _table(console, columns, rows)


def _logrank(console: Console, result: Fields, _: Fields) -> None:
    console.print(f"Chi-squared {fixed(result['statistic'], 3)}, p {p_value(result['p_value'])}")


def _model(console: Console, result: Fields, _: Fields) -> None:
    columns = [("Term", False), ("Estimate", True), ("Standard error", True), ("95 % interval", True), ("p", True)]
    rows = [
        (
            t["term"], fixed(t["estimate"], 6), fixed(t["std_error"], 6),
            f"{fixed(t['conf_low'], 3)} to {fixed(t['conf_high'], 3)}", p_value(t["p_value"]),
        )
        for t in result["terms"]
    ]  # fmt: skip
    _table(console, columns, rows)


def _comparison(console: Console, value: Fields, _: Fields) -> None:
    _head(console, "Beside the pooled fit of an independent library, in another process")
    columns = [
        ("Study", False),
        ("Library", False),
        ("Numbers", True),
        ("Largest difference", True),
        ("Score at estimate", True),
    ]
    rows = [
        (s["study"], s["library"], str(len(s["pairs"])), small(s["difference_max"]), small(s["score_max"]))
        for s in value["studies"]
    ]
    _table(console, columns, rows)
    for study in value["studies"]:
        _beside(console, study)
    verdict = "[green]the same[/]" if value["is_same"] else "[red]not the same[/]"
    console.print(
        f"Coefficients and standard errors: largest relative difference "
        f"[bold]{small(value['coefficients_and_standard_errors'])}[/]; all numbers are {verdict}."
    )


def _beside(console: Console, study: Fields) -> None:
    """Each estimate and standard error beside the library's, one line a term."""
    pairs = {(pair["name"], pair["kind"]): pair for pair in study["pairs"]}
    terms = [name for name, kind in pairs if kind == "estimate"]
    if not terms:
        return
    console.print(f"\n{escape(study['study'])}, beside {escape(study['library'])}")
    rows = []
    for name in terms:
        both = [pairs[name, kind] for kind in ("estimate", "std_error")]
        numbers = [fixed(pair[side], 8) for pair in both for side in ("federated", "pooled")]
        rows.append((name, *numbers, small(max(pair["difference"] for pair in both))))
    columns = ("Estimate", "pooled", "Standard error", "pooled", "Difference")
    _table(console, [("Term", False), *((title, True) for title in columns)], rows)


def _partnership(console: Console, value: Fields, document: Fields) -> None:
    _head(console, "What the partnership adds: area under the ROC curve at each hospital")
    names = {party["id"]: party["label"] for party in document["agreement"]["parties"]}
    columns = [("Hospital", False), ("With / without", True), ("Own model", True), ("Federated model", True)]
    rows = [
        (
            names[h["party"]], f"{number(h['cases'])} / {number(h['controls'])}",
            fixed(h["auc_own"], 3) if h["auc_own"] is not None else h["own_model"],
            fixed(h["auc_federated"], 3) if h["auc_federated"] is not None else "too few",
        )
        for h in value["hospitals"]
    ]  # fmt: skip
    _table(console, columns, rows)
    console.print(f"[dim]{escape(value['note'])}[/]")


def _refusal(console: Console, value: Fields, document: Fields) -> None:
    _head(console, "Refused")
    sites = len(document["agreement"]["parties"])
    console.print(
        f"Asked: {escape(value['purpose']['text'])} ({value['purpose']['system']} {value['purpose']['code']})."
    )
    console.print(
        f"[red]Refused[/] by {len(value['refused_by'])} of {sites} sites under clause {value['clause']}: {escape(value['message'])}"
    )
    console.print(f"Next: {escape(value['remedy'])}")


def _goals(console: Console, value: Sequence[Fields], _: Fields) -> None:
    _head(console, "Goals of the agreement")
    for goal in value:
        found = goal["measurement"]
        if found["conf_low"] is not None:
            shown = f"{fixed(found['value'], 3)} (95 % interval {fixed(found['conf_low'], 3)} to {fixed(found['conf_high'], 3)})"
        else:
            shown = f"{fixed(found['value'], 3)}, no interval: {found['reason']}"
        console.print(
            f"{escape(goal['text'])}: {shown}, target {fixed(goal['target'])}: [bold]{VERDICTS[goal['verdict']]}[/]"
        )


def _settlement(console: Console, value: Fields, document: Fields) -> None:
    names = {party["id"]: party["label"] for party in document["agreement"]["parties"]}
    mark = f" ({value['mark']})" if value["mark"] else ""
    _head(console, f"Cost split by {value['clause']}: {value['rule']}, {value['basis']['name']}{mark}")
    amounts = ("delivered_cents", "share_cents", "balance_cents")
    columns = [("Party", False), ("Weight", True), ("Delivered", True), ("Bears", True), ("Balance", True), ("", False)]
    rows = [
        (
            names[p["party"]], number(p["weight"]), *(money(p[key], value["currency"]) for key in amounts),
            value["mark"] or "",
        )
        for p in value["parties"]
    ]  # fmt: skip
    _table(console, columns, rows)
    whole = sum(p["share_cents"] for p in value["parties"])
    console.print(
        f"Together {money(whole, value['currency'])}{mark} of {money(value['total_cents'], value['currency'])}{mark}."
    )


def _ledger(console: Console, value: Fields, _: Fields) -> None:
    _head(console, "The ledger")
    if value["agrees"]:
        console.print(f"[green]Verified[/] from {len(value['replicas'])} replicas: {number(value['leaves'])} leaves.")
        console.print(f"Root hash {value['root_hash']}", soft_wrap=True)
    else:
        console.print("[red]The replicas differ.[/]")


_RESULTS: dict[str, Callable[[Console, Fields, Fields], None]] = {
    "describe": _describe, "km": _km, "logrank": _logrank, "cox": _model, "logistic": _model,
}  # fmt: skip
_PRINTERS: dict[str, Callable[[Console, Any, Fields], None]] = {
    "agreement": _agreement, "data": _data, "studies": _studies, "comparison": _comparison,
    "partnership": _partnership, "refusal": _refusal, "goals": _goals, "settlement": _settlement, "ledger": _ledger,
}  # fmt: skip
