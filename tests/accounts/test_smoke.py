from tests.factories import make_user
from tests.signin import sign_in
from webapp.db import db


def test_it(client, app):
    with app.app_context():
        ada = make_user()
        db.session.commit()
        sign_in(client, ada)
    assert client.get("/account").status_code == 200
    assert client.get("/sign-in").status_code == 200


def test_itc(client, context):
    sign_in(client, make_user())
    assert client.get("/account").status_code == 200
