"""The way to a served federation: a hub's description, a key, and the agreement that names its person."""

from __future__ import annotations

from pathlib import Path

from summand.agreement import Agreement, Person, SignedAgreement
from summand.errors import RequesterNotPermitted, UsageError
from summand.federation._federation import Federation
from summand.federation._remote import RemoteNetwork, analyst_key, describe
from summand.signing import PrivateKey
from summand.transport import FederationDescription, HubClient


def connect(
    federation: FederationDescription | Path | str,
    *,
    key: PrivateKey | Path | str,
    person: str | None = None,
    agreement: str | None = None,
) -> Federation:
    """A served federation, as the person sees it whose key this is.

    Args:
        federation: The federation's description, or the file ``federation.json`` that the hub's operator handed out;
            compare its fingerprint with them once.
        key: Your private key, or its PEM file.
        person: Your name as in the agreement; found by your key if not given.
        agreement: Title or hash (or its beginning) of the agreement; the only one that names you if not given.

    Raises:
        RequesterNotPermitted: if no agreement here names the key's person.
        UsageError: if several agreements fit, or a file cannot be read.
        SignatureInvalid, AgreementError: if an agreement of the hub is not signed by its parties.
        TransportError: if the hub cannot be reached or does not know the key.

    Examples:
        federation = connect("federation.json", key="analyst.pem")
        federation.run(CoxRegression("Surv(time, status) ~ age + sex")).table()
    """
    secret = analyst_key(key)
    network = RemoteNetwork(HubClient(describe(federation), secret))
    try:
        signed = choose_agreement(network, secret, agreement)
        return Federation(network, signed.agreement, _person(signed.agreement, secret, person).name, secret)
    except BaseException:
        network.close()
        raise


def choose_agreement(network: RemoteNetwork, key: PrivateKey, wanted: str | None) -> SignedAgreement:
    """The agreement of that title or hash, its signatures checked; else the only one that names the key.

    Raises:
        UsageError: if none or several fit.
        RequesterNotPermitted: if none names the key.
    """
    titles = network.agreements()
    if wanted is not None:
        fitting = [digest for digest, title in titles.items() if title == wanted or _begins(digest, wanted)]
        if len(fitting) != 1:
            raise UsageError(
                f"{len(fitting)} agreements of this federation are called '{wanted[:80]}'.",
                remedy=f"Give one of these hashes: {_listed(titles)}.",
            )
        return network.agreement(fitting[0])
    found = [network.agreement(digest) for digest in titles]
    mine = [signed for signed in found if people_of(signed.agreement, key)]
    if not mine:
        raise RequesterNotPermitted(
            "No agreement of this federation names this key.",
            clause="B.people",
            remedy="Use the key that your organisation had entered for you, or ask it for an amendment.",
        )
    if len(mine) > 1:
        named = {signed.agreement.hash: signed.agreement.title for signed in mine}
        raise UsageError("Several agreements name this key.", remedy=f"Choose one by its hash: {_listed(named)}.")
    return mine[0]


def people_of(agreement: Agreement, key: PrivateKey) -> list[Person]:
    """The people of an agreement whose key this is."""
    return [person for person in agreement.people if person.key == key.public.text]


def _person(agreement: Agreement, key: PrivateKey, wanted: str | None) -> Person:
    mine = people_of(agreement, key)
    fitting = [person for person in mine if wanted in (None, person.name)]
    if not fitting:
        who = f"'{wanted[:80]}'" if wanted and mine else "anybody"
        raise RequesterNotPermitted(
            f"'{agreement.title}' does not name this key as that of {who}.",
            clause="B.people",
            remedy="Use your own key, and your name as the agreement writes it.",
        )
    return next((person for person in fitting if person.role in ("analyst", "principal_investigator")), fitting[0])


def _begins(digest: str, text: str) -> bool:
    return len(text) >= 8 and digest.startswith(text.lower())


def _listed(titles: dict[str, str]) -> str:
    return "; ".join(f"{digest[:16]} ({title[:60]})" for digest, title in titles.items())
