"""Access tokens as the application's login service would issue them."""

import time
from typing import Any

import jwt


def mint(secret: str, user_id: Any, username: str | None = None, *, ttl: float = 3600, **claims: Any) -> str:
    """An HS256 access token; `claims` add to it, or replace what is in it (None takes a claim out)."""
    payload = {
        "token_type": "access",
        "user_id": user_id,
        "username": username or str(user_id),
        "exp": int(time.time() + ttl),
    } | claims
    return jwt.encode({name: value for name, value in payload.items() if value is not None}, secret, algorithm="HS256")
