"""Who is let in: tokens against real key sets."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.http.auth import Caller, KeysAway, Tokens, Untrusted
from tests.domain.shared.authority import AUDIENCE, ISSUER, Authority, claims, ec_key, ed_key, key_set, rsa_key, signed

KEY = ec_key()
RSA = rsa_key()


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    """Verifies against a file with KEY and RSA."""
    path = tmp_path / "jwks.json"
    path.write_text(key_set(KEY, RSA))
    return Tokens(str(path), ISSUER, AUDIENCE)


async def subject(tokens: Tokens, token: str) -> str:
    return (await tokens.caller(token)).subject


async def refused(tokens: Tokens, token: str) -> str:
    with pytest.raises(Untrusted) as caught:
        await tokens.caller(token)
    return str(caught.value)


@pytest.mark.parametrize(
    ("algorithm", "key"), [("ES256", ec_key()), ("RS256", rsa_key()), ("Ed25519", ed_key()), ("EdDSA", ed_key())]
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_each_kind_of_public_key_signature_is_verified(
    tmp_path: Path, algorithm: str, key: ECKey | RSAKey | OKPKey
) -> None:
    (tmp_path / "jwks.json").write_text(key_set(key))
    tokens = Tokens(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE)
    caller = await tokens.caller(signed(key, algorithm, claims(scope="awards:read entries:read")))
    assert caller == Caller("someone", frozenset({"awards:read", "entries:read"}), "someone")


async def test_a_token_signed_with_nothing_is_refused(tokens: Tokens) -> None:
    unsigned = f"{segment({'alg': 'none', 'kid': KEY.kid})}.{segment(claims())}."
    assert "algorithm" in await refused(tokens, unsigned)


async def test_a_public_key_is_no_secret_for_hmac(tokens: Tokens) -> None:
    content = f"{segment({'alg': 'HS256', 'kid': RSA.kid})}.{segment(claims())}"
    seal = hmac.new(RSA.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    assert "algorithm" in await refused(tokens, f"{content}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}")


async def test_an_algorithm_that_does_not_fit_its_key_is_refused(tokens: Tokens) -> None:
    assert "does not fit" in await refused(tokens, signed(RSA, "RS256", claims(), kid=KEY.kid))


async def test_a_key_in_the_tokens_own_header_proves_nothing(tokens: Tokens) -> None:
    foreign = ec_key()
    token = signed(foreign, "ES256", claims(), jwk=foreign.as_dict(private=False))
    assert "not in the key set" in await refused(tokens, token)


async def test_a_strangers_signature_under_a_known_key_id_is_refused(tokens: Tokens) -> None:
    assert "signature" in await refused(tokens, signed(ec_key(), "ES256", claims(), kid=KEY.kid))


async def test_a_token_changed_after_signing_is_refused(tokens: Tokens) -> None:
    header, _, signature = signed(KEY, "ES256", claims()).split(".")
    assert "signature" in await refused(tokens, f"{header}.{segment(claims(scope='awards:write'))}.{signature}")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"aud": "another"}, "audience"),
        ({"aud": ["another", "third"]}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "when it expires"),
        ({"exp": "tomorrow"}, "when it expires"),
        ({"exp": True}, "when it expires"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"scope": ["awards:read"]}, "must be text"),
        ({"learner": 7}, "must be text"),
    ],
)
async def test_claims_that_do_not_hold_are_refused_with_the_reason(tokens: Tokens, changed: dict[str, object], why: str) -> None:
    assert why in await refused(tokens, signed(KEY, "ES256", claims(**changed)))


async def test_clocks_may_differ_by_a_minute(tokens: Tokens) -> None:
    now = int(time.time())
    assert await subject(tokens, signed(KEY, "ES256", claims(exp=now - 30, nbf=now + 30))) == "someone"


async def test_one_of_several_audiences_is_enough(tokens: Tokens) -> None:
    assert await subject(tokens, signed(KEY, "ES256", claims(aud=["another", AUDIENCE]))) == "someone"


@pytest.mark.parametrize(
    "garbage", ["", ".", "..", "a.b.c", "ä.b.c", "x" * 20_000, f"{segment({'alg': 'ES256', 'kid': 7})}.e30.AAAA"]
)
async def test_garbage_is_refused(tokens: Tokens, garbage: str) -> None:
    assert await refused(tokens, garbage)


async def test_a_learner_is_the_claim_or_else_the_subject(tokens: Tokens) -> None:
    named = await tokens.caller(signed(KEY, "ES256", claims(sub="account-7", learner="l-1")))
    unnamed = await tokens.caller(signed(KEY, "ES256", claims(sub="l-2", scope="self:read")))
    assert (named.learner, named.is_learner) == ("l-1", True)
    assert (unnamed.learner, unnamed.is_learner) == ("l-2", False)


@pytest.mark.parametrize(
    ("caller", "sees_own", "sees_others"),
    [
        (Caller("s", frozenset({"awards:read"}), "s"), True, True),
        (Caller("a", frozenset(), "l-1", is_learner=True), True, False),
        (Caller("l-1", frozenset({"self:read"}), "l-1"), True, False),
        (Caller("l-1", frozenset(), "l-1"), False, False),
    ],
)
def test_learners_see_their_own_and_nobody_elses(caller: Caller, sees_own: bool, sees_others: bool) -> None:
    assert caller.may_see(caller.learner, "awards:read") is sees_own
    assert caller.may_see("l-9", "awards:read") is sees_others


async def test_a_rotated_key_is_fetched_and_the_withdrawn_one_forgotten() -> None:
    now = 0.0
    old, new = ec_key(), ec_key()
    with Authority(key_set(old)) as authority:
        tokens = Tokens(authority.address, ISSUER, AUDIENCE, clock=lambda: now)
        assert await subject(tokens, signed(old, "ES256", claims())) == "someone"
        authority.document = key_set(new)
        now = 31.0
        assert await subject(tokens, signed(new, "ES256", claims())) == "someone"
        assert "not in the key set" in await refused(tokens, signed(old, "ES256", claims()))
        assert authority.asked == 2


async def test_unknown_key_ids_make_nobody_ask_more_often_than_every_half_minute() -> None:
    now = 0.0
    known = ec_key()
    with Authority(key_set(known)) as authority:
        tokens = Tokens(authority.address, ISSUER, AUDIENCE, clock=lambda: now)
        assert await subject(tokens, signed(known, "ES256", claims())) == "someone"
        now = 29.0
        await refused(tokens, signed(ec_key(), "ES256", claims()))
        await refused(tokens, signed(ec_key(), "ES256", claims()))
        assert authority.asked == 1
        now = 31.0
        await refused(tokens, signed(ec_key(), "ES256", claims()))
        assert authority.asked == 2


async def test_while_the_authority_is_away_the_last_key_set_counts() -> None:
    now = 0.0
    with Authority(key_set(KEY)) as authority:
        tokens = Tokens(authority.address, ISSUER, AUDIENCE, clock=lambda: now)
        assert await subject(tokens, signed(KEY, "ES256", claims())) == "someone"
        authority.status, now = 500, 5_000.0
        assert await subject(tokens, signed(KEY, "ES256", claims())) == "someone"
        assert authority.asked == 2


async def test_without_any_key_set_nobody_is_called_untrusted() -> None:
    with Authority("not a key set") as authority:
        tokens = Tokens(authority.address, ISSUER, AUDIENCE)
        with pytest.raises(KeysAway):
            await tokens.caller(signed(KEY, "ES256", claims()))


async def test_a_token_without_key_id_is_taken_only_while_there_is_one_key(tmp_path: Path) -> None:
    alone, both = tmp_path / "alone.json", tmp_path / "both.json"
    alone.write_text(key_set(KEY))
    both.write_text(key_set(KEY, RSA))
    token = jwt.encode({"alg": "ES256"}, claims(), KEY)
    assert await subject(Tokens(str(alone), ISSUER, AUDIENCE), token) == "someone"
    assert "not in the key set" in await refused(Tokens(str(both), ISSUER, AUDIENCE), token)
