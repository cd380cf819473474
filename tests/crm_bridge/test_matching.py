"""How sure the page is that it is he, and why."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_bridge.contact import AccountState, Choice, Contact, ContactNumber, MatchKind
from crm_bridge.matching import MAX_CANDIDATES, decide, fold, settle
from crm_bridge.number import parse_number

NUMBER = parse_number("+393351234567", "IT")


def contact(name: str, *keys: str, source: str = "book", contact_id: str = "", **more: object) -> Contact:
    numbers = tuple(ContactNumber(key, key) for key in keys or ("+393351234567",))
    return Contact(source=source, contact_id=contact_id or name, name=name, numbers=numbers, **more)  # type: ignore[arg-type]


def test_one_customer_with_this_number_is_sure() -> None:
    match = decide(NUMBER, [contact("Anna")])
    assert (match.kind, match.contact and match.contact.name) == (MatchKind.EXACT, "Anna")


def test_several_are_a_choice_and_never_the_first_of_them() -> None:
    match = decide(NUMBER, [contact("Anna"), contact("Bruno")])
    assert (match.kind, match.contact) == (MatchKind.AMBIGUOUS, None)
    assert [one.name for one in match.candidates] == ["Anna", "Bruno"]
    assert match.why == "2 customers have this number"


def test_the_same_end_is_only_probable_and_says_so() -> None:
    match = decide(NUMBER, [contact("Anna", "+493351234567")])
    assert match.kind is MatchKind.PROBABLE
    assert match.why == "only the end of the number is the same: the customer's is +493351234567"


def test_two_with_the_same_end_are_a_choice() -> None:
    match = decide(NUMBER, [contact("Anna", "+493351234567"), contact("Bruno", "+443351234567")])
    assert (match.kind, match.contact) == (MatchKind.AMBIGUOUS, None)


def test_an_exact_number_wins_over_a_like_end() -> None:
    match = decide(NUMBER, [contact("Anna", "+493351234567"), contact("Bruno")])
    assert (match.kind, match.contact and match.contact.name) == (MatchKind.EXACT, "Bruno")


def test_a_guessed_number_is_never_sure() -> None:
    guessed = parse_number("447911123456", "IT")
    match = decide(guessed, [contact("Anna", "+447911123456")])
    assert match.kind is MatchKind.PROBABLE
    assert "read with a + in front" in match.why
    local = parse_number("5551234", "IT")
    assert "no number range like this" in decide(local, [contact("Bar", "+395551234")]).why


def test_nobody_and_no_number_and_no_sense_are_told_apart() -> None:
    assert decide(NUMBER, []).kind is MatchKind.UNKNOWN
    assert decide(parse_number(None, "IT"), []).kind is MatchKind.ANONYMOUS
    assert decide(parse_number("<b>", "IT"), []).why.startswith("what was sent is no number")


def test_an_agents_choice_decides_and_says_whose_it_was() -> None:
    choice = Choice("book", "Bruno", "Dana (104)", datetime(2026, 11, 12, 12, tzinfo=UTC))
    match = decide(NUMBER, [contact("Anna"), contact("Bruno")], choice)
    assert (match.kind, match.contact and match.contact.name) == (MatchKind.EXACT, "Bruno")
    assert match.why == "chosen by Dana (104) on 12 November 2026 among 2"
    assert [one.name for one in match.candidates] == ["Bruno", "Anna"]


def test_a_choice_of_somebody_who_lost_the_number_counts_no_more() -> None:
    choice = Choice("book", "Gone", "Dana", datetime(2026, 11, 12, tzinfo=UTC))
    assert decide(NUMBER, [contact("Anna"), contact("Bruno")], choice).kind is MatchKind.AMBIGUOUS


def test_one_person_in_two_sources_counts_once_and_the_gaps_are_filled() -> None:
    book = contact("Anna  Rossi", email=None)
    crm = contact("anna rossi", source="crm", email="a@example.com", account_state=AccountState.UNPAID)
    match = decide(NUMBER, [book, crm])
    assert match.kind is MatchKind.EXACT
    assert match.contact is not None
    assert (match.contact.source, match.contact.email) == ("book", "a@example.com")
    assert match.contact.account_state is AccountState.UNPAID


def test_two_people_of_one_name_in_one_source_stay_two() -> None:
    match = decide(NUMBER, [contact("Anna", contact_id="1"), contact("Anna", contact_id="2")])
    assert match.kind is MatchKind.AMBIGUOUS


def test_a_choice_of_many_is_cut_but_counted() -> None:
    match = decide(NUMBER, [contact(f"N{i}", contact_id=str(i)) for i in range(50)])
    assert (len(match.candidates), match.why) == (MAX_CANDIDATES, "50 customers have this number")


def test_what_the_agent_says_settles_it_and_leaves_the_others_to_choose() -> None:
    before = decide(NUMBER, [contact("Anna"), contact("Bruno")])
    after = settle(before, contact("Bruno"), by="Dana (104)", on_behalf=False)
    assert (after.kind, after.why, after.pending) == (MatchKind.EXACT, "chosen by Dana (104)", False)
    assert [one.name for one in after.candidates] == ["Bruno", "Anna"]
    other = settle(before, contact("Carla"), by="Dana (104)", on_behalf=True)
    assert other.on_behalf
    assert other.why == "calls on behalf of this customer, says Dana (104)"


def test_names_are_compared_without_accents_and_case() -> None:
    assert fold(" ŽOFIA \n Müller") == "zofia muller"


def test_what_a_source_finds_is_matched_again() -> None:
    assert decide(NUMBER, [contact("Somebody Else", "+390221000100")]).kind is MatchKind.UNKNOWN
    match = decide(NUMBER, [contact("Somebody Else", "+390221000100"), contact("Anna")])
    assert (match.kind, [one.name for one in match.candidates]) == (MatchKind.EXACT, ["Anna"])


def test_a_customers_number_whose_country_was_guessed_is_only_probable() -> None:
    guessed = (ContactNumber("335 1234567", "+393351234567", certain=False),)
    match = decide(NUMBER, [Contact(source="crm", contact_id="1", name="Anna", numbers=guessed)])
    assert (match.kind, match.why) == (
        MatchKind.PROBABLE,
        "the customer's number is written 335 1234567, and its country had to be guessed",
    )


def test_what_another_source_fills_in_keeps_its_name() -> None:
    first = contact("Anna", source="book", email="a@example.com")
    more = contact("ANNA", source="crm", contact_id="9", company="Rossi", notes="nice", account_state=AccountState.OK)
    joined = decide(NUMBER, [first, more]).contact
    assert joined is not None
    assert [joined.origin(part) for part in ("email", "company", "notes", "account_state")] == ["book", *["crm"] * 3]
    assert joined.sources == ("book", "crm")
