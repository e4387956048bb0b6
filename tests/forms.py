"""What a browser would send of a form on a page: every field as the page filled it in."""

from __future__ import annotations

from typing import Any

from tests.conftest import Page


def filled(page: Page, having: str = "csrf_token", *, number: int = -1) -> dict[str, Any]:
    """The fields of a form that has a field named ``having`` (the last such form, unless ``number`` says
    another), without its buttons. Boxes and choices that are not ticked are not sent."""
    forms = [
        form
        for form in page.tree.iter("form")
        if any(element.get("name") == having for element in form.iter())
    ]
    sent: dict[str, Any] = {}
    for element in forms[number].iter():
        name = element.get("name") if isinstance(element.tag, str) else None
        if not name or element.get("disabled") is not None:
            continue
        if element.tag == "input":
            kind = element.get("type", "text")
            if kind in ("checkbox", "radio"):
                if element.get("checked") is not None:
                    sent[name] = element.get("value", "on")
            elif kind not in ("submit", "button"):
                sent[name] = element.get("value", "")
        elif element.tag == "textarea":
            # The first line break belongs to the markup; browsers send line breaks as two characters.
            sent[name] = "".join(element.itertext()).removeprefix("\n").replace("\n", "\r\n")
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None] or options[:1]
            sent[name] = chosen[0].get("value", "") if chosen else ""
    return sent


def errors(page: Page) -> dict[str, str]:
    """{name of the field: the sentence beside it}, each tied to its field for screen readers."""
    tree = page.tree
    by_id = {e.get("id"): e for e in tree.iter() if isinstance(e.tag, str) and e.get("id")}
    found: dict[str, str] = {}
    for element_id, element in by_id.items():
        if not element_id.endswith("-error"):
            continue
        name = element_id.removesuffix("-error")
        field = by_id[name] if name in by_id else by_id[f"{name}-0"]
        tied = [
            e for e in tree.iter()
            if isinstance(e.tag, str) and element_id in (e.get("aria-describedby") or "").split()
        ]  # fmt: skip
        assert tied, f"the sentence at {name} is tied to no field"
        assert field is not None
        found[name] = "".join(element.itertext())
    return found
