"""Every page of the site with an address to visit it at.

A route that answers HTML and is missing here fails ``test_every_page_has_an_address``. What stands in braces
is filled in from the cast (``tests/browser/cast.py``). A page with several faces has several addresses.
"""

from __future__ import annotations

BOLIVIA = "/manage/events/{bolivia}"
BEFORE = "{before.manage}"

PAGES: dict[str, list[str]] = {
    "public.home": ["/"],
    "public.privacy": ["/privacy"],
    "public.event": [
        "/events/{open}", "/events/{bolivia}", "{before.page}", "{live.page}", "{over.page}",
        "{later.page}", "{closed.page}", "{full.page}", "{cancelled.page}",
    ],
    "public.agenda_page": ["/events/{bolivia}/agenda", "{live.page}/agenda"],
    "public.event_privacy": ["/events/{open}/privacy"],
    "public.preview": ["{draft.manage}/preview"],
    "report.show": ["/events/{bolivia}/report"],
    "report.show_version": ["/events/{bolivia}/report/v/1"],
    "signup.form": [
        "/events/{open}/signup", "{before.page}/signup", "{full.page}/signup", "{closed.page}/signup",
        "{later.page}/signup", "{over.page}/signup",
    ],
    "signup.my_link": ["{before.page}/my-link"],
    "signup.confirm": ["{asked.confirm}"],
    "thanks.show": ["{before.page}/signup/thanks", "/events/{open}/signup/thanks"],
    "personal.show": ["{before.my}", "{live.my}", "{over.my}", "{cancelled.my}"],
    "personal.cancel": ["{before.my}/cancel"],
    "personal.erase": ["{before.erase}"],
    "attendance.join": ["{before.join}", "{live.join}", "{door.join}", "{over.join}"],
    "attendance.guest": ["{before.guest}", "{live.guest}"],
    "attendance.room": ["{live.room}", "/room/{ticket}"],
    "chair.show": ["{before.chair}", "{live.chair}", "{over.chair}", "{later.chair}"],
    "accounts.sign_in": ["/sign-in"],
    "accounts.account": ["/account"],
    "my_events.index": ["/manage/", "/manage/?group=past"],
    "users.index": ["/admin/users", "/admin/users?q=nobody"],
    "users.new": ["/admin/users/new"],
    "users.show": ["/admin/users/{ada}", "/admin/users/{dora}"],
    "board.show": [BOLIVIA, BEFORE, "{draft.manage}"],
    "events.new": ["/manage/events/new"],
    "events.settings": [f"{BEFORE}/settings"],
    "event_state.ask_cancel": [f"{BEFORE}/cancel"],
    "team.index": [f"{BEFORE}/team"],
    "event_log.index": [f"{BEFORE}/audit", f"{BEFORE}/audit?act=team"],
    "agenda.index": [f"{BOLIVIA}/agenda", "{asked.manage}/agenda"],
    "agenda.add": [f"{BEFORE}/agenda/new"],
    "agenda.edit": [f"{BEFORE}/agenda/items/opening"],
    "agenda.speakers": [f"{BEFORE}/speakers"],
    "agenda.speaker": [f"{BEFORE}/speakers/{{speaker}}"],
    "signup_manage.index": [f"{BOLIVIA}/signups", f"{BEFORE}/signups", f"{BEFORE}/signups?q=nobody"],
    "signup_manage.show": [f"{BOLIVIA}/signups/{{sample_person}}", f"{BEFORE}/signups/{{before.person}}"],
    "privacy.ask": [f"{BEFORE}/signups/{{before.person}}/erase"],
    "mail_pages.index": [f"{BEFORE}/mail", f"{BOLIVIA}/mail"],
    "mail_pages.show": [f"{BEFORE}/mail/{{mail}}"],
    "mail_pages.html": [f"{BEFORE}/mail/{{mail}}/html"],
    "mail_pages.health": ["/admin/mail"],
    "cockpit.show": ["{live.manage}/cockpit", f"{BEFORE}/cockpit", f"{BOLIVIA}/cockpit"],
    "manage_attendance.show": [f"{BOLIVIA}/attendance", "{live.manage}/attendance", f"{BEFORE}/attendance"],
    "manage_report.edit": [f"{BOLIVIA}/report", "{over.manage}/report"],
    "manage_report.preview": [f"{BOLIVIA}/report/preview"],
    "manage_report.publish": [f"{BOLIVIA}/report/publish"],
}  # fmt: skip

# GET routes that answer something else than a page, with the address that proves it.
NO_PAGES: dict[str, str] = {
    "static": "/static/css/base.css",
    "public.favicon": "/favicon.ico",
    "public.accent_css": "/events/{open}/accent-1f6b43.css",
    "public.agenda_ics": "/events/{open}/agenda.ics",
    "public.agenda_json": "/events/{open}/agenda.json",
    "report.as_json": "/events/{bolivia}/report.json",
    "report.as_markdown": "/events/{bolivia}/report.md",
    "report.as_pdf": "/events/{bolivia}/report.pdf",
    "report.curve_svg": "/events/{bolivia}/report/curve-1.svg",
    "report.curve_wide_svg": "/events/{bolivia}/report/curve-1-wide.svg",
    "report.version_file": "/events/{bolivia}/report/v/1.json",
    "chair.live": "{live.chair}/live",
    "board.live": "{live.manage}/board/live",
    "cockpit.live": "{live.manage}/cockpit/live",
    "manage_report.preview_pdf": "/manage/events/{bolivia}/report/preview.pdf",
    "manage_report.preview_curve": "/manage/events/{bolivia}/report/preview/curve.svg",
    "personal.calendar_file": "{before.my}/calendar.ics",
}
