"""Pages and commands that show or move several packages at once."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.front import (
        address_page,
        audit_log,
        board,
        chair,
        clone_page,
        cockpit,
        cohost_page,
        commands,
        confirming,
        event_languages,
        event_log,
        event_page,
        event_state,
        groups,
        mail_check,
        mail_pages,
        mail_texts,
        mail_today,
        my_events,
        personal,
        personal_data,
        personal_edit,
        previews,
        remove_address,
        service,
        signup_story,
        sources,
        statistics,
        system,
        thanks,
        timeline,
        unsubscribe,
        users,
        words,
    )

    app.register_blueprint(event_page.blueprint)
    app.jinja_env.globals["role_name"] = words.role_name
    app.register_blueprint(mail_pages.blueprint)
    app.register_blueprint(mail_check.blueprint)
    app.cli.add_command(commands.cli)
    service.init_app(app)
    for module in (
        cohost_page,
        address_page,
        audit_log,
        board,
        clone_page,
        cockpit,
        confirming,
        chair,
        event_languages,
        event_log,
        event_state,
        groups,
        mail_today,
        mail_texts,
        my_events,
        personal,
        personal_data,
        personal_edit,
        previews,
        remove_address,
        signup_story,
        sources,
        statistics,
        system,
        thanks,
        timeline,
        unsubscribe,
        users,
    ):
        app.register_blueprint(module.blueprint)
